// SOAP and HL7 v3 messages for suites and client tests: envelopes, wrappers, and what an answer says.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const soap12 = 'http://www.w3.org/2003/05/soap-envelope';
export const soap11 = 'http://schemas.xmlsoap.org/soap/envelope/';
export const v3 = (name) => `urn:hl7-org:v3:${name}`;

export function envelope(action, body, { ns = soap12, header = '', replyTo = null, id = `urn:uuid:${randomUUID()}` } = {}) {
  return `<s:Envelope xmlns:s="${ns}" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header>` +
    (action ? `<a:Action s:mustUnderstand="1">${action}</a:Action>` : '') + `<a:MessageID>${id}</a:MessageID>` +
    (replyTo ? `<a:ReplyTo><a:Address>${replyTo}</a:Address></a:ReplyTo>` : '') +
    `${header}</s:Header><s:Body>${body}</s:Body></s:Envelope>`;
}

export async function post(server, body, { path = '/soap', type = 'application/soap+xml; charset=UTF-8', headers = {} } = {}) {
  const answer = await fetch(server.origin + path, { method: 'POST', body, headers: { 'Content-Type': type, ...headers } });
  const text = await answer.text();
  return {
    status: answer.status, type: answer.headers.get('content-type') ?? '', text,
    action: /<wsa:Action[^>]*>([^<]*)</.exec(text)?.[1],
    relatesTo: /<wsa:RelatesTo>([^<]*)</.exec(text)?.[1],
    fault: /<soap:Fault>/.test(text) ? /<soap:Value>soap:(\w+)</.exec(text)?.[1] ?? /<faultcode>soap:(\w+)/.exec(text)?.[1] : null,
    subcode: /<soap:Subcode><soap:Value[^>]*>sub:(\w+)</.exec(text)?.[1],
    acknowledgement: /<acknowledgement><typeCode code="(\w+)"/.exec(text)?.[1],
    response: /<queryResponseCode code="(\w+)"/.exec(text)?.[1],
    locations: [...text.matchAll(/<location>([^<]*)</g)].map((match) => match[1]),
    // Identifiers of the registration events, each as extension@root.
    patients: [...text.matchAll(/<patient classCode="PAT">(.*?)<statusCode/gs)].map((match) =>
      [...match[1].matchAll(/<id root="([^"]*)" extension="([^"]*)"/g)].map((id) => `${id[2]}@${id[1]}`)),
    quantities: ['Total', 'Current', 'Remaining'].map((name) => Number(new RegExp(`<result${name}Quantity value="(\\d+)"`).exec(text)?.[1] ?? -1)),
    body: /<soap:Body>(.*)<\/soap:Body>/s.exec(text)?.[1] ?? '',
  };
}

const device = (side, code, root) =>
  `<${side} typeCode="${code}"><device classCode="DEV" determinerCode="INSTANCE"><id root="${root}"/></device></${side}>`;

export function interaction(name, control, { trigger = name.replace('_IN', '_TE'), wrapper = '', id = randomUUID() } = {}) {
  const named = name.replace(/_(Cancel|Continue)$/, '');
  return `<${name.replace('_Continue', '')} xmlns="urn:hl7-org:v3" ITSVersion="XML_1.0"><id root="${id}"/>` +
    `<creationTime value="20260102030405"/><interactionId root="2.16.840.1.113883.1.6" extension="${named}"/>` +
    '<processingCode code="P"/><processingModeCode code="T"/><acceptAckCode code="AL"/>' +
    device('receiver', 'RCV', '1.2.3.1') + device('sender', 'SND', '1.2.3.2') + wrapper +
    `<controlActProcess classCode="CACT" moodCode="EVN"><code code="${trigger}" codeSystem="2.16.840.1.113883.1.6"/>` +
    `${control}</controlActProcess></${name.replace('_Continue', '')}>`;
}

const ii = (id) => { const [extension, root] = id.split('@'); return `root="${root}" extension="${extension}"`; };

