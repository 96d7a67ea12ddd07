// Documents through real sockets: what enters by ITI-41 or ITI-65 is found by ITI-18, ITI-66 and ITI-67 and fetched by
// ITI-43 and ITI-68 as the same thing; a server that is killed has whole submissions or none.
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ask, run, start } from '../../conformance/server.mjs';
import { descendants, send, verdict } from '../../conformance/xds/soap.mjs';
import { ask18, bundle, byUnique, cda, cx, describing, find, hash, mhd, oid, only, provide, provided, published, repository, retrieve, slot, uid } from './parts/documents.mjs';

const folder = mkdtempSync(join(tmpdir(), 'documents-'));
writeFileSync(join(folder, 'domains.json'), JSON.stringify([{ name: 'A', oid }]));
const flags = ['--domains', join(folder, 'domains.json')];
let server;

before(async () => { server = await start({ flags }); await patient(server, '1'); });
after(async () => { await server.stop(); rmSync(folder, { recursive: true }); });

async function patient(to, id) {
  const answer = await ask('POST', `${to.base}/Patient`, JSON.stringify({ resourceType: 'Patient', identifier: [{ system: `urn:oid:${oid}`, value: id }] }));
  assert.equal(answer.status, 201, answer.text);
  return JSON.parse(answer.text).id;
}

test('a document provided by ITI-41 comes back byte for byte by ITI-43 and ITI-68', async () => {
  const unique = uid();
  const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, at) => at & 255));
  const answer = await provide(server, provided({ unique }), bytes);
  assert.equal(verdict(answer).status, 'Success', answer.text);
  const fetched = await retrieve(server, unique);
  assert.equal(verdict(fetched).status, 'Success', fetched.text);
  assert.ok(only(fetched.parts).equals(bytes));
  const entry = descendants((await byUnique(server, unique)).body, 'ExtrinsicObject')[0];
  assert.ok(entry.toString().includes(hash(bytes)));
  const reference = JSON.parse((await ask('GET', `${server.base}/DocumentReference/${entry.getAttribute('id').slice(9)}`)).text);
  const { attachment } = reference.content[0];
  assert.equal(Buffer.from(attachment.hash, 'base64').toString('hex'), hash(bytes));
  assert.equal(attachment.size, bytes.length);
  const raw = await fetch(`${server.base}/${attachment.url}`, { headers: { Accept: 'text/plain' } });
  assert.equal(raw.headers.get('content-type').split(';')[0], 'text/plain');
  assert.ok(Buffer.from(await raw.arrayBuffer()).equals(bytes));
});

test('ITI-67 and ITI-66 find what ITI-41 brought', async () => {
  const id = `p${uid()}`;
  await patient(server, id);
  const unique = uid();
  const set = uid();
  assert.equal(verdict(await provide(server, provided({ unique, set, id }), Buffer.from('text'))).status, 'Success');
  const found = JSON.parse((await ask('GET', `${server.base}/DocumentReference?patient.identifier=urn:oid:${oid}|${id}&status=current`)).text);
  assert.equal(found.entry.length, 1);
  assert.equal(found.entry[0].resource.masterIdentifier.value, `urn:oid:${unique}`);
  const lists = JSON.parse((await ask('GET', `${server.base}/List?patient.identifier=urn:oid:${oid}|${id}&code=submissionset&status=current`)).text);
  assert.equal(lists.entry.length, 1);
  assert.equal(lists.entry[0].resource.entry[0].item.reference, `DocumentReference/${found.entry[0].resource.id}`);
  const more = async (type, search) => JSON.parse((await ask('GET', `${server.base}/${type}?patient.identifier=urn:oid:${oid}|${id}&${search}`)).text).entry?.length ?? 0;
  assert.equal(await more('DocumentReference', 'creation=2024-01-02'), 1);
  assert.equal(await more('DocumentReference', 'creation=gt2024-01-02'), 0);
  assert.equal(await more('List', 'designationType=urn:oid:1.2.9|CONTENT'), 1);
  assert.equal(await more('List', 'sourceId=urn:oid:1.2.3.7'), 1);
  assert.equal(await more('List', 'sourceId=urn:oid:1.2.3.8'), 0);
  const has = JSON.parse((await ask('GET', `${server.base}/DocumentReference?_has:List:item:identifier=urn:oid:${set}`)).text);
  assert.equal(has.entry.length, 1);
});

test('ITI-65 with authors of its own: the view claims the profiles that have them uncontained', async () => {
  const profiles = async (reference) => {
    const sent = await ask('POST', server.base, JSON.stringify(bundle({ reference })));
    assert.equal(sent.status, 200, sent.text);
    const { location } = JSON.parse(sent.text).entry[1].response;
    return JSON.parse((await ask('GET', location.startsWith('http') ? location : `${server.base}/${location}`)).text).meta.profile;
  };
  const own = JSON.parse((await ask('POST', `${server.base}/Practitioner`, JSON.stringify({ resourceType: 'Practitioner', name: [{ family: 'Weber' }] }))).text).id;
  assert.deepEqual(await profiles({ author: [{ reference: `Practitioner/${own}` }] }), [`${mhd}/StructureDefinition/IHE.MHD.UnContained.Comprehensive.DocumentReference`]);
  assert.deepEqual(await profiles({}), [`${mhd}/StructureDefinition/IHE.MHD.Comprehensive.DocumentReference`]);
});
test('ITI-67 and ITI-66 find by the names of authors', async () => {
  const id = `p${uid()}`;
  await patient(server, id);
  const author = (scheme, of, person) => `<Classification id="a${of}" classificationScheme="urn:uuid:${scheme}" classifiedObject="${of}" nodeRepresentation="">` +
    `${slot('authorPerson', person)}${slot('authorInstitution', 'Clinic')}</Classification>`;
  const body = provided({ id }).replace('<Name>', author('93606bcf-9494-43ec-9b4e-a7748d1a838d', 'D', '^Weber^Anne') + '<Name>')
    .replace('<RegistryPackage id="S">', `<RegistryPackage id="S">${author('a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d', 'S', '^Klein^Jo')}`);
  const brought = await provide(server, body, Buffer.from('text'));
  assert.equal(verdict(brought).status, 'Success', brought.text);
  const found = async (type, search) => JSON.parse((await ask('GET', `${server.base}/${type}?patient.identifier=urn:oid:${oid}|${id}&${search}`)).text).total;
  for (const [search, total] of [['author.family=Weber', 1], ['author.family=web', 1], ['author.family:exact=weber', 0], ['author.given=Anne', 1], ['author:Practitioner.family=Weber', 1],
    ['author.given=Anne&author.family=Klein', 0], ['author.family=Klein,Weber', 1]]) assert.equal(await found('DocumentReference', search), total, search);
  for (const [search, total] of [['source.family=Klein', 1], ['source.given=Jo', 1], ['source.family=Weber', 0]]) assert.equal(await found('List', search), total, search);
  // Also those who are stored by themselves.
  const practitioner = JSON.parse((await ask('POST', `${server.base}/Practitioner`, JSON.stringify({ resourceType: 'Practitioner', name: [{ family: 'Stored' }] }))).text).id;
  const plain = await ask('POST', `${server.base}/DocumentReference`, JSON.stringify({ resourceType: 'DocumentReference', status: 'current', subject: { reference: `Patient/${await patient(server, `q${uid()}`)}` },
    author: [{ reference: `Practitioner/${practitioner}` }], content: [{ attachment: { url: 'http://example.org/x' } }] }));
  assert.equal(plain.status, 201, plain.text);
  assert.equal(JSON.parse((await ask('GET', `${server.base}/DocumentReference?author.family=Stored`)).text).total, 1);
});

const post = (body) => ask('POST', server.base, JSON.stringify(body));

test('a bundle provided by ITI-65 comes out by ITI-18 and ITI-43, complete', async () => {
  const unique = uid();
  const answer = await post(bundle({ unique }));
  assert.equal(answer.status, 200, answer.text);
  const response = JSON.parse(answer.text);
  assert.equal(response.type, 'transaction-response');
  assert.deepEqual(response.entry.map((entry) => entry.response.status), ['201 Created', '201 Created', '201 Created']);
  assert.deepEqual(response.entry.map((entry) => entry.response.location.split('/')[0]), ['List', 'DocumentReference', 'Binary']);
  const entry = descendants((await byUnique(server, unique)).body, 'ExtrinsicObject')[0];
  for (const part of ['CLASS', 'FORMAT', 'HOSPITAL', 'Greeting', '20240131080000', hash('Hello World'), cx('1').replaceAll('&amp;', '&amp;')])
    assert.ok(entry.toString().includes(part), part);
  assert.equal(only((await retrieve(server, unique)).parts).toString(), 'Hello World');
});

test('a Bundle of documents is a transaction, or is refused whole', async () => {
  const count = async () => JSON.parse((await ask('GET', `${server.base}/DocumentReference?_summary=count`)).text).total;
  const had = await count();
  const sent = bundle({});
  const without_claim = { ...bundle({}), meta: undefined };
  for (const [what, body] of [
    ['batch', { ...sent, type: 'batch' }], ['batch that claims nothing', { ...without_claim, type: 'batch' }], ['collection', { ...sent, type: 'collection' }],
    ['batch with an entry that cannot be read', { ...sent, type: 'batch', entry: [...sent.entry, { resource: { resourceType: 'None' }, request: { method: 'POST', url: 'None' } }] }],
    ['without a SubmissionSet', { ...sent, entry: sent.entry.slice(1) }],
    ['with a List that is none', { ...sent, entry: [{ ...sent.entry[0], resource: { ...sent.entry[0].resource, code: undefined } }, ...sent.entry.slice(1)] }]]) {
    const answer = await post(body);
    assert.ok([400, 422].includes(answer.status), `${what}: ${answer.status} ${answer.text}`);
    assert.equal(JSON.parse(answer.text).resourceType, 'OperationOutcome', what);
  }
  assert.equal(await count(), had);
});

