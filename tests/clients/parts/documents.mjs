// Document submissions and queries in XML, for tests that speak XDS and MHD to a server.
import { createHash } from 'node:crypto';
import { send } from '../../../conformance/xds/soap.mjs';

export const oid = '1.2.3.1';
export const repository = '1.3.182.2.4.1';
let count = 0;
export const uid = () => `1.2.40.${process.pid}.${++count}`;
export const cx = (id) => `${id}^^^&amp;${oid}&amp;ISO`;
export const hash = (bytes) => createHash('sha1').update(bytes).digest('hex');

export const slot = (name, ...values) => `<Slot name="${name}"><ValueList>${values.map((value) => `<Value>${value}</Value>`).join('')}</ValueList></Slot>`;
export const code = (scheme, owner, value) => `<Classification id="${scheme}${value}" classificationScheme="urn:uuid:${scheme}" classifiedObject="${owner}" nodeRepresentation="${value}">` +
  `${slot('codingScheme', '1.2.9')}<Name><LocalizedString value="${value}"/></Name></Classification>`;
export const identifier = (scheme, owner, value) => `<ExternalIdentifier id="i${scheme}" identificationScheme="urn:uuid:${scheme}" registryObject="${owner}" value="${value}"><Name><LocalizedString value="x"/></Name></ExternalIdentifier>`;

// A ProvideAndRegisterDocumentSetRequest of one document.
export function provided({ unique = uid(), set = uid(), id = '1', more = '', associations = '', include = 'cid:doc', codes = {} }) {
  return '<x:ProvideAndRegisterDocumentSetRequest xmlns:x="urn:ihe:iti:xds-b:2007"><l:SubmitObjectsRequest xmlns:l="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0" ' +
    'xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"><RegistryObjectList>' +
    `<ExtrinsicObject id="D" mimeType="text/plain" objectType="urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1">${slot('creationTime', codes.creation ?? '20240102')}${slot('languageCode', 'fr-LU')}` +
    `${slot('sourcePatientId', cx('src'))}${slot('sourcePatientInfo', 'PID-5|Weber^Anne')}${more}<Name><LocalizedString value="Report"/></Name>` +
    `${code('41a5887f-8865-4c09-adf7-e362475b143a', 'D', codes.class ?? 'CLASS')}${code('f0306f51-975f-434e-a61c-c59651d33983', 'D', codes.type ?? 'TYPE')}${code('f4f85eac-e6cb-4883-b524-f2705394840f', 'D', codes.confidentiality ?? 'N')}` +
    `${code('a09d5840-386c-46f2-b5ad-9c3699a4309d', 'D', codes.format ?? 'FORMAT')}${code('f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1', 'D', codes.facility ?? 'HOSPITAL')}${code('cccf5598-8b07-4b77-a05e-ae952c785ead', 'D', codes.setting ?? 'GENERAL')}` +
    `${identifier('58a6f841-87b3-4a3e-92fd-a8ffeff98427', 'D', cx(id))}${identifier('2e82c1f6-a085-4c72-9da3-8640a32e42ab', 'D', unique)}</ExtrinsicObject>` +
    `<RegistryPackage id="S">${slot('submissionTime', '20240103101112')}${code('aa543740-bdda-424e-8c96-df4873be8500', 'S', 'CONTENT')}` +
    '<Classification id="n" classifiedObject="S" classificationNode="urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"/>' +
    `${identifier('96fdda7c-d067-4183-912e-bf5ee74998a8', 'S', set)}${identifier('554ac39e-e3fe-47fe-b233-965d2a147832', 'S', '1.2.3.7')}${identifier('6b5aea1a-874d-4603-a4bc-96a0a7b38446', 'S', cx(id))}</RegistryPackage>` +
    `<Association id="A" associationType="urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember" sourceObject="S" targetObject="D">${slot('SubmissionSetStatus', 'Original')}</Association>${associations}` +
    `</RegistryObjectList></l:SubmitObjectsRequest><x:Document id="D"><i:Include xmlns:i="http://www.w3.org/2004/08/xop/include" href="${include}"/></x:Document></x:ProvideAndRegisterDocumentSetRequest>`;
}

export const provide = (to, body, bytes) => send(`${to.origin}/soap`, 'urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b', body, { doc: bytes });

export function query(id, parameters, type = 'LeafClass') {
  return `<q:AdhocQueryRequest xmlns:q="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"><q:ResponseOption returnType="${type}"/>` +
    `<AdhocQuery id="urn:uuid:${id}">${Object.entries(parameters).map(([name, value]) => slot(`$${name}`, value)).join('')}</AdhocQuery></q:AdhocQueryRequest>`;
}
export const ask18 = (to, id, parameters, type) => send(`${to.origin}/soap`, 'urn:ihe:iti:2007:RegistryStoredQuery', query(id, parameters, type));
export const approved = "('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')";
export const find = (to, id, more = {}, query = '14d4debf-8f97-4251-9a74-a90016b0af0d') => ask18(to, query, { XDSDocumentEntryPatientId: `'${cx(id)}'`, XDSDocumentEntryStatus: approved, ...more });
export const byUnique = (to, unique) => ask18(to, '5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4', { XDSDocumentEntryUniqueId: `('${unique}')` });
export const retrieve = (to, unique) => send(`${to.origin}/soap`, 'urn:ihe:iti:2007:RetrieveDocumentSet',
  `<x:RetrieveDocumentSetRequest xmlns:x="urn:ihe:iti:xds-b:2007"><x:DocumentRequest><x:RepositoryUniqueId>${repository}</x:RepositoryUniqueId><x:DocumentUniqueId>${unique}</x:DocumentUniqueId></x:DocumentRequest></x:RetrieveDocumentSetRequest>`, {});