// `ids`: "extension@root"; `person`: what patientPerson holds.
export function feed(name, ids, person, { replaced = null } = {}) {
  return interaction(name,
    '<subject typeCode="SUBJ"><registrationEvent classCode="REG" moodCode="EVN"><id nullFlavor="NA"/><statusCode code="active"/>' +
    `<subject1 typeCode="SBJ"><patient classCode="PAT">${ids.map((id) => `<id ${ii(id)}/>`).join('')}<statusCode code="active"/>` +
    `<patientPerson classCode="PSN" determinerCode="INSTANCE">${person}</patientPerson></patient></subject1>` +
    '<custodian typeCode="CST"><assignedEntity classCode="ASSIGNED"><id root="1.2.3.1"/></assignedEntity></custodian>' +
    (replaced ? '<replacementOf typeCode="RPLC"><priorRegistration classCode="REG" moodCode="EVN"><statusCode code="obsolete"/>' +
      `<subject1 typeCode="SBJ"><priorRegisteredRole classCode="PAT"><id ${ii(replaced)}/></priorRegisteredRole></subject1>` +
      '</priorRegistration></replacementOf>' : '') +
    '</registrationEvent></subject>');
}

export function pixQuery(id, targets = []) {
  return interaction('PRPA_IN201309UV02',
    '<queryByParameter><queryId root="1.2.3.9" extension="q1"/><statusCode code="new"/><responsePriorityCode code="I"/><parameterList>' +
    targets.map((root) => `<dataSource><value root="${root}"/><semanticsText>DataSource.id</semanticsText></dataSource>`).join('') +
    `<patientIdentifier><value ${ii(id)}/><semanticsText>Patient.id</semanticsText></patientIdentifier></parameterList></queryByParameter>`);
}

// `parameters`: name -> XML of its value; `count`: initialQuantity.
export function pdqQuery(parameters, { count = 0, queryId = randomUUID(), domains = [] } = {}) {
  const list = Object.entries(parameters).map(([name, value]) =>
    `<${name}>${value}<semanticsText>${name}</semanticsText></${name}>`);
  for (const root of domains)
    list.push(`<otherIDsScopingOrganization><value root="${root}"/><semanticsText>OtherIDs.scopingOrganization.id</semanticsText></otherIDsScopingOrganization>`);
  return interaction('PRPA_IN201305UV02',
    `<queryByParameter><queryId root="1.2.3.9" extension="${queryId}"/><statusCode code="new"/><responseModalityCode code="R"/>` +
    `<responsePriorityCode code="I"/>${count ? `<initialQuantity value="${count}"/>` : ''}<parameterList>${list.join('')}</parameterList></queryByParameter>`);
}

export function continuation(name, queryId, count, status) {
  return interaction(name,
    `<queryContinuation><queryId root="1.2.3.9" extension="${queryId}"/>${count ? `<continuationQuantity value="${count}"/>` : ''}` +
    `<statusCode code="${status}"/></queryContinuation>`,
    { trigger: 'PRPA_TE000003UV01',
      wrapper: `<acknowledgement><typeCode code="AA"/><targetMessage><id root="${randomUUID()}"/></targetMessage></acknowledgement>` });
}

// What xmllint says against the schema of an interaction; null when it is valid.
export function schemaFault(schemas, body) {
  const name = /^<(?:\w+:)?(\w+)/.exec(body)?.[1];
  const folder = mkdtempSync(join(tmpdir(), 'alzette-xsd-'));
  try {
    const file = join(folder, 'message.xml');
    writeFileSync(file, body);
    const schema = join(schemas, 'hl7v3/HL7V3/NE2008/multicacheschemas', `${name.replace('_Cancel', '')}.xsd`);
    execFileSync('xmllint', ['--nonet', '--noout', '--schema', schema, file], { stdio: ['ignore', 'ignore', 'pipe'] });
    return null;
  } catch (error) {
    return String(error.stderr ?? error).split('\n').slice(0, 2).join(' ').slice(0, 300);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