test('what the registry warns of is told by ITI-65 and ITI-105, and names objects as their sender does', async () => {
  const warnings = (outcome) => outcome.issue.filter((issue) => issue.severity === 'warning');
  const [list, reference, binary] = JSON.parse((await post(bundle({}))).text).entry.map((entry) => entry.response);
  assert.equal(binary.outcome, undefined);
  for (const [response, number, attribute] of [[list, 1, 'contentTypeCode'], [reference, 2, 'classCode']]) {
    const [first] = warnings(response.outcome);
    assert.equal(first.details.coding[0].code, 'XDSRegistryMetadataError');
    assert.match(first.details.text, new RegExp(`urn:uuid:00000000-0000-4000-8000-00000000000${number}: ${attribute} `));
  }
  const one = (unique, more) => JSON.stringify({ ...published(unique), category: [{ coding: [{ system: 'urn:oid:1.2.9', code: 'CLASS' }] }], ...more });
  const alone = (body, headers) => ask('POST', `${server.base}/DocumentReference`, body, headers);
  const unique = uid();
  const told = await alone(one(unique), { Prefer: 'return=OperationOutcome' });
  assert.equal(told.status, 201, told.text);
  assert.match(warnings(JSON.parse(told.text))[0].details.text, new RegExp(`DocumentEntry urn:oid:${unique}: classCode `));
  const refused = await alone(one(uid(), { subject: { identifier: { system: `urn:oid:${oid}`, value: 'nobody' } } }));
  assert.equal(refused.status, 422);
  assert.match(refused.text, /DocumentEntry urn:oid:1\.2\.40/);
  assert.equal(JSON.parse(refused.text).issue[0].severity, 'error', 'what refuses comes first');
  const claimed = 'urn:uuid:5d1b1f0a-7b1c-4c57-9a52-3e1f4f0d2c01';
  const named = await alone(one(uid(), { identifier: [{ type: { coding: [{ code: 'entryUUID' }] }, value: claimed }], subject: { reference: 'Patient/nobody' } }));
  assert.match(named.text, new RegExp(`DocumentEntry ${claimed}: its subject`));
});

test('each part of a Bundle is told what the registry warns of it, also where its sender calls it nothing', async () => {
  const affinity = join(folder, 'affinity.json');
  writeFileSync(affinity, JSON.stringify({ codes: { codeList: [{ code: 'OTHER', codingScheme: '1.2.9' }] } }));
  const strict = await start({ flags: [...flags, '--affinity', affinity] });
  try {
    await patient(strict, '1');
    const nameless = (value) => ({ request: { method: 'POST', url: 'List' }, resource: {
      resourceType: 'List', status: 'current', mode: 'working', title: value, code: { coding: [{ system: `${mhd}/CodeSystem/MHDlistTypes`, code: 'folder' }] }, date: '2024-02-01T10:00:00Z',
      subject: { identifier: { system: `urn:oid:${oid}`, value: '1' } },
      identifier: [{ system: 'urn:oid:1.2.3' }, { use: 'usual', system: 'urn:ietf:rfc:3986', value: `urn:oid:${uid()}` }],
      extension: [{ url: `${mhd}/StructureDefinition/ihe-designationType`, valueCodeableConcept: { coding: [{ system: 'urn:oid:1.2.9', code: value }] } }] } });
    const answer = await ask('POST', strict.base, JSON.stringify(bundle({ entries: ['ONE', 'TWO'].map(nameless) })));
    assert.equal(answer.status, 200, answer.text);
    const told = JSON.parse(answer.text).entry.slice(3).map(({ response }) => response.outcome.issue.filter(({ severity }) => severity === 'warning'));
    assert.deepEqual(told.map((issues) => issues.map(({ details }) => details.text.match(/without an identifier: codeList \((\w+)/)?.[1])), [['ONE'], ['TWO']]);
  } finally {
    await strict.stop();
  }
});

test('further given names of a person are given names each', async () => {
  const unique = uid();
  const author = '<Classification id="au" classificationScheme="urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d" classifiedObject="D" nodeRepresentation="">' +
    `${slot('authorPerson', '^Weber^Anne^Marie Louise Zo\\T\\e')}</Classification>`;
  assert.equal(verdict(await provide(server, provided({ unique }).replace('<Name>', `${author}<Name>`), Buffer.from('x'))).status, 'Success');
  const [found] = JSON.parse((await ask('GET', `${server.base}/DocumentReference?identifier=urn:oid:${unique}`)).text).entry;
  assert.deepEqual(found.resource.contained.find((one) => one.resourceType === 'Practitioner').name[0].given, ['Anne', 'Marie', 'Louise', 'Zo&e']);
  assert.match((await byUnique(server, unique)).text, /\^Weber\^Anne\^Marie Louise Zo\\T\\e</);
});

test('ITI-65 obeys the rules of the registry: codes of XDS, nothing half stored', async () => {
  const total = () => ask('GET', `${server.base}/DocumentReference?_summary=count`).then((answer) => JSON.parse(answer.text).total);
  const count0 = await total();
  const refused = async (body, expected) => {
    const answer = await post(body);
    assert.equal(answer.status, 422, answer.text);
    assert.ok(answer.text.includes(expected), answer.text);
  };
  await refused(bundle({ id: 'nobody' }), 'XDSUnknownPatientId');
  const wrong = bundle({});
  wrong.entry[1].resource.content[0].attachment.hash = createHash('sha1').update('other').digest('base64');
  await refused(wrong, 'XDSRepositoryMetadataError');
  const lonely = bundle({});
  lonely.entry.pop();
  await refused(lonely, 'XDSMissingDocument');
  const nameless = bundle({});
  delete nameless.entry[0].resource.identifier;
  await refused(nameless, 'uniqueId');
  assert.equal(await total(), count0);
});

test('ITI-41 costs in proportion to the slots of an entry', async () => {
  const taken = async (count) => {
    const more = Array.from({ length: count }, (_, i) => slot(`urn:example:${i}`, 'v')).join('');
    const before = server.used();
    assert.equal(verdict(await provide(server, provided({ more }), Buffer.from('x'))).status, 'Success');
    return server.used() - before;
  };
  const few = await taken(8_000);
  const many = await taken(80_000);
  assert.ok(many < 40 * (few + 0.01), `${many} s for ten times what takes ${few} s`);  // quadratic: a hundred times
});

test('ITI-65 costs in proportion to the members that a set names', async () => {
  const refused = async (count) => {
    const list = Array.from({ length: count }, (_, i) => ({ item: { reference: `DocumentReference/00000000-0000-4000-9000-${String(i).padStart(12, '0')}` } }));
    const before = server.used();
    const answer = await post(bundle({ list }));
    assert.equal(answer.status, 422);
    assert.match(answer.text, /UnresolvedReferenceException/);
    return server.used() - before;
  };
  const few = await refused(3_000);
  const many = await refused(30_000);
  assert.ok(many < 40 * (few + 0.01), `${many} s for ten times what takes ${few} s`);  // quadratic: a hundred times
});

// A DocumentReference with much that XDS has no place for.
function eloquent(practitioner) {
  const coded = (value, ...more) => ({ coding: [{ system: 'urn:oid:1.2.9', code: value }, ...more] });
  return {
    meta: { tag: [{ system: 'urn:x-test', code: 'tagged' }], security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }] }, language: 'fr',
    text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">A greeting</div>' }, extension: [{ url: 'http://example.org/extension', valueString: 'kept' }],
    identifier: [{ system: 'http://example.org/accession', value: 'A-1' }], custodian: { display: 'The archive' },
    type: { ...coded('TYPE', { system: 'http://loinc.org', code: '34105-7' }), text: 'Discharge summary' }, securityLabel: [coded('N')],
    author: [{ reference: `Practitioner/${practitioner}`, display: 'Dr Weber' }, { reference: '#role' }],
    contained: [{ resourceType: 'Patient', id: 'p', identifier: [{ system: 'urn:oid:1.2.3.5', value: 'src' }], name: [{ family: 'Weber' }], maritalStatus: { text: 'married' } },
      { resourceType: 'Practitioner', id: 'doctor', name: [{ family: 'Klein', given: ['Jo', 'Paul', 'Marie'] }], qualification: [{ code: { text: 'Surgeon' } }] },
      { resourceType: 'Organization', id: 'clinic', name: 'Clinic', address: [{ city: 'Luxembourg' }] },
      { resourceType: 'PractitionerRole', id: 'role', practitioner: { reference: '#doctor' }, organization: { reference: '#clinic' } }],
    context: { facilityType: coded('HOSPITAL'), practiceSetting: { ...coded('GENERAL'), text: 'General' }, sourcePatientInfo: { reference: '#p' },
      related: [{ reference: 'Observation/elsewhere', display: 'Measured before' }], period: { start: '2024-01-01T10:00:00+02:00' } } };
}

