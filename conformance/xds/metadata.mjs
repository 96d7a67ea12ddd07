// What the toolkit does to a unit's metadata before it is sent: ebXML 2 becomes 3, patient ids, unique ids and UUIDs are
// given, and remembered by the name that the object has in the file.
import { randomUUID } from 'node:crypto';
import { XMLSerializer } from '@xmldom/xmldom';
import { descendants, parse } from './soap.mjs';

const rim = 'urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0';
const lcm = 'urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0';
const schemes = {
  unique: ['urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab', 'urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8', 'urn:uuid:75df8f67-9973-4fbe-a900-df66cefecc5a'],
  patient: ['urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427', 'urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446', 'urn:uuid:f64ffdf0-4b97-4e06-b79f-a52b38ec2f8a'],
};
const objects = ['ExtrinsicObject', 'RegistryPackage', 'Association', 'ObjectRef', 'Classification'];
const types = {
  HasMember: 'urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember',
  ...Object.fromEntries(['RPLC', 'XFRM', 'APND', 'XFRM_RPLC', 'signs'].map((name) => [name, `urn:ihe:iti:2007:AssociationType:${name}`])),
  IsSnapshotOf: 'urn:ihe:iti:2010:AssociationType:IsSnapshotOf',
};
let count = 0;
export const newUid = () => `1.2.42.${process.pid}.${Date.now()}.${++count}`;


// Elements into ebRIM 3.0 in its namespaces.
function toV3(node, into) {
  const document = into.ownerDocument;
  for (const child of [...node.childNodes]) {
    if (child.nodeType === 3) { into.appendChild(document.createTextNode(child.nodeValue)); continue; }
    if (child.nodeType !== 1) continue;
    const name = child.localName === 'LeafRegistryObjectList' ? 'RegistryObjectList' : child.localName;
    if (name === 'ObjectRef' && node.localName !== 'ObjectRefList') continue;
    const made = document.createElementNS(rim, `rim:${name}`);
    for (const attribute of [...child.attributes])
      if (!attribute.name.startsWith('xmlns') && attribute.localName !== 'schemaLocation')
        attribute.namespaceURI ? made.setAttributeNS(attribute.namespaceURI, attribute.name, attribute.value) : made.setAttribute(attribute.name, attribute.value);
    toV3(child, made);
    into.appendChild(made);
  }
}

// ebRIM's sequence: Slot, Name, Description, VersionInfo, Classification, ExternalIdentifier.
const order = ['Slot', 'Name', 'Description', 'VersionInfo', 'ContentVersionInfo', 'Classification', 'ExternalIdentifier'];
function arrange(element) {
  const children = [...element.childNodes].filter((child) => child.nodeType === 1);
  if (!['ExtrinsicObject', 'RegistryPackage', 'Association', 'Classification', 'ExternalIdentifier'].includes(element.localName)) return;
  children.sort((a, b) => order.indexOf(a.localName) - order.indexOf(b.localName));
  for (const child of children) element.appendChild(child);
}

export function prepare(text, { patientId, keepPatientId, keepUids, assignUuids }) {
  const source = parse(text).documentElement;
  const document = parse(`<lcm:SubmitObjectsRequest xmlns:lcm="${lcm}" xmlns:rim="${rim}"/>`);
  const request = document.documentElement;
  const holder = source.localName.endsWith('RegistryObjectList') ? { childNodes: [source], localName: '' } : source;
  const inner = descendants(source, 'SubmitObjectsRequest')[0] ?? holder;
  toV3(inner, request);
  const all = objects.flatMap((name) => descendants(request, name));
  const uids = {};
  const uuids = {};
  const sourceIds = {};
  for (const object of all) {
    const type = object.getAttribute('associationType');
    if (types[type]) object.setAttribute('associationType', types[type]);
    if (object.localName === 'Association' && !object.getAttribute('id')) object.setAttribute('id', `Association${++count}`);
    if (object.localName === 'ExtrinsicObject' && !object.getAttribute('objectType'))
      object.setAttribute('objectType', 'urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1');
    arrange(object);
  }
  for (const identifier of descendants(request, 'ExternalIdentifier')) {
    const owner = identifier.parentNode.getAttribute('id');
    const scheme = identifier.getAttribute('identificationScheme');
    if (!identifier.getAttribute('registryObject')) identifier.setAttribute('registryObject', owner);
    if (schemes.patient.includes(scheme) && !keepPatientId) identifier.setAttribute('value', patientId);
    if (schemes.unique.includes(scheme)) {
      if (!(keepUids === true || (Array.isArray(keepUids) && keepUids.includes(owner)))) identifier.setAttribute('value', newUid());
      uids[owner] = identifier.getAttribute('value');
    }
    if (scheme === 'urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832') sourceIds[owner] = identifier.getAttribute('value');
  }
  for (const label of [...descendants(request, 'Classification'), ...descendants(request, 'ExternalIdentifier')])
    if (!label.getAttribute('id')) label.setAttribute('id', `label${++count}`);
  if (assignUuids) {
    for (const object of all) {
      const id = object.getAttribute('id');
      if (object.localName === 'Classification' || object.localName === 'ObjectRef') continue;
      uuids[id] = id.startsWith('urn:uuid:') ? id : `urn:uuid:${randomUUID()}`;
    }
    const rename = (element, name) => {
      const value = element.getAttribute(name);
      if (uuids[value]) element.setAttribute(name, uuids[value]);
    };
    for (const element of descendants(request, '*'))
      for (const name of ['id', 'classifiedObject', 'registryObject', 'sourceObject', 'targetObject']) rename(element, name);
  } else {
    for (const object of all) uuids[object.getAttribute('id')] = object.getAttribute('id');
  }
  return { document, request, uids, uuids, sourceIds, patientId: keepPatientId ? undefined : patientId };
}

export const serialize = (node) => new XMLSerializer().serializeToString(node);