export const only = (parts) => Object.values(parts)[0];
export const mhd = 'https://profiles.ihe.net/ITI/MHD';
// The transaction Bundle of ITI-65, of one document.
export function bundle({ id = '1', unique = uid(), set = uid(), bytes = 'Hello World', reference = {}, entries = [], list = [] }) {
  const coded = (value, system = 'urn:oid:1.2.9') => ({ coding: [{ system, code: value }] });
  const subject = { identifier: { system: `urn:oid:${oid}`, value: id } };
  return { resourceType: 'Bundle', meta: { profile: [`${mhd}/StructureDefinition/IHE.MHD.UnContained.Comprehensive.ProvideBundle`] }, type: 'transaction', entry: [
    { fullUrl: 'urn:uuid:00000000-0000-4000-8000-000000000001', request: { method: 'POST', url: 'List' }, resource: {
      resourceType: 'List', status: 'current', mode: 'working', code: coded('submissionset', `${mhd}/CodeSystem/MHDlistTypes`), subject, date: '2024-02-01T10:00:00Z',
      extension: [{ url: `${mhd}/StructureDefinition/ihe-designationType`, valueCodeableConcept: coded('CONTENT') },
        { url: `${mhd}/StructureDefinition/ihe-sourceId`, valueIdentifier: { value: 'urn:oid:1.2.3.4' } }],
      identifier: [{ use: 'usual', system: 'urn:ietf:rfc:3986', value: `urn:oid:${set}` }],
      entry: [{ item: { reference: 'urn:uuid:00000000-0000-4000-8000-000000000002' } }, ...list] } },
    { fullUrl: 'urn:uuid:00000000-0000-4000-8000-000000000002', request: { method: 'POST', url: 'DocumentReference' }, resource: {
      resourceType: 'DocumentReference', status: 'current', masterIdentifier: { system: 'urn:ietf:rfc:3986', value: `urn:oid:${unique}` }, subject, date: '2024-02-01T10:00:00Z',
      contained: [{ resourceType: 'Patient', id: 'p', name: [{ family: 'Weber' }] }],
      type: coded('TYPE'), category: [coded('CLASS')], securityLabel: [coded('N')],
      content: [{ attachment: { contentType: 'text/plain', url: 'urn:uuid:00000000-0000-4000-8000-000000000003', language: 'en', creation: '2024-01-31T08:00:00Z', title: 'Greeting',
        hash: createHash('sha1').update(bytes).digest('base64'), size: Buffer.byteLength(bytes) }, format: { system: 'urn:oid:1.2.9', code: 'FORMAT' } }],
      context: { facilityType: coded('HOSPITAL'), practiceSetting: coded('GENERAL'), sourcePatientInfo: { reference: '#p' } }, ...reference } },
    { fullUrl: 'urn:uuid:00000000-0000-4000-8000-000000000003', request: { method: 'POST', url: 'Binary' }, resource: {
      resourceType: 'Binary', contentType: 'text/plain', data: Buffer.from(bytes).toString('base64') } }, ...entries] };
}
// A DocumentReference that brings its document, as ITI-105 has it.
export const published = (unique, id = '1', bytes = 'published') => ({
  resourceType: 'DocumentReference', meta: { profile: [`${mhd}/StructureDefinition/IHE.MHD.SimplifiedPublish.DocumentReference`] }, status: 'current',
  masterIdentifier: { system: 'urn:ietf:rfc:3986', value: `urn:oid:${unique}` }, subject: { identifier: { system: `urn:oid:${oid}`, value: id } },
  content: [{ attachment: { contentType: 'text/plain', data: Buffer.from(bytes).toString('base64') } }] });
// A document that says of itself what it is, and the call of ITI-106 with it.
export const cda = (unique, id = '1') => `<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="${unique}"/><code code="34105-7" codeSystem="2.16.840.1.113883.6.1"/><title>Discharge</title>` +
  '<effectiveTime value="20240102103000+0100"/><confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/><languageCode code="fr-LU"/>' +
  `<recordTarget><patientRole><id root="${oid}" extension="${id}"/></patientRole></recordTarget>` +
  '<author><assignedAuthor><assignedPerson><name><given>Anne</given><family>Weber</family></name></assignedPerson></assignedAuthor></author></ClinicalDocument>';
export const describing = (document) => ({ resourceType: 'Parameters',
  parameter: [{ name: 'document', resource: { resourceType: 'Binary', contentType: 'text/xml', data: Buffer.from(document).toString('base64') } }] });