test('what FHIR says beyond XDS stays in the DocumentReference, until the metadata say something else', async () => {
  const practitioner = JSON.parse((await ask('POST', `${server.base}/Practitioner`, JSON.stringify({ resourceType: 'Practitioner', name: [{ family: 'Weber', given: ['Anne'] }] }))).text).id;
  const [unique, said] = [uid(), eloquent(practitioner)];
  const brought = await post(bundle({ unique, reference: said }));
  assert.equal(brought.status, 200, brought.text);
  const path = JSON.parse(brought.text).entry[1].response.location.split('/_history')[0];
  const read = async (at = path) => JSON.parse((await ask('GET', `${server.base}/${at}`)).text);
  const same = (kept, names) => { for (const name of names) assert.deepEqual(kept[name], said[name], name); };
  const all = ['language', 'text', 'extension', 'custodian', 'type', 'securityLabel', 'author', 'contained', 'context'];
  const first = await read();
  same(first, all);
  assert.deepEqual([first.meta.tag, first.meta.security], [said.meta.tag, said.meta.security]);
  assert.deepEqual(first.identifier.map((identifier) => identifier.value).filter((value) => !value.startsWith('urn:')), ['A-1']);
  assert.match(first.content[0].attachment.url, /^Binary\//);
  for (const search of [`author=Practitioner/${practitioner}`, 'identifier=http://example.org/accession|A-1', '_tag=urn:x-test|tagged', 'author.family=Klein', 'related=Observation/elsewhere'])
    assert.equal(JSON.parse((await ask('GET', `${server.base}/DocumentReference?_id=${first.id}&${search}`)).text).total, 1, search);
  const registered = (await byUnique(server, unique)).text;
  for (const part of ['^Weber^Anne', '^Klein^Jo^Paul Marie', 'Clinic']) assert.ok(registered.includes(part), part);

  // What is only FHIR's is changed by FHIR; what is XDS's is not.
  const put = (body) => ask('PUT', `${server.base}/${path}`, JSON.stringify(body));
  const moved = await put({ ...first, custodian: { display: 'Another archive' }, meta: { security: first.meta.security, profile: first.meta.profile } });
  assert.equal(moved.status, 200, moved.text);
  said.custodian = { display: 'Another archive' };
  const second = await read();
  same(second, all);
  assert.equal(second.meta.tag, undefined);
  const renamed = await put({ ...second, author: [{ reference: '#role' }] });
  assert.equal(renamed.status, 422, renamed.text);

  // A replacement deprecates it, and nothing else.
  const replaced = await post(bundle({ reference: { relatesTo: [{ code: 'replaces', target: { reference: path } }] } }));
  assert.equal(replaced.status, 200, replaced.text);
  const third = await read();
  assert.equal(third.status, 'superseded');
  same(third, all);
});

test('a new version by ITI-57 keeps what FHIR says, less what its new metadata contradict', async () => {
  const practitioner = JSON.parse((await ask('POST', `${server.base}/Practitioner`, JSON.stringify({ resourceType: 'Practitioner', name: [{ family: 'Weber' }] }))).text).id;
  const [unique, said] = [uid(), eloquent(practitioner)];
  const brought = await post(bundle({ unique, reference: said }));
  assert.equal(brought.status, 200, brought.text);
  const entry = descendants((await byUnique(server, unique)).body, 'ExtrinsicObject')[0];
  const id = entry.getAttribute('id');
  const updated = entry.toString().replaceAll(id, 'D2').replace('lid="D2"', `lid="${id}"`).replace('>Greeting<', '>Greeting<').replaceAll('nodeRepresentation="TYPE"', 'nodeRepresentation="OTHER"')
    .replaceAll('value="Greeting"', 'value="Salute"').replaceAll(/ id="urn:uuid:[^"]*"/g, (found, at) => (found.includes(id) ? found : ` id="x${at}"`));
  const body = '<l:SubmitObjectsRequest xmlns:l="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0" xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"><RegistryObjectList>' + updated +
    provided({ set: uid() }).match(/<RegistryPackage id="S">.*<\/RegistryPackage>/)[0] +
    `<Association id="A" associationType="urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember" sourceObject="S" targetObject="D2">${slot('SubmissionSetStatus', 'Original')}${slot('PreviousVersion', '1')}</Association>` +
    '</RegistryObjectList></l:SubmitObjectsRequest>';
  const answer = await send(`${server.origin}/soap`, 'urn:ihe:iti:2010:UpdateDocumentSet', body);
  assert.equal(verdict(answer).status, 'Success', answer.text);
  const found = JSON.parse((await ask('GET', `${server.base}/DocumentReference?identifier=urn:ietf:rfc:3986|urn:oid:${unique}&status=current`)).text);
  const next = found.entry[0].resource;
  assert.equal(next.content[0].attachment.title, 'Salute');
  assert.deepEqual(next.custodian, said.custodian);
  assert.deepEqual(next.author, said.author);
  assert.deepEqual(next.type.coding.map((coding) => coding.code), ['OTHER']);
  assert.equal(next.text, undefined); // the narrative told of the title
  // The version before stays one, as ITI-57 has it: nobody makes it current beside the new one.
  const place = `${server.base}/DocumentReference/${id.slice(9)}`;
  const before = JSON.parse((await ask('GET', place)).text);
  assert.equal(before.status, 'superseded');
  assert.equal((await ask('PUT', place, JSON.stringify({ ...before, status: 'current' }))).status, 422);
});

test('delimiters of HL7 within names and identifiers stay text, in XDS and back', async () => {
  const id = 'a^b&c|d~e\\f';
  await patient(server, id);
  await patient(server, 'a');
  const family = 'O^Brien|S&~x\\y';
  const who = [{ resourceType: 'Practitioner', id: 'doctor', identifier: [{ system: 'http://example.org/a?b=1&c=2', value: id }], name: [{ family, given: ['J^o'], prefix: ['Dr', 'Prof'] }] },
    { resourceType: 'Organization', id: 'clinic', name: 'A & B ^ C' }, { resourceType: 'Patient', id: 'p', identifier: [{ system: 'urn:oid:1.2.3.5', value: id }], name: [{ family }], address: [{ city: 'L~^|' }] },
    { resourceType: 'PractitionerRole', id: 'role', practitioner: { reference: '#doctor' }, organization: { reference: '#clinic' }, code: [{ text: 'head & shoulders ^' }] }];
  const unique = uid();
  const brought = await post(bundle({ unique, id, reference: { contained: who, author: [{ reference: '#role' }] } }));
  assert.equal(brought.status, 200, brought.text);
  const entry = descendants((await byUnique(server, unique)).body, 'ExtrinsicObject')[0];
  const texts = descendants(entry, 'Value').map((value) => value.textContent);
  for (const text of [String.raw`a\S\b\T\c\F\d\R\e\E\f^O\S\Brien\F\S\T\\R\x\E\y^J\S\o^^^Dr Prof^^^&http://example.org/a?b=1\T\c=2&URI`, String.raw`A \T\ B \S\ C`, 'head \\T\\ shoulders \\S\\',
    String.raw`a\S\b\T\c\F\d\R\e\E\f^^^&1.2.3.5&ISO`, String.raw`PID-5|O\S\Brien\F\S\T\\R\x\E\y`, 'PID-11|^^L\\R\\\\S\\\\F\\']) assert.ok(texts.includes(text), `${text} in ${texts.join(' | ')}`);
  // It is that patient's, not that of the one whose identifier is its beginning.
  const patients = async (value) => descendants((await find(server, value)).body, 'ExtrinsicObject').filter((found) => found.toString().includes(unique)).length;
  assert.equal(await patients('a'), 0);
  assert.equal(await patients(String.raw`a\S\b\T\c\F\d\R\e\E\f`), 1);
  // And back: by ITI-41, of the same texts.
  const again = uid();
  const author = `<Classification id="au" classificationScheme="urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d" classifiedObject="D" nodeRepresentation="">` +
    `${slot('authorPerson', texts[texts.findIndex((text) => text.includes('Dr Prof'))].replaceAll('&', '&amp;'))}${slot('authorInstitution', String.raw`A \T\ B \S\ C`)}</Classification>`;
  const provided41 = await provide(server, provided({ unique: again }).replace('<Name>', `${author}<Name>`), Buffer.from('text'));
  assert.equal(verdict(provided41).status, 'Success', provided41.text);
  const view = JSON.parse((await ask('GET', `${server.base}/DocumentReference?identifier=urn:ietf:rfc:3986|urn:oid:${again}`)).text).entry[0].resource;
  const doctor = view.contained.find((one) => one.resourceType === 'Practitioner');
  assert.deepEqual([doctor.name[0].family, doctor.name[0].given, doctor.identifier[0]], [family, ['J^o'], who[0].identifier[0]]);
  assert.equal(view.contained.find((one) => one.resourceType === 'Organization').name, 'A & B ^ C');
});

test('ITI-65: a relative reference is one to the entry beside it, where these have addresses', async () => {
  const unique = uid();
  const body = JSON.parse(JSON.stringify(bundle({ unique })).replaceAll('urn:uuid:00000000-0000-4000-8000-000000000002', 'DocumentReference/d1').replaceAll('urn:uuid:00000000-0000-4000-8000-000000000003', 'Binary/b1'));
  for (const [at, path] of ['List/l1', 'DocumentReference/d1', 'Binary/b1'].entries()) body.entry[at].fullUrl = `http://source.example.org/fhir/${path}`;
  const answer = await post(body);
  assert.equal(answer.status, 200, answer.text);
  const list = JSON.parse((await ask('GET', `${server.base}/${JSON.parse(answer.text).entry[0].response.location.split('/_history')[0]}`)).text);
  assert.equal(list.entry[0].item.reference, JSON.parse(answer.text).entry[1].response.location.split('/_history')[0]);
  assert.equal(only((await retrieve(server, unique)).parts).toString(), 'Hello World');
});

test('ITI-65 costs in proportion to its entries and their references', async () => {
  const urn = (kind, i) => `urn:uuid:00000000-0000-4000-${kind}-${String(i).padStart(12, '0')}`;
  const refused = async (count) => {
    const related = Array.from({ length: count }, (_, i) => ({ reference: urn('8001', i) }));
    const entries = Array.from({ length: count }, (_, i) => ({ fullUrl: urn('8002', i), request: { method: 'POST', url: 'Binary' }, resource: { resourceType: 'Binary', contentType: 'text/plain', data: 'eA==' } }));
    const before = server.used();
    const answer = await post(bundle({ reference: { context: { sourcePatientInfo: { reference: '#p' }, related } }, entries }));
    assert.equal(answer.status, 422);
    assert.match(answer.text, /No DocumentReference names/);
    return server.used() - before;
  };
  const few = await refused(1_500);
  const many = await refused(15_000);
  assert.ok(many < 40 * (few + 0.01), `${many} s for ten times what takes ${few} s`);  // quadratic: a hundred times
});

test('ITI-65 replaces, and makes folders', async () => {
  const unique = uid();
  const first = JSON.parse((await post(bundle({ unique }))).text).entry[1].response.location.split('/_history')[0];
  const answer = await post(bundle({ reference: { relatesTo: [{ code: 'replaces', target: { reference: first } }] } }));
  assert.equal(answer.status, 200, answer.text);
  assert.equal(JSON.parse((await ask('GET', `${server.base}/${first}`)).text).status, 'superseded');
  const folderEntry = { fullUrl: 'urn:uuid:00000000-0000-4000-8000-000000000004', request: { method: 'POST', url: 'List' }, resource: {
    resourceType: 'List', status: 'current', mode: 'working', title: 'Folder', code: { coding: [{ system: `${mhd}/CodeSystem/MHDlistTypes`, code: 'folder' }] }, date: '2024-02-01T10:00:00Z',
    subject: { identifier: { system: `urn:oid:${oid}`, value: '1' } }, identifier: [{ use: 'usual', system: 'urn:ietf:rfc:3986', value: `urn:oid:${uid()}` }],
    extension: [{ url: `${mhd}/StructureDefinition/ihe-designationType`, valueCodeableConcept: { coding: [{ system: 'urn:oid:1.2.9', code: 'LIST' }] } }],
    entry: [{ item: { reference: 'urn:uuid:00000000-0000-4000-8000-000000000002' } }] } };
  const made = await post(bundle({ entries: [folderEntry] }));
  assert.equal(made.status, 200, made.text);
  const list = JSON.parse((await ask('GET', `${server.base}/${JSON.parse(made.text).entry[3].response.location.split('/_history')[0]}`)).text);
  assert.equal(list.entry.length, 1);
  // What is deprecated is asked for as superseded, or as FHIR calls it.
  const deprecated = await ask('PUT', `${server.base}/List/${list.id}`, JSON.stringify({ ...list, status: 'retired' }));
  assert.equal(deprecated.status, 200, deprecated.text);
  for (const [status, total] of [['current', 0], ['retired', 1], ['superseded', 1]])
    assert.equal(JSON.parse((await ask('GET', `${server.base}/List?_id=${list.id}&code=folder&status=${status}`)).text).total, total, status);
  const nobody = bundle({});
  delete nobody.meta;
  for (const { resource } of nobody.entry.slice(0, 2)) Object.assign(resource, { subject: { reference: 'Patient/nobody' }, meta: { profile: [`${mhd}/StructureDefinition/IHE.MHD.Minimal.X`] } });
  const lost = await post(nobody);
  assert.equal(lost.status, 422, lost.text);
  assert.match(lost.text, /XDSUnknownPatientId/);
});

test('ITI-65 does what its entries ask for, or refuses them', async () => {
  const unique = uid();
  const first = JSON.parse((await post(bundle({ unique }))).text).entry[1].response.location.split('/_history')[0];
  const patch = (...changes) => ({ fullUrl: 'urn:uuid:00000000-0000-4000-8000-000000000005', request: { method: 'PATCH', url: first }, resource: { resourceType: 'Parameters',
    parameter: changes.map(([path, value]) => ({ name: 'operation', part: [{ name: 'path', valueString: path }, { name: 'type', valueCode: 'replace' }, { name: 'value', valueCode: value }] })) } });
  const superseded = ['DocumentReference.status', 'superseded'];
  const refused = async (change, of = {}) => {
    const asked = bundle(of);
    delete asked.meta;  // or the profile would refuse it before
    change(asked.entry[1], asked);
    const answer = await post(asked);
    assert.equal(answer.status, 422, `${change}: ${answer.text}`);
    assert.match(answer.text, /XDSRegistryMetadataError/);
  };
  await refused((entry) => { entry.request = { method: 'PUT', url: 'DocumentReference/1' }; });
  await refused((entry) => { entry.request.ifNoneExist = 'identifier=1'; });
  await refused((entry, asked) => { asked.entry[2].request = { method: 'PUT', url: 'Binary/1' }; });
  await refused((entry) => { entry.resource.content.push(entry.resource.content[0]); });
  await refused((entry) => { entry.resource.docStatus = 'preliminary'; });
  await refused((entry) => { entry.resource.status = 'entered-in-error'; });
  await refused((entry) => { entry.resource.modifierExtension = [{ url: 'http://example.org/not', valueBoolean: true }]; });
  await refused((entry, asked) => { asked.entry.push(patch(superseded)); });
  assert.equal(JSON.parse((await ask('GET', `${server.base}/${first}`)).text).status, 'current');
  const replacing = { reference: { relatesTo: [{ code: 'replaces', target: { reference: first } }] } };
  await refused((entry, asked) => { asked.entry.push(patch(['DocumentReference.description', 'x'])); }, replacing);
  await refused((entry, asked) => { asked.entry.push(patch(superseded, ['DocumentReference.description', 'x'])); }, replacing);
  const replaced = await post(bundle({ ...replacing, entries: [patch(superseded)] }));
  assert.equal(replaced.status, 200, replaced.text);
  assert.equal(JSON.parse((await ask('GET', `${server.base}/${first}`)).text).status, 'superseded');
});

test('ITI-65 brings its patient along', async () => {
  const bring = (patient, request) => {
    const fullUrl = 'urn:uuid:00000000-0000-4000-8000-000000000006';
    const asked = bundle({ entries: [{ fullUrl, request, resource: { resourceType: 'Patient', ...patient } }] });
    for (const { resource } of asked.entry.slice(0, 2)) resource.subject = { reference: fullUrl };
    return post(asked);
  };
  const identifier = [{ system: `urn:oid:${oid}`, value: `b${uid()}` }];
  const first = await bring({ identifier, name: [{ family: 'Weber' }] }, { method: 'POST', url: 'Patient' });
  assert.equal(first.status, 200, first.text);
  const made = JSON.parse(first.text).entry.map(({ response }) => [response.status, response.location.split('/_history')[0]]);
  assert.deepEqual(made.map(([status, place]) => [status, place.split('/')[0]]), [['201 Created', 'List'], ['201 Created', 'DocumentReference'], ['201 Created', 'Binary'], ['201 Created', 'Patient']]);
  assert.equal(JSON.parse((await ask('GET', `${server.base}/${made[1][1]}`)).text).subject.reference, made[3][1]);
  const again = await bring({ id: made[3][1].slice(8), identifier, birthDate: '1970-01-01' }, { method: 'PUT', url: made[3][1] });
  assert.equal(again.status, 200, again.text);
  assert.equal(JSON.parse(again.text).entry[3].response.status, '200 OK');
  const now = JSON.parse((await ask('GET', `${server.base}/${made[3][1]}`)).text);
  assert.deepEqual([now.name[0].family, now.birthDate], ['Weber', '1970-01-01']);
  const other = await bring({ id: 'other', identifier }, { method: 'PUT', url: 'Patient/other' });
  assert.equal(other.status, 422, other.text);
  const nobody = await bring({ name: [{ family: 'Nobody' }] }, { method: 'POST', url: 'Patient' });
  assert.equal(nobody.status, 422, nobody.text);
  assert.match(nobody.text, /XDSUnknownPatientId/);
});

test('whom ITI-65 names, and what it refers to, is not lost', async () => {
  const unique = uid();
  const set = uid();
  const encounter = JSON.parse((await ask('POST', `${server.base}/Encounter`, JSON.stringify({ resourceType: 'Encounter', status: 'finished', class: { code: 'AMB' },
    identifier: [{ system: 'urn:oid:1.2.5', value: 'VISIT' }] }))).text).id;
  const asked = bundle({ unique, set, reference: {
    author: [{ identifier: { system: 'urn:oid:1.2.3', value: 'D1' }, display: 'Weber' }, { identifier: { system: 'http://example.org/doctors', value: 'D2' } }, { display: 'Muller' }, { reference: 'https://example.org/Practitioner/7' }, { type: 'Organization', display: 'Clinic' }],
    authenticator: { reference: 'Organization/9', display: 'Clinic' },
    contained: [{ resourceType: 'Patient', id: 'p', identifier: [{ system: 'http://example.org/patients', value: 'P1' }], name: [{ family: 'Weber' }, { family: 'Klein' }], telecom: [{ system: 'phone', value: '123' }] }],
    context: { facilityType: { coding: [{ system: 'urn:oid:1.2.9', code: 'HOSPITAL' }] }, practiceSetting: { coding: [{ system: 'urn:oid:1.2.9', code: 'GENERAL' }] }, sourcePatientInfo: { reference: '#p' },
      related: [{ identifier: { system: 'http://example.org/orders', value: 'ORDER' } }, { identifier: { system: 'urn:ietf:rfc:3986', value: 'urn:oid:1.2.3.4.5' } }], encounter: [{ reference: `Encounter/${encounter}` }] } } });
  const list = asked.entry[0].resource;
  list.contained = [{ resourceType: 'Practitioner', id: 'a', name: [{ family: 'Weber' }] }, { resourceType: 'Organization', id: 'o', name: 'Clinic', identifier: [{ system: 'urn:oid:1.2.3.55', value: 'O1' }] },
    { resourceType: 'PractitionerRole', id: 'r', practitioner: { reference: '#a' }, organization: { reference: '#o' }, telecom: [{ system: 'email', value: 'a@example.org' }] }];
  list.source = { reference: '#a', extension: [{ url: `${mhd}/StructureDefinition/ihe-authorOrg`, valueReference: { reference: '#o' } }] };
  for (const to of ['#o', '#r']) list.extension.push({ url: `${mhd}/StructureDefinition/ihe-intendedRecipient`, valueReference: { reference: to } });
  const answer = await post(asked);
  assert.equal(answer.status, 200, answer.text);
  const slots = (object) => descendants(object, 'Slot').map((one) => [one.getAttribute('name'), ...descendants(one, 'Value').map((value) => value.textContent)]);
  const named = (object, name) => slots(object).filter(([key]) => key === name).map(([, ...values]) => values);
  const entry = descendants((await byUnique(server, unique)).body, 'ExtrinsicObject')[0];
  assert.deepEqual(named(entry, 'authorPerson'), [['D1^Weber^^^^^^^&1.2.3&ISO'], ['D2^^^^^^^^&http://example.org/doctors&URI'], ['^Muller'], ['https://example.org/Practitioner/7']]);
  assert.deepEqual(named(entry, 'authorInstitution'), [['Clinic']]);
  assert.deepEqual(named(entry, 'legalAuthenticator'), [['Organization/9^Clinic']]);
  assert.deepEqual(named(entry, 'sourcePatientInfo'), [['PID-3|P1^^^&http://example.org/patients&URI', 'PID-5|Weber~Klein', 'PID-13|^PRN^PH^^^^^^^^^123']]);
  assert.deepEqual(named(entry, 'urn:ihe:iti:xds:2013:referenceIdList'), [['ORDER^^^&http://example.org/orders&URI', '1.2.3.4.5^^^^urn:ihe:iti:xds:2013:uniqueId', 'VISIT^^^&1.2.5&ISO^urn:ihe:iti:xds:2015:encounterId']]);
  const sets = descendants((await ask18(server, 'e8e3cb2c-e39c-46b9-99e4-c12f57260b83', { XDSSubmissionSetUniqueId: `'${set}'` })).body, 'RegistryPackage');
  assert.deepEqual(named(sets[0], 'authorInstitution'), [['Clinic^^^^^&1.2.3.55&ISO^^^^O1']]);
  assert.deepEqual(named(sets[0], 'intendedRecipient'), [['Clinic^^^^^&1.2.3.55&ISO^^^^O1', 'Clinic^^^^^&1.2.3.55&ISO^^^^O1|^Weber|^^Internet^a@example.org']]);
  const shown = JSON.parse((await ask('GET', `${server.base}/DocumentReference/${entry.getAttribute('id').slice(9)}`)).text);
  assert.deepEqual(shown.context.related.map(({ identifier }) => [identifier.system, identifier.value]), [['http://example.org/orders', 'ORDER'], ['urn:ietf:rfc:3986', 'urn:oid:1.2.3.4.5']]);
  const source = shown.contained.find((one) => one.resourceType === 'Patient');
  assert.deepEqual([source.identifier[0].system, source.name.map(({ family }) => family), source.telecom], ['http://example.org/patients', ['Weber', 'Klein'], [{ system: 'phone', value: '123' }]]);
  const kept = JSON.parse((await ask('GET', `${server.base}/List/${sets[0].getAttribute('id').slice(9)}`)).text);
  const recipients = kept.extension.filter(({ url }) => url.endsWith('intendedRecipient')).map(({ valueReference }) => kept.contained.find(({ id }) => `#${id}` === valueReference.reference).resourceType);
  assert.deepEqual(recipients, ['Organization', 'PractitionerRole']);
});

test('ITI-105: a DocumentReference with its document is published on its own', async () => {
  const unique = uid();
  const answer = await ask('POST', `${server.base}/DocumentReference`, JSON.stringify(published(unique)));
  assert.equal(answer.status, 201, answer.text);
  assert.equal(only((await retrieve(server, unique)).parts).toString(), 'published');
  for (const subject of [undefined, { reference: 'Patient/nobody' }, { display: 'Weber' }]) {
    const lost = await ask('POST', `${server.base}/DocumentReference`, JSON.stringify({ ...published(uid()), subject }));
    assert.equal(lost.status, 422, lost.text);
    assert.match(lost.text, /XDSUnknownPatientId/);
  }
  assert.equal(descendants((await byUnique(server, unique)).body, 'ExtrinsicObject').length, 1);
});

test('ITI-106: a CDA document publishes itself', async () => {
  const unique = uid();
  const document = cda(unique);
  const call = (data) => ask('POST', `${server.base}/DocumentReference/$generate-metadata`, JSON.stringify(describing(data)));
  const answer = await call(document);
  assert.equal(answer.status, 200, answer.text);
  const reference = JSON.parse(answer.text).parameter[0].valueReference.reference;
  const made = JSON.parse((await ask('GET', `${server.base}/${reference}`)).text);
  assert.equal(made.content[0].attachment.title, 'Discharge');
  assert.equal(made.type.coding[0].system, 'http://loinc.org');
  assert.equal(only((await retrieve(server, unique)).parts).toString(), document);
  assert.equal((await call('no document')).status >= 400, true);
  assert.equal((await call('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>')).status >= 400, true);
});

test('ITI-67 gives a document a full URL, which is no change when it comes back', async () => {
  const unique = uid();
  await provide(server, provided({ unique }), Buffer.from('where I am'));
  const search = async (more) => JSON.parse((await ask('GET', `${server.base}/DocumentReference?identifier=urn:oid:${unique}${more}`)).text).entry[0].resource;
  const found = await search('');
  const { url } = found.content[0].attachment;
  assert.ok(url.startsWith(`${server.base}/Binary/`), url);
  assert.equal(await (await fetch(url, { headers: { Accept: 'text/plain' } })).text(), 'where I am');
  assert.deepEqual((await search('&_elements=content')).content, found.content);
  const at = `${server.base}/DocumentReference/${found.id}`;
  const put = await ask('PUT', at, JSON.stringify({ ...found, language: 'de' }));
  assert.equal(put.status, 200, put.text);
  const kept = JSON.parse((await ask('GET', at)).text).content[0].attachment;
  assert.deepEqual(kept, { ...found.content[0].attachment, url: url.slice(server.base.length + 1) });
  assert.equal((await search('')).content[0].attachment.url, url);
});

test('ITI-68 gives a part of a document', async () => {
  const unique = uid();
  await provide(server, provided({ unique }), Buffer.from('0123456789'));
  const entry = descendants((await byUnique(server, unique)).body, 'ExtrinsicObject')[0];
  const { attachment } = JSON.parse((await ask('GET', `${server.base}/DocumentReference/${entry.getAttribute('id').slice(9)}`)).text).content[0];
  const part = async (range) => {
    const answer = await fetch(`${server.base}/${attachment.url}`, { headers: { Accept: 'text/plain', Range: range } });
    return [answer.status, answer.headers.get('content-range'), await answer.text()];
  };
  assert.deepEqual(await part('bytes=2-4'), [206, 'bytes 2-4/10', '234']);
  assert.deepEqual(await part('bytes=7-'), [206, 'bytes 7-9/10', '789']);
  assert.deepEqual(await part('bytes=-3'), [206, 'bytes 7-9/10', '789']);
  assert.deepEqual(await part('bytes=10-'), [416, 'bytes */10', '']);
  assert.deepEqual(await part('lines=1-2'), [200, null, '0123456789']);
});

test('a registered entry obeys the registry when it is written as FHIR', async () => {
  const unique = uid();
  await provide(server, provided({ unique }), Buffer.from('text'));
  const id = descendants((await byUnique(server, unique)).body, 'ExtrinsicObject')[0].getAttribute('id').slice(9);
  const place = `${server.base}/DocumentReference/${id}`;
  assert.equal((await ask('DELETE', place)).status, 409);
  const reference = JSON.parse((await ask('GET', place)).text);
  assert.equal((await ask('PUT', place, JSON.stringify({ ...reference, description: 'other' }))).status, 422);
  for (const lost of [{ docStatus: 'final' }, { status: 'entered-in-error' }, { content: [...reference.content, ...reference.content] },
    { relatesTo: [{ code: 'appends', target: { reference: `DocumentReference/${id}` } }] }])
    assert.equal((await ask('PUT', place, JSON.stringify({ ...reference, ...lost }))).status, 422, JSON.stringify(lost));
  const { entry: [{ resource: set }] } = JSON.parse((await ask('GET', `${server.base}/List?item=DocumentReference/${id}`)).text);
  assert.equal((await ask('PUT', `${server.base}/List/${set.id}`, JSON.stringify({ ...set, entry: [...set.entry, { item: { reference: `DocumentReference/${randomUUID()}` } }] }))).status, 422);
  assert.equal((await ask('PUT', `${server.base}/List/${set.id}`, JSON.stringify({ ...set, status: 'retired' }))).status, 422);
  const changed = await ask('PUT', place, JSON.stringify({ ...reference, status: 'superseded' }));
  assert.equal(changed.status, 200, changed.text);
  assert.ok(descendants((await byUnique(server, unique)).body, 'ExtrinsicObject')[0].getAttribute('status').endsWith('Deprecated'));
});

test('the document of a registered entry stays what it is, and goes by ITI-86', async () => {
  const unique = uid();
  const answer = await post(bundle({ unique }));
  assert.equal(answer.status, 200, answer.text);
  const path = JSON.parse(answer.text).entry[2].response.location.split('/_history')[0];
  const binary = JSON.parse((await ask('GET', `${server.base}/${path}`)).text);
  const put = (data) => ask('PUT', `${server.base}/${path}`, JSON.stringify({ ...binary, data: Buffer.from(data).toString('base64') }));
  for (const refused of [await put('Other words'), await ask('DELETE', `${server.base}/${path}`)]) {
    assert.equal(refused.status, 409, refused.text);
    assert.match(refused.text, /ITI-86/);
  }
  assert.equal((await ask('PUT', `${server.base}/${path}`, 'raw words', { 'Content-Type': 'text/plain' })).status, 409);
  assert.equal((await put('Hello World')).status, 200);
  assert.equal(only((await retrieve(server, unique)).parts).toString(), 'Hello World');
  const removed = await send(`${server.origin}/soap`, 'urn:ihe:iti:2017:RemoveDocuments', '<d:RemoveDocumentsRequest xmlns:d="urn:ihe:iti:rmd:2017"><x:DocumentRequest xmlns:x="urn:ihe:iti:xds-b:2007">' +
    `<x:RepositoryUniqueId>${repository}</x:RepositoryUniqueId><x:DocumentUniqueId>${unique}</x:DocumentUniqueId></x:DocumentRequest></d:RemoveDocumentsRequest>`);
  assert.equal(verdict(removed).status, 'Success', removed.text);
  assert.equal((await ask('GET', `${server.base}/${path}`)).status, 410);
});

test('a DocumentReference of MHD is an entry however it comes: PUT and POST', async () => {
  for (const method of ['PUT', 'POST']) {
    const unique = uid();
    const binary = JSON.parse((await ask('POST', `${server.base}/Binary`, JSON.stringify({ resourceType: 'Binary', contentType: 'text/plain', data: Buffer.from(unique).toString('base64') }))).text);
    const { resource } = bundle({ unique, bytes: unique }).entry[1];
    resource.content[0].attachment.url = `Binary/${binary.id}`;
    resource.meta = { profile: [`${mhd}/StructureDefinition/IHE.MHD.Comprehensive.DocumentReference`] };
    if (method === 'PUT') resource.id = randomUUID();
    const answer = await ask(method, `${server.base}/DocumentReference${method === 'PUT' ? `/${resource.id}` : ''}`, JSON.stringify(resource));
    assert.equal(answer.status, 201, answer.text);
    const entry = descendants((await byUnique(server, unique)).body, 'ExtrinsicObject')[0];
    if (method === 'PUT') assert.equal(entry.getAttribute('id'), `urn:uuid:${resource.id}`);
    assert.ok(entry.toString().includes(hash(unique)));
    assert.equal(only((await retrieve(server, unique)).parts).toString(), unique);
    const refused = await ask('PUT', `${server.base}/DocumentReference/${randomUUID()}`, JSON.stringify({ ...resource, id: undefined, subject: { identifier: { system: `urn:oid:${oid}`, value: 'nobody' } } }));
    assert.ok([400, 422].includes(refused.status), refused.text);
  }
  const plain = await ask('POST', `${server.base}/DocumentReference`, JSON.stringify({ resourceType: 'DocumentReference', status: 'current', content: [{ attachment: { title: 'no entry' } }] }));
  assert.equal(plain.status, 201, plain.text);
  const stays = JSON.parse(plain.text);
  assert.equal((await ask('PUT', `${server.base}/DocumentReference/${stays.id}`, JSON.stringify({ ...stays, description: 'other' }))).status, 200);
});

test('a DocumentReference of MHD is an entry within a transaction, and is created on a condition', async () => {
  const of_transaction = (resource, more = {}) => post({ resourceType: 'Bundle', type: 'transaction', entry: [{ fullUrl: 'urn:uuid:00000000-0000-4000-8000-000000000001', resource, request: { method: 'POST', url: 'DocumentReference', ...more } }] });
  const [first, second] = [uid(), uid()];
  const answer = await of_transaction(published(first));
  assert.equal(answer.status, 200, answer.text);
  const [entry] = descendants((await byUnique(server, first)).body, 'ExtrinsicObject');
  assert.ok(JSON.parse(answer.text).entry[0].response.location.includes(entry.getAttribute('id').slice(9)));
  assert.equal(only((await retrieve(server, first)).parts).toString(), 'published');
  const claimed = `urn:uuid:${randomUUID()}`;
  await of_transaction({ ...published(second), identifier: [{ type: { coding: [{ code: 'entryUUID' }] }, value: claimed }] });
  assert.equal(descendants((await byUnique(server, second)).body, 'ExtrinsicObject')[0].getAttribute('id'), claimed);
  const refused = await of_transaction({ ...published(uid()), subject: { identifier: { system: `urn:oid:${oid}`, value: 'nobody' } } });
  assert.match(refused.text, /XDSUnknownPatientId/);
  const condition = `identifier=urn:oid:${first}`;
  const alone = () => ask('POST', `${server.base}/DocumentReference`, JSON.stringify(published(first)), { 'If-None-Exist': condition });
  assert.deepEqual([(await alone()).status, (await of_transaction(published(first), { ifNoneExist: condition })).status], [200, 200]);
  assert.equal(descendants((await byUnique(server, first)).body, 'ExtrinsicObject').length, 1);
  const third = uid();
  const racing = await Promise.all(Array.from({ length: 4 }, () => ask('POST', `${server.base}/DocumentReference`, JSON.stringify(published(third)), { 'If-None-Exist': `identifier=urn:oid:${third}` })));
  assert.deepEqual(racing.map(({ status }) => status).filter((status) => status === 201), [201]);
  assert.equal(descendants((await byUnique(server, third)).body, 'ExtrinsicObject').length, 1);
});

test('DocumentReferences of MHD within a transaction relate to each other in any order, by the rules of ITI-65', async () => {
  const urn = (number) => `urn:uuid:00000000-0000-4000-8000-00000000000${number}`;
  const entry = (number, more, id) => ({ fullUrl: urn(number), resource: { ...published(uid(), id), ...more }, request: { method: 'POST', url: 'DocumentReference' } });
  const related = (code, number) => ({ relatesTo: [{ code, target: { reference: urn(number) } }] });
  const transaction = (entries) => post({ resourceType: 'Bundle', type: 'transaction', entry: entries });
  for (const [what, entries] of Object.entries({
    'the target comes behind': [entry(1, related('appends', 2)), entry(2)], 'the target comes before': [entry(2), entry(1, related('transforms', 2))],
    'each to the other': [entry(1, related('signs', 2)), entry(2, related('signs', 1))] })) {
    const answer = await transaction(entries);
    assert.equal(answer.status, 200, `${what}: ${answer.text}`);
    const at = (number) => JSON.parse(answer.text).entry[entries.findIndex(({ fullUrl }) => fullUrl === urn(number))].response.location.split('/_history')[0];
    const { relatesTo } = JSON.parse((await ask('GET', `${server.base}/${at(1)}`)).text);
    assert.deepEqual(relatesTo.map(({ code, target }) => [code, target.reference]), [[entries.find(({ fullUrl }) => fullUrl === urn(1)).resource.relatesTo[0].code, at(2)]], what);
    const associations = descendants((await ask18(server, 'a7ae438b-4bc2-4642-93e9-be891f7bb155', { uuid: `('urn:uuid:${at(2).slice(18)}')` })).body, 'Association');
    assert.ok(associations.some((one) => one.getAttribute('sourceObject') === `urn:uuid:${at(1).slice(18)}`), what);
  }
  await patient(server, 'other');
  for (const [what, entries, code] of [['replaced before it is registered', [entry(1, related('replaces', 2)), entry(2)], 'UnresolvedReferenceException'],
    ['the same, behind it', [entry(2), entry(1, related('replaces', 2))], 'UnresolvedReferenceException'],
    ['of another patient', [entry(1, related('appends', 2)), entry(2, {}, 'other')], 'XDSPatientIdDoesNotMatch'],
    ['no entry of MHD', [entry(1, related('appends', 2)), entry(2, { meta: undefined })], 'UnresolvedReferenceException']]) {
    const answer = await transaction(entries);
    assert.equal(answer.status, 422, `${what}: ${answer.text}`);
    assert.ok(answer.text.includes(code), `${what}: ${answer.text}`);
  }
});

test('UUIDs that differ in case only are one, at every door', async () => {
  const soap = (action, body) => send(`${server.origin}/soap`, action, body);
  const upper = () => `urn:uuid:${randomUUID()}`.toUpperCase().replace('URN:UUID', 'urn:uuid');
  const [unique, id, set] = [uid(), upper(), upper()];
  const named = (whole, as) => whole.replaceAll('"D"', `"${as}"`).replaceAll('"S"', `"${set}"`);
  const message = named(provided({ unique }), id).replace(`targetObject="${id}"`, `targetObject="${id.toLowerCase()}"`).replace(`Document id="${id}"`, `Document id="${id.toLowerCase()}"`);
  assert.equal(verdict(await provide(server, message, Buffer.from('text'))).status, 'Success');
  const [entry] = descendants((await byUnique(server, unique)).body, 'ExtrinsicObject');
  assert.equal(entry.getAttribute('id'), id.toLowerCase());
  assert.equal(verdict(await provide(server, named(provided({}), id.toLowerCase()), Buffer.from('text'))).status, 'Failure');
  for (const [query, parameters] of [['5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4', { XDSDocumentEntryEntryUUID: `('${id}')` }], ['5C4F972B-D56B-40AC-A5FC-C8CA9B40B9D4', { XDSDocumentEntryLogicalID: `('${id}')` }],
    ['e8e3cb2c-e39c-46b9-99e4-c12f57260b83', { XDSSubmissionSetEntryUUID: `'${set}'` }], ['51224314-5390-4169-9b91-b1980040715a', { uuid: `('${id}')` }]]) {
    const { body } = await ask18(server, query, parameters);
    assert.ok(['ExtrinsicObject', 'RegistryPackage'].some((name) => descendants(body, name).some((one) => [id, set].some((known) => one.getAttribute('id') === known.toLowerCase()))), query);
  }
  const place = `${server.base}/DocumentReference/${id.slice(9)}`;
  assert.equal((await ask('GET', place)).status, 404);
  const put = await ask('PUT', place, JSON.stringify({ ...published(uid()), id: id.slice(9) }));
  assert.equal(put.status, 422, put.text);
  assert.ok(put.text.includes(id.slice(9).toLowerCase()));

  const second = uid();
  const whole = bundle({ unique: second, reference: { identifier: [{ type: { coding: [{ code: 'entryUUID' }] }, value: upper() }] } });
  const spelled = (text) => text.replace('00000000-0000-4000-8000-000000000003', 'ABCDEF00-0000-4000-8000-000000000003').replaceAll('00000000-0000-4000-8000-000000000003', 'abcdef00-0000-4000-8000-000000000003');
  const answer = await post(JSON.parse(spelled(JSON.stringify(whole))));
  assert.equal(answer.status, 200, answer.text);
  const claimed = descendants((await byUnique(server, second)).body, 'ExtrinsicObject')[0].getAttribute('id');
  assert.equal(claimed, whole.entry[1].resource.identifier[0].value.toLowerCase());
  assert.equal(only((await retrieve(server, second)).parts).toString(), 'Hello World');
  assert.equal((await post(bundle({ reference: { identifier: [{ type: { coding: [{ code: 'entryUUID' }] }, value: claimed.toUpperCase() }] } }))).status, 422);

  const contents = await ask18(server, 'e8e3cb2c-e39c-46b9-99e4-c12f57260b83', { XDSSubmissionSetEntryUUID: `'${set}'` });
  const all = ['ExtrinsicObject', 'RegistryPackage', 'Association'].flatMap((name) => descendants(contents.body, name)).map((one) => one.getAttribute('id').toUpperCase());
  const removed = await soap('urn:ihe:iti:2010:DeleteDocumentSet', '<l:RemoveObjectsRequest xmlns:l="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0" xmlns:r="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0">' +
    `<r:ObjectRefList>${all.map((one) => `<r:ObjectRef id="${one}"/>`).join('')}</r:ObjectRefList></l:RemoveObjectsRequest>`);
  assert.equal(verdict(removed).status, 'Success', removed.text);
  assert.deepEqual(descendants((await byUnique(server, unique)).body, 'ExtrinsicObject'), []);
});

test('a DocumentReference of MHD may name the Patient and the Binary that come in its transaction', async () => {
  const [id, unique] = [`p${uid()}`, uid()];
  const [whose, bytes] = [`urn:uuid:${randomUUID()}`, `urn:uuid:${randomUUID()}`];
  const resource = { ...published(unique), subject: { reference: whose }, content: [{ attachment: { contentType: 'text/plain', url: bytes } }] };
  const entry = (fullUrl, brought) => ({ fullUrl, resource: brought, request: { method: 'POST', url: brought.resourceType } });
  const answer = await post({ resourceType: 'Bundle', type: 'transaction', entry: [
    entry('urn:uuid:00000000-0000-4000-8000-000000000001', resource),
    entry(whose, { resourceType: 'Patient', identifier: [{ system: `urn:oid:${oid}`, value: id }] }),
    entry(bytes, { resourceType: 'Binary', contentType: 'text/plain', data: Buffer.from('beside').toString('base64') })] });
  assert.equal(answer.status, 200, answer.text);
  const [registered] = descendants((await byUnique(server, unique)).body, 'ExtrinsicObject');
  assert.ok(registered.toString().includes(`${id}^^^&amp;${oid}&amp;ISO`), registered.toString());
  assert.equal(only((await retrieve(server, unique)).parts).toString(), 'beside');
  const named = randomUUID();
  const other = await post({ resourceType: 'Bundle', type: 'transaction', entry: [entry(`urn:uuid:${randomUUID()}`,
    { resourceType: 'Basic', meta: resource.meta, code: { text: 'no entry' }, identifier: [{ type: { coding: [{ code: 'entryUUID' }] }, value: `urn:uuid:${named}` }] })] });
  assert.equal(other.status, 200, other.text);
  assert.ok(!other.text.includes(named));
});

test('a SubmissionSet comes by ITI-65 alone: as a List of its own ITI-18 would not find it', async () => {
  const whole = bundle({}).entry[0].resource;
  const named = { ...whole, code: { text: 'any' }, meta: { profile: [`${mhd}/StructureDefinition/IHE.MHD.Minimal.Folder`] } };
  for (const list of [{ ...whole, entry: undefined }, { ...named, entry: undefined }]) {
    const id = randomUUID();
    for (const answer of [await ask('POST', `${server.base}/List`, JSON.stringify(list)), await ask('PUT', `${server.base}/List/${id}`, JSON.stringify({ ...list, id })),
      await post({ resourceType: 'Bundle', type: 'transaction', entry: [{ fullUrl: `urn:uuid:${id}`, resource: { ...list, id }, request: { method: 'PUT', url: `List/${id}` } }] })]) {
      assert.equal(answer.status, 422, answer.text);
      assert.match(answer.text, /ITI-65/);
    }
  }
  const other = await ask('POST', `${server.base}/List`, JSON.stringify({ resourceType: 'List', status: 'current', mode: 'working', code: { text: 'shopping' } }));
  assert.equal(other.status, 201, other.text);
});

const folderOf = (entry, more = {}) => ({ resourceType: 'List', status: 'current', mode: 'working', title: 'Folder', code: { coding: [{ system: `${mhd}/CodeSystem/MHDlistTypes`, code: 'folder' }] }, date: '2024-02-01T10:00:00Z',
  subject: { identifier: { system: `urn:oid:${oid}`, value: '1' } }, identifier: [{ use: 'usual', system: 'urn:ietf:rfc:3986', value: `urn:oid:${uid()}` }],
  extension: [{ url: `${mhd}/StructureDefinition/ihe-designationType`, valueCodeableConcept: { coding: [{ system: 'urn:oid:1.2.9', code: 'LIST' }] } }],
  entry: entry.length ? entry.map((reference) => ({ item: { reference } })) : undefined, ...more });
const members = async (id) => descendants((await ask18(server, 'b909a503-523d-4517-8acf-8e5834dfc4c7', { XDSFolderEntryUUID: `'urn:uuid:${id}'` })).body, 'Association').map((one) => one.getAttribute('targetObject').slice(9));

test('a Folder is one by whatever door it comes, and holds what comes in its transaction', async () => {
  const urn = (number) => `urn:uuid:00000000-0000-4000-8000-00000000000${number}`;
  const transaction = (...entries) => post({ resourceType: 'Bundle', type: 'transaction', entry: entries });
  const made = (number, resource) => ({ fullUrl: urn(number), resource, request: { method: 'POST', url: resource.resourceType } });
  const ids = (answer) => JSON.parse(answer.text).entry.map(({ response }) => response.location.split('/')[1]);
  for (const order of [[1, 2], [2, 1]]) {
    const parts = { 1: made(1, folderOf([urn(2), urn(2)])), 2: made(2, published(uid())) };
    const answer = await transaction(...order.map((number) => parts[number]));
    assert.equal(answer.status, 200, answer.text);
    const [list, reference] = order[0] === 1 ? ids(answer) : ids(answer).reverse();
    assert.deepEqual(await members(list), [reference]);
    assert.deepEqual(JSON.parse((await ask('GET', `${server.base}/List/${list}`)).text).entry.map(({ item }) => item.reference), [`DocumentReference/${reference}`]);
  }
  // Alone, under an id of its own, and filled by a PUT: with what is there, and with what comes along.
  const document = ids(await transaction(made(2, published(uid()))))[0];
  const id = randomUUID();
  const put = await ask('PUT', `${server.base}/List/${id}`, JSON.stringify(folderOf([], { id })));
  assert.equal(put.status, 201, put.text);
  const kept = JSON.parse(put.text);
  const filled = { ...kept, entry: [{ item: { reference: `DocumentReference/${document}` } }] };
  assert.equal((await ask('PUT', `${server.base}/List/${id}`, JSON.stringify(filled), { 'If-Match': 'W/"9"' })).status, 412);
  assert.equal((await ask('PUT', `${server.base}/List/${id}`, JSON.stringify(filled), { 'If-Match': 'W/"1"' })).status, 200);
  assert.deepEqual(await members(id), [document]);
  const along = await transaction(made(2, published(uid())), { fullUrl: `${server.base}/List/${id}`, request: { method: 'PUT', url: `List/${id}` },
    resource: { ...filled, entry: [...filled.entry, { item: { reference: urn(2) } }] } });
  assert.equal(along.status, 200, along.text);
  assert.deepEqual((await members(id)).sort(), [document, ids(along)[0]].sort());
  // It has one SubmissionSet, whatever came into it later.
  const sets = descendants((await ask18(server, '51224314-5390-4169-9b91-b1980040715a', { uuid: `('urn:uuid:${id}')` })).body, 'RegistryPackage');
  assert.equal(sets.length, 1);
  // Nothing leaves it, and nothing else of it changes.
  for (const change of [{ entry: undefined }, { title: 'Other', entry: [...filled.entry, { item: { reference: urn(2) } }] }])
    assert.equal((await ask('PUT', `${server.base}/List/${id}`, JSON.stringify({ ...filled, ...change }))).status, 422);
  const refused = await ask('POST', `${server.base}/List`, JSON.stringify(folderOf([], { subject: { identifier: { system: `urn:oid:${oid}`, value: 'nobody' } } })));
  assert.match(refused.text, /XDS/);
  assert.equal(refused.status, 422);
});

test('ITI-65 fills a registered Folder, and refuses what else its PUT would change', async () => {
  const id = randomUUID();
  const kept = JSON.parse((await ask('PUT', `${server.base}/List/${id}`, JSON.stringify(folderOf([], { id })))).text);
  const update = (list) => post(bundle({ entries: [{ fullUrl: `${server.base}/List/${id}`, request: { method: 'PUT', url: `List/${id}` }, resource: list }] }));
  const added = { item: { reference: 'urn:uuid:00000000-0000-4000-8000-000000000002' } };
  const answer = await update({ ...kept, entry: [added, added] });
  assert.equal(answer.status, 200, answer.text);
  const [member] = await members(id);
  assert.deepEqual(await members(id), [JSON.parse(answer.text).entry[1].response.location.split('/')[1]]);
  for (const list of [{ ...kept, entry: [added] }, { ...kept, title: 'Other', entry: [{ item: { reference: `DocumentReference/${member}` } }, added] }]) {
    const refused = await update(list);
    assert.equal(refused.status, 422, refused.text);
    assert.match(refused.text, /ITI-57/);
  }
});

test('what is replaced may be put as superseded beside its replacement, in any order', async () => {
  for (const last of [true, false]) {
    const first = JSON.parse((await post({ resourceType: 'Bundle', type: 'transaction', entry: [{ fullUrl: 'urn:uuid:00000000-0000-4000-8000-000000000001', resource: published(uid()), request: { method: 'POST', url: 'DocumentReference' } }] })).text).entry[0].response.location.split('/_history')[0];
    const kept = JSON.parse((await ask('GET', `${server.base}/${first}`)).text);
    const replacing = { fullUrl: 'urn:uuid:00000000-0000-4000-8000-000000000002', request: { method: 'POST', url: 'DocumentReference' }, resource: { ...published(uid()), relatesTo: [{ code: 'replaces', target: { reference: first } }] } };
    const old = (status) => ({ fullUrl: `${server.base}/${first}`, request: { method: 'PUT', url: first }, resource: { ...kept, status } });
    const both = (status) => post({ resourceType: 'Bundle', type: 'transaction', entry: last ? [replacing, old(status)] : [old(status), replacing] });
    assert.notEqual((await both('current')).status, 200);
    const answer = await both('superseded');
    assert.equal(answer.status, 200, answer.text);
    assert.equal(JSON.parse((await ask('GET', `${server.base}/${first}`)).text).status, 'superseded');
  }
});

test('names of MHD 4.0 (http) are those of later versions (https)', async () => {
  const [unique, set, alone] = [uid(), uid(), uid()];
  const old = (resource) => JSON.parse(JSON.stringify(resource).replaceAll('https://profiles.ihe.net', 'http://profiles.ihe.net'));
  const answer = await post(old(bundle({ unique, set })));
  assert.equal(answer.status, 200, answer.text);
  assert.equal(only((await retrieve(server, unique)).parts).toString(), 'Hello World');
  const found = JSON.parse((await ask('GET', `${server.base}/List?code=${encodeURIComponent(`${mhd}/CodeSystem/MHDlistTypes|submissionset`)}&identifier=urn:oid:${set}`)).text);
  assert.equal(found.total, 1);
  assert.ok(!JSON.stringify(found).includes('http://profiles.ihe.net'));
  assert.equal((await ask('POST', `${server.base}/DocumentReference`, JSON.stringify(old(published(alone))))).status, 201);
  assert.equal(descendants((await byUnique(server, alone)).body, 'ExtrinsicObject').length, 1);
});

test('where Binary and metadata name two media types, the metadata are taken and the sender is warned', async () => {
  const unique = uid();
  const whole = bundle({ unique });
  whole.entry[2].resource.contentType = 'application/pdf';
  const answer = await post(whole);
  assert.equal(answer.status, 200, answer.text);
  assert.match(JSON.stringify(JSON.parse(answer.text).entry[1].response.outcome ?? {}), /warning.*application\/pdf.*text\/plain/);
  assert.ok((await byUnique(server, unique)).text.includes('mimeType="text/plain"'));
  const location = JSON.parse(answer.text).entry[2].response.location.split('/_history')[0];
  assert.equal(JSON.parse((await ask('GET', `${server.base}/${location}`)).text).contentType, 'text/plain');
  const charset = bundle({});
  charset.entry[2].resource.contentType = 'Text/plain; charset=utf-8';
  const same = await post(charset);
  assert.equal(same.status, 200, same.text);
  assert.doesNotMatch(same.text, /its Binary/);
});

test('a FHIR document by ITI-65 comes back by ITI-43 and ITI-68', async () => {
  const unique = uid();
  const document = { resourceType: 'Bundle', type: 'document', identifier: { system: 'urn:ietf:rfc:3986', value: `urn:oid:${unique}` }, timestamp: '2024-02-01T10:00:00Z', entry: [
    { fullUrl: 'http://example.org/Composition/1', resource: { resourceType: 'Composition', status: 'final', type: { text: 'Summary' }, date: '2024-02-01', author: [{ display: 'A' }], title: 'Summary' } }] };
  const whole = bundle({ unique });
  whole.entry[2] = { ...whole.entry[2], request: { method: 'POST', url: 'Bundle' }, resource: document };
  const { attachment } = whole.entry[1].resource.content[0];
  Object.assign(attachment, { contentType: 'application/fhir+json' });
  delete attachment.hash;
  delete attachment.size;
  const answer = await post(whole);
  assert.equal(answer.status, 200, answer.text);
  const fetched = JSON.parse(only((await retrieve(server, unique)).parts).toString());
  assert.equal(fetched.type, 'document');
  assert.equal(fetched.entry[0].resource.title, 'Summary');
  const place = JSON.parse(answer.text).entry[2].response.location.replace(/\/_history.*/, '');
  const direct = JSON.parse((await ask('GET', `${server.base}/${place}`)).text);
  assert.deepEqual(direct, fetched);
  whole.entry[2].resource = { ...document, type: 'collection' };
  assert.ok((await post(whole)).text.includes('FHIRDocumentNotSupported'));
});

test('the content of an on-demand entry is made, kept as a snapshot, and replaced when the record changes', async () => {
  const id = `p${uid()}`;
  const person = await patient(server, id);
  const unique = uid();
  const body = provided({ unique, id }).replace(/^.*?<l:SubmitObjectsRequest/, '<l:SubmitObjectsRequest').replace(/<x:Document .*$/, '')
    .replace('7edca82f-054d-47f2-a032-9b2a5b5186c1', '34268e47-fdf5-41a6-ba33-82133c465248').replace('mimeType="text/plain"', 'mimeType="application/fhir+json"')
    .replace(slot('creationTime', '20240102'), slot('repositoryUniqueId', repository));
  const registered = await send(`${server.origin}/soap`, 'urn:ihe:iti:2010:RegisterOnDemandDocumentEntry', body);
  assert.equal(verdict(registered).status, 'Success', registered.text);
  const made = async () => {
    const answer = await retrieve(server, unique);
    assert.equal(verdict(answer).status, 'Success', answer.text);
    return { unique: descendants(answer.body, 'NewDocumentUniqueId')[0].textContent, document: JSON.parse(only(answer.parts).toString()) };
  };
  const first = await made();
  assert.equal(first.document.identifier.value, `urn:oid:${first.unique}`);
  assert.deepEqual(await made(), first);
  assert.deepEqual(JSON.parse(only((await retrieve(server, first.unique)).parts).toString()), first.document);
  const condition = { resourceType: 'Condition', subject: { reference: `Patient/${person}` }, code: { text: 'Asthma' } };
  assert.equal((await ask('POST', `${server.base}/Condition`, JSON.stringify(condition))).status, 201);
  const second = await made();
  assert.notEqual(second.unique, first.unique);
  assert.ok(second.document.entry.some((entry) => entry.resource.code?.text === 'Asthma'));
  const status = async (asked) => descendants((await byUnique(server, asked)).body, 'ExtrinsicObject')[0].getAttribute('status').split(':').at(-1);
  assert.equal(await status(first.unique), 'Deprecated');
  assert.equal(await status(second.unique), 'Approved');
  const related = await ask18(server, 'a7ae438b-4bc2-4642-93e9-be891f7bb155', { uuid: `('${descendants((await byUnique(server, second.unique)).body, 'ExtrinsicObject')[0].getAttribute('id')}')` });
  const types = descendants(related.body, 'Association').map((one) => one.getAttribute('associationType').split(':').at(-1)).sort();
  assert.deepEqual(types, ['HasMember', 'IsSnapshotOf', 'RPLC']);
  // Merged into another, the patient is called otherwise.
  const survivor = `p${uid()}`;
  await patient(server, survivor);
  const merged = { resourceType: 'Patient', active: false, identifier: [{ system: `urn:oid:${oid}`, value: id }], link: [{ type: 'replaced-by', other: { identifier: { system: `urn:oid:${oid}`, value: survivor } } }] };
  const merge = await ask('PUT', `${server.base}/Patient?identifier=urn:oid:${oid}|${id}`, JSON.stringify(merged));
  assert.equal(merge.status, 200, merge.text);
  const third = await made();
  assert.ok(third.document.entry.some((entry) => entry.resource.code?.text === 'Asthma'));
});

test('B52 a document that points elsewhere is stored as bytes and never followed', async () => {
  const unique = uid();
  const cda = '<ClinicalDocument xmlns="urn:hl7-org:v3"><component><nonXMLBody><text><reference value="http://127.0.0.1:1/x"/></text></nonXMLBody></component></ClinicalDocument>';
  assert.equal(verdict(await provide(server, provided({ unique }), Buffer.from(cda))).status, 'Success');
  assert.equal(only((await retrieve(server, unique)).parts).toString(), cda);
});

test('B103 what a submission names elsewhere is not fetched', async () => {
  const listener = createServer((request, answer) => { listener.asked = request.url; answer.end('{}'); });
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const elsewhere = `http://127.0.0.1:${listener.address().port}/fhir`;
  const { attachment, ...rest } = bundle({}).entry[1].resource.content[0];
  const away = await post(bundle({ reference: { content: [{ attachment: { ...attachment, url: `${elsewhere}/Binary/1` }, ...rest }] } }));
  assert.equal(away.status, 422, away.text);
  assert.match(away.text, /XDSMissingDocument/);
  const subject = await post(bundle({ reference: { subject: { reference: `${elsewhere}/Patient/1` } } }));
  assert.equal(subject.status, 422, subject.text);
  const author = await post(bundle({ reference: { author: [{ reference: `${elsewhere}/Practitioner/1` }] } }));
  assert.equal(author.status, 200, author.text);
  const alone = await ask('POST', `${server.base}/DocumentReference`, JSON.stringify({ ...published(uid()), content: [{ attachment: { contentType: 'text/plain', url: `${elsewhere}/Binary/1` } }] }));
  assert.equal(alone.status, 422, alone.text);
  listener.close();
  assert.equal(listener.asked, undefined);
});

test('B110 a document that was removed is gone at every door', async () => {
  const [unique, set, id] = [uid(), uid(), `p${uid()}`];
  await patient(server, id);
  await provide(server, provided({ unique, set, id }), Buffer.from('soon gone'));
  const [entry] = descendants((await byUnique(server, unique)).body, 'ExtrinsicObject').map((one) => one.getAttribute('id'));
  const { attachment } = JSON.parse((await ask('GET', `${server.base}/DocumentReference/${entry.slice(9)}`)).text).content[0];
  const contents = await ask18(server, 'e8e3cb2c-e39c-46b9-99e4-c12f57260b83', { XDSSubmissionSetUniqueId: `'${set}'` });
  const all = ['ExtrinsicObject', 'RegistryPackage', 'Association'].flatMap((name) => descendants(contents.body, name)).map((one) => one.getAttribute('id'));
  const removed = await send(`${server.origin}/soap`, 'urn:ihe:iti:2010:DeleteDocumentSet', '<l:RemoveObjectsRequest xmlns:l="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0" xmlns:r="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0">' +
    `<r:ObjectRefList>${all.map((one) => `<r:ObjectRef id="${one}"/>`).join('')}</r:ObjectRefList></l:RemoveObjectsRequest>`);
  assert.equal(verdict(removed).status, 'Success', removed.text);
  const bytes = await send(`${server.origin}/soap`, 'urn:ihe:iti:2017:RemoveDocuments', '<m:RemoveDocumentsRequest xmlns:m="urn:ihe:iti:rmd:2017" xmlns:x="urn:ihe:iti:xds-b:2007">' +
    `<x:DocumentRequest><x:RepositoryUniqueId>${repository}</x:RepositoryUniqueId><x:DocumentUniqueId>${unique}</x:DocumentUniqueId></x:DocumentRequest></m:RemoveDocumentsRequest>`);
  assert.equal(verdict(bytes).status, 'Success', bytes.text);
  for (const url of [`DocumentReference/${entry.slice(9)}`, attachment.url]) {
    const gone = await ask('GET', `${server.base}/${url}`);
    assert.equal(gone.status, 410, url);
    assert.ok(!gone.text.includes('soon gone'));
  }
  assert.deepEqual(verdict(await retrieve(server, unique)).codes, ['XDSDocumentUniqueIdError']);
  for (const answer of [await byUnique(server, unique), await find(server, id), await ask18(server, '10cae35a-c7f9-4cf5-b61e-fc3278ffb578', { XDSDocumentEntryEntryUUID: `'${entry}'` })]) {
    assert.equal(verdict(answer).status, 'Success');
    assert.deepEqual(['ExtrinsicObject', 'RegistryPackage', 'Association'].flatMap((name) => descendants(answer.body, name)), []);
  }
  for (const search of [`DocumentReference?patient.identifier=urn:oid:${oid}%7C${id}`, `List?identifier=urn:oid:${set}`])
    assert.equal(JSON.parse((await ask('GET', `${server.base}/${search}`)).text).total, 0, search);
});

test('blanks are no uniqueId and no code', async () => {
  for (const [body, attribute] of [[provided({ unique: ' ' }), 'uniqueId'], [provided({ set: ' 1.2.3' }), 'uniqueId'], [provided({}).replace('value="1.2.3.7"', 'value=" "'), 'sourceId'],
    [provided({ codes: { type: ' ' } }), 'typeCode']]) {
    const answer = await provide(server, body, Buffer.from('x'));
    assert.deepEqual(verdict(answer).codes.filter((one, at, all) => all.indexOf(one) === at), ['XDSRepositoryMetadataError'], answer.text);
    assert.equal(verdict(answer).status, 'Failure', answer.text);
    assert.match(answer.text, new RegExp(`${attribute} &quot; ?(1.2.3)?&quot; has not the form`));
  }
});

test('an on-demand entry comes by ITI-61 alone, whatever else it says of itself', async () => {
  const entry = provided({}).replace('7edca82f-054d-47f2-a032-9b2a5b5186c1', '34268e47-fdf5-41a6-ba33-82133c465248').replace(/<x:Document .*<\/x:Document>/, '');
  const marked = entry.replace('</ExtrinsicObject>', '<Classification id="limited" classifiedObject="D" classificationNode="urn:uuid:ab9b591b-83ab-4d03-8f5d-f93b1fb92e85"/></ExtrinsicObject>');
  for (const body of [entry, marked]) {
    const answer = await send(`${server.origin}/soap`, 'urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b', body);
    assert.equal(verdict(answer).status, 'Failure', answer.text);
    assert.match(answer.text, /registered by ITI-61/);
  }
});

test('kill -9 in the middle of a thousand submissions leaves none half stored', async () => {
  const data = mkdtempSync(join(tmpdir(), 'killed-'));
  const victim = await start({ data, flags });
  await patient(victim, '1');
  const sent = [];
  const text = (unique) => ((Number(unique.split('.').at(-1)) >> 1) % 8 ? `document ${unique}` : `document ${unique} `.repeat(4_000));  // some are files
  let killed = null;
  const client = async () => {
    while (sent.length < 1_000) {
      const unique = uid();
      const one = { unique, acknowledged: false };
      sent.push(one);
      if (sent.length === 500) killed = victim.kill();
      const answer = await provide(victim, provided({ unique }), Buffer.from(text(unique))).catch(() => null);
      one.acknowledged = answer !== null && verdict(answer).status === 'Success';
      if (answer === null) return;
    }
  };
  await Promise.all(Array.from({ length: 8 }, client));
  await killed;
  assert.equal(run('check', '--repair', '--data', data).status, 0);
  const files = readdirSync(join(data, 'blobs'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
  const again = await start({ data, flags });
  try {
    assert.ok(sent.filter((one) => one.acknowledged).length >= 400);
    const kept = new Set();
    for (let at = 0; at < sent.length; at += 50) {
      const asked = sent.slice(at, at + 50).map((one) => one.unique);
      const { body } = await ask18(again, '5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4', { XDSDocumentEntryUniqueId: `('${asked.join("','")}')` });
      const entries = descendants(body, 'ExtrinsicObject').map((entry) => ({ id: entry.getAttribute('id'),
        unique: descendants(entry, 'ExternalIdentifier').map((each) => each.getAttribute('value')).find((value) => asked.includes(value)) }));
      if (entries.length === 0) continue;
      const sets = await ask18(again, '51224314-5390-4169-9b91-b1980040715a', { uuid: `('${entries.map((entry) => entry.id).join("','")}')` });
      assert.equal(descendants(sets.body, 'RegistryPackage').length, entries.length);
      for (const { unique } of entries) {
        kept.add(unique);
        assert.equal(only((await retrieve(again, unique)).parts)?.toString(), text(unique));
      }
    }
    for (const { unique, acknowledged } of sent) if (acknowledged) assert.ok(kept.has(unique), unique);
    for (const { unique } of sent) if (!kept.has(unique)) assert.notEqual(verdict(await retrieve(again, unique)).status, 'Success');
    const count = async (type) => JSON.parse((await ask('GET', `${again.base}/${type}?_summary=count`)).text).total;
    assert.equal(await count('DocumentReference'), kept.size);
    assert.equal(await count('List'), kept.size);
    assert.equal(files, [...kept].filter((unique) => text(unique).length >= 65_536).length, 'no file is left that nothing names');
  } finally {
    await again.stop();
    rmSync(data, { recursive: true });
  }
});
