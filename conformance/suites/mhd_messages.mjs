// Provide Document Bundles (ITI-65), simplified publishing (ITI-105) and metadata generation (ITI-106) that IHE's guide
// and other implementations publish: each is sent to a server that knows the patients it names, and what it brought must
// be found by ITI-18 with hash and size, and fetched. IHE's own are sent to a server that enforces IHE's profiles, from a
// package; those of others to one that does not, for they lack masterIdentifier.type, which the profile demands. What
// cannot be accepted is named with the reason.
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { install } from '../package.mjs';
import { ask, start } from '../server.mjs';
import { newUid } from '../xds/metadata.mjs';
import { descendants, send } from '../xds/soap.mjs';

export const folder = '.';

const guide = 'igs/ihe-mhd/examples';
const mag = 'ihe-messages-mag';
const refused = JSON.parse(readFileSync(new URL('./mhd_messages_refused.json', import.meta.url), 'utf8'));

function* files(corpora) {
  for (const name of readdirSync(join(corpora, guide)).sort())
    if (/^Bundle-ex-(comprehensive|unContained)|SimplifiedPublish\.json$|^Parameters-ex-input/.test(name) && !/^AuditEvent/.test(name)) yield `${guide}/${name}`;
  for (const name of ['ch-mhd-bundle-sample.json', 'mhdch.json', 'http_iti65.txt']) if (existsSync(join(corpora, mag, name))) yield `${mag}/${name}`;
}

// Patients that are named by reference get a name of this server, and identifiers that stand in several files are renewed.
async function prepare(server, text) {
  for (const [whole, id] of text.matchAll(/"(?:https?:\/\/[^"#]*\/)?Patient\/([A-Za-z0-9.-]+)"/g)) {
    const answer = await ask('PUT', `${server.base}/Patient/${id}`, JSON.stringify({ resourceType: 'Patient', id, identifier: [{ system: 'urn:oid:1.2.3.1', value: id }] }));
    if (answer.status > 201) throw new Error(answer.text);
    text = text.replaceAll(whole, `"Patient/${id}"`);
  }
  const resource = JSON.parse(text.slice(text.indexOf('{')));
  const renew = (identifier) => {
    if (identifier?.value?.startsWith('urn:oid:')) identifier.value = `urn:oid:${newUid()}`;
    else if (identifier?.value?.startsWith('urn:uuid:')) identifier.value = `urn:uuid:${randomUUID()}`;
  };
  for (const one of resource.entry?.map((entry) => entry.resource) ?? [resource]) {
    if (!['List', 'DocumentReference'].includes(one.resourceType)) continue;
    const before = one.masterIdentifier?.value;
    renew(one.masterIdentifier);
    for (const identifier of one.identifier ?? [])
      if (before && identifier.value === before) identifier.value = one.masterIdentifier.value;
      else renew(identifier);
  }
  return resource;
}

async function found(server, id) {
  const body = `<q:AdhocQueryRequest xmlns:q="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"><q:ResponseOption returnType="LeafClass"/>` +
    `<AdhocQuery id="urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4"><Slot name="$XDSDocumentEntryEntryUUID"><ValueList><Value>('urn:uuid:${id}')</Value></ValueList></Slot></AdhocQuery></q:AdhocQueryRequest>`;
  const entry = descendants((await send(`${server.origin}/soap`, 'urn:ihe:iti:2007:RegistryStoredQuery', body)).body, 'ExtrinsicObject')[0];
  if (!entry) return 'ITI-18 does not find it';
  const value = (name) => descendants(entry, 'Slot').find((slot) => slot.getAttribute('name') === name)?.textContent.trim();
  if (!value('hash') || !value('size')) return 'hash or size is missing';
  const reference = JSON.parse((await ask('GET', `${server.base}/DocumentReference/${id}`)).text);
  const url = new URL(reference.content[0].attachment.url, `${server.base}/`);
  const bytes = Buffer.from(await (await fetch(url, { headers: { Accept: reference.content[0].attachment.contentType } })).arrayBuffer());
  return String(bytes.length) === value('size') ? null : `ITI-68 gives ${bytes.length} bytes instead of ${value('size')}`;
}

// null, or what is wrong with the answer.
async function provided(server, resource, known) {
  for (const entry of resource.entry ?? []) {  // what is replaced must be there
    if (!/^(PATCH|PUT)$/.test(entry.request.method)) continue;
    entry.request.url = `DocumentReference/${known.at(-1)}`;
  }
  for (const entry of resource.entry ?? [])
    for (const relation of entry.resource.relatesTo ?? []) if (!relation.target.reference.startsWith('urn:')) relation.target.reference = `DocumentReference/${known.at(-1)}`;
  const address = { Bundle: server.base, DocumentReference: `${server.base}/DocumentReference`, Parameters: `${server.base}/DocumentReference/$generate-metadata` }[resource.resourceType];
  const answer = await ask('POST', address, JSON.stringify(resource));
  const told = JSON.parse(answer.text);
  if (answer.status > 201) return `${answer.status} ${told.issue?.map((issue) => [issue.details?.coding?.[0].code, issue.details?.text, issue.diagnostics].filter(Boolean).join(' ')).join('; ')}`;
  if (resource.resourceType === 'Parameters') return told.resourceType ? null : 'no resource';
  const locations = told.entry ? told.entry.map((entry) => entry.response.location) : [`DocumentReference/${told.id}`];
  if (told.entry && told.entry.some((entry) => !/^20[01]/.test(entry.response.status) || !entry.response.location)) return 'an entry is not 201 with a location';
  for (const location of locations) {
    const id = /DocumentReference\/([^/]*)/.exec(location)?.[1];
    if (!id) continue;
    const fault = await found(server, id);
    if (fault) return fault;
    known.push(id);
  }
  return null;
}

export async function* cases(corpora) {
  const flags = ['--accept-unknown-domains', '--accept-unknown-patients'];
  const plain = await start({ flags });
  const strict = await start({ flags: [...flags, '--profiles-on-write', 'enforce'] });
  const definitions = join(corpora, 'igs/ihe-mhd/definitions');
  await install(strict, 'ihe.iti.mhd', readdirSync(definitions).map((name) => ({ name, text: readFileSync(join(definitions, name), 'utf8') })));
  const known = [];  // DocumentReferences that are there
  try {
    for (const file of files(corpora)) {
      const server = file.startsWith(guide) ? strict : plain;
      const resource = await prepare(server, readFileSync(join(corpora, file), 'utf8'));
      const fault = await provided(server, resource, known).catch((error) => error.message);
      yield refused[file] ? { id: file, pass: fault?.includes(refused[file][0]) ?? false, reason: `${fault} instead of ${refused[file]}` } : { id: file, pass: !fault, reason: fault };
    }
  } finally {
    await plain.stop();
    await strict.stop();
  }
}
