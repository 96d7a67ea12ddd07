// Each IHE transaction that is FHIR at the wire leaves one audit record, also when it is refused: a change in the same
// commit, a question soon after its answer, searches and reads where --audit-queries wants it. IHE BALP 1.1.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect } from '../../conformance/mllp.mjs';
import { ask, start } from '../../conformance/server.mjs';
import { envelope, feed, pixQuery, post, v3 } from '../../conformance/soap.mjs';
import { descendants, send as send_soap } from '../../conformance/xds/soap.mjs';
import { bundle, byUnique, cda, describing, oid, provide, provided as provideRequest, published, repository, retrieve, uid } from './parts/documents.mjs';

const folder = mkdtempSync(join(tmpdir(), 'alzette-audit-'));
const red = `urn:oid:${oid}`;
const seen = new Set();
const replies = 'http://127.0.0.1:9';  // nobody is there
let server;
let patient;

before(async () => {
  writeFileSync(join(folder, 'domains.json'), JSON.stringify([{ name: 'RED', oid }]));
  server = await start({ flags: ['--domains', join(folder, 'domains.json'), '--match-links', 'off', '--audit-queries', '--mllp', '127.0.0.1:0', '--allow-endpoint', `${replies}/`] });
  patient = JSON.parse((await send('POST', 'Patient', of('1'))).text).id;
});
after(async () => { await server.stop(); rmSync(folder, { recursive: true, force: true }); });

const of = (value, more = {}) => ({ resourceType: 'Patient', identifier: [{ system: red, value }], name: [{ family: 'Mohr', given: ['Alice'] }], birthDate: '1958-01-30', ...more });
const send = (method, path, body, headers) => ask(method, `${server.base}/${path}`, body && JSON.stringify(body), headers);
const events = async (to, code) => (JSON.parse((await ask('GET', `${to.base}/AuditEvent?_count=1000&subtype=urn:ihe:event-type-code|${code}`)).text).entry ?? [])
  .map(({ resource }) => resource);
// The records of that transaction which are new since `before`; those of questions come some milliseconds behind.
const record = (code, request) => { seen.add(code); return made(code, request); };
async function made(code, request) {
  const before = new Set((await events(server, code)).map(({ id }) => id));
  const answer = await request();
  for (;;) {
    const found = (await events(server, code)).filter(({ id }) => !before.has(id));
    assert.ok(found.length < 2, 'one record for each request');
    if (found.length) return { answer, event: found[0] };
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
const query = (event) => Buffer.from(event.entity.find((entity) => entity.query)?.query ?? '', 'base64').toString();
const patients = (event) => event.entity.filter(({ role }) => role?.code === '1').map(({ what }) => what.reference ?? `${what.identifier.system}|${what.identifier.value}`);
const objects = (event) => event.entity.filter(({ role, what }) => what?.reference && role?.code !== '1').map(({ role, what }) => `${role.code} ${what.reference.split('/')[0]}`);
const kind = ({ type, action, outcome }) => [type.code, action, outcome].join(' ');

test('ITI-83 and ITI-119: a question is recorded with its words, from whom and to whom', async () => {
  const asked = `Patient/$ihe-pix?sourceIdentifier=${encodeURIComponent(`${red}|1`)}`;
  const { event } = await record('ITI-83', () => send('GET', asked, undefined, { 'X-Request-Id': 'asked-1' }));
  assert.equal(kind(event), 'rest E 0');
  assert.deepEqual(event.subtype.map(({ code }) => code), ['search', 'ITI-83']);
  assert.deepEqual([query(event), patients(event)], [asked, [`${red}|1`]]);
  const [client, us] = event.agent;
  assert.deepEqual([client.type.coding[0].code, client.requestor, client.network.address, us.type.coding[0].code, us.network.address],
    ['110153', true, '127.0.0.1', '110152', server.base]);
  assert.deepEqual(event.source.observer, us.who);
  assert.ok(event.entity.some(({ type, what }) => type?.code === 'XrequestId' && what.identifier.value === 'asked-1'));
  const refused = await record('ITI-83', () => send('GET', `Patient/$ihe-pix?sourceIdentifier=${red}|nobody`));
  assert.deepEqual([refused.answer.status, kind(refused.event), refused.event.outcomeDesc], [404, 'rest E 4', 'not-found']);
  const posted = await record('ITI-83', () => send('POST', 'Patient/$ihe-pix', { resourceType: 'Parameters', parameter: [{ name: 'sourceIdentifier', valueString: `${red}|1` }] }));
  assert.deepEqual([posted.answer.status, patients(posted.event)], [200, [`${red}|1`]]);
  const matched = await record('ITI-119', () => send('POST', 'Patient/$match', { resourceType: 'Parameters', parameter: [{ name: 'resource', resource: of('9') }] }));
  assert.equal(kind(matched.event), 'rest E 0');
  assert.match(query(matched.event), /^Patient\/\$match\n.*Mohr/s);
});

test('ITI-104: create, update and delete are told apart, in one commit with what they did', async () => {
  const feed = (method, body) => () => send(method, `Patient?identifier=${encodeURIComponent(`${red}|2`)}`, body);
  const created = await record('ITI-104', feed('PUT', of('2')));
  const at = JSON.parse(created.answer.text).meta.lastUpdated;
  assert.deepEqual([kind(created.event), created.event.subtype[0].code, created.event.meta.lastUpdated], ['rest C 0', 'create', at]);
  assert.deepEqual([patients(created.event), objects(created.event)], [[`${red}|2`], ['4 Patient']]);
  assert.deepEqual(kind((await record('ITI-104', feed('PUT', of('2', { gender: 'female' })))).event), 'rest U 0');
  assert.deepEqual(kind((await record('ITI-104', feed('PUT', of('2', { birthDate: '1958-02-30' })))).event), 'rest U 4');
  assert.deepEqual(kind((await record('ITI-104', feed('DELETE'))).event), 'rest D 0');
});

// The roles of BALP: who reads is the destination of what is read, who deletes has none.
const roles = ({ agent }) => agent.map(({ type, requestor }) => `${type.coding[0].code} ${requestor}`);
test('ITI-94: a Subscription to messages is recorded from its creation to its deletion, others are not', async () => {
  const wanted = (type) => ({ resourceType: 'Subscription', status: 'off', reason: 'x', criteria: 'Patient?_id=1', channel: { type, endpoint: 'http://127.0.0.1:9/feed', payload: 'application/fhir+json' } });
  await send('POST', 'Subscription', wanted('rest-hook'));
  const created = await record('ITI-94', () => send('POST', 'Subscription', wanted('message')));
  const { id } = JSON.parse(created.answer.text);
  assert.deepEqual([created.answer.status, kind(created.event), roles(created.event)], [201, 'rest C 0', ['110153 true', '110152 false']]);
  assert.deepEqual(objects(created.event), ['4 Subscription']);
  const refused = await record('ITI-94', () => send('PUT', `Subscription/${id}`, { ...wanted('message'), id, criteria: 'Observation?code=1' }));
  assert.deepEqual([refused.answer.status, kind(refused.event)], [422, 'rest U 4']);
  const read = await record('ITI-94', () => send('GET', `Subscription/${id}`));
  assert.deepEqual([kind(read.event), roles(read.event)], ['rest R 0', ['110152 true', '110153 false']]);
  const ended = await record('ITI-94', () => send('DELETE', `Subscription/${id}`));
  assert.deepEqual([kind(ended.event), roles(ended.event)], ['rest D 0', ['110150 true', 'custodian false']]);
  assert.deepEqual(objects(ended.event), ['4 Subscription']);
});

test('ITI-104 within a transaction: each conditional entry has a record of its own, in one commit with all', async () => {
  const by = (value) => `Patient?identifier=${encodeURIComponent(`${red}|${value}`)}`;
  const known = new Set((await events(server, 'ITI-104')).map(({ id }) => id));
  const carry_out = async (...entries) => {
    const entry = entries.map(([method, url, resource]) => ({ request: { method, url }, ...(resource && { resource }) }));
    const answer = await ask('POST', server.base, JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry }));
    assert.equal(answer.status, 200, answer.text);
    const found = (await events(server, 'ITI-104')).filter(({ id }) => !known.has(id) && known.add(id));
    const at = JSON.parse(answer.text).entry[0].response.lastModified;
    assert.ok(found.every(({ meta }) => meta.lastUpdated === at), `${at}: ${JSON.stringify(found.map(({ meta }) => meta))}`);
    return found.map((event) => [kind(event), event.subtype[0].code, ...patients(event), ...objects(event)].join(' ')).sort();
  };
  assert.deepEqual(await carry_out(['PUT', by('20'), of('20')], ['PUT', by('21'), of('21')], ['POST', 'Patient', of('22')], ['DELETE', by('nobody')]),
    [`rest C 0 create ${red}|20 4 Patient`, `rest C 0 create ${red}|21 4 Patient`, `rest D 0 delete ${red}|nobody`]);
  assert.deepEqual(await carry_out(['PUT', by('20'), of('20', { gender: 'female' })], ['DELETE', by('21')]),
    [`rest D 0 delete ${red}|21 4 Patient`, `rest U 0 update ${red}|20 4 Patient`]);
  // Refused as a whole, each of them is.
  const entry = [['PUT', by('20'), of('20')], ['DELETE', by('20')], ['PUT', by('23'), of('23', { birthDate: '1958-02-30' })]]
    .map(([method, url, resource]) => ({ request: { method, url }, ...(resource && { resource }) }));
  for (const some of [entry.slice(0, 2), [entry[0], entry[2]]]) {
    assert.ok((await ask('POST', server.base, JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry: some }))).status >= 400);
    let found;
    do found = (await events(server, 'ITI-104')).filter(({ id }) => !known.has(id)); while (found.length < 2);
    assert.deepEqual(found.map((event) => [kind(event), ...patients(event)].join(' ')).sort(), some.map(({ request: { method, url } }) =>
      `rest ${method === 'PUT' ? 'U' : 'D'} 4 ${decodeURIComponent(url.split('=')[1])}`).sort());
    for (const { id } of found) known.add(id);
  }
});

test('ITI-93: the patients of a feed are named', async () => {
  const entry = { fullUrl: 'http://x/Patient/pmir-1', resource: of('3', { id: 'pmir-1' }), request: { method: 'POST', url: 'Patient' }, response: { status: '200' } };
  const content = { resourceType: 'Bundle', type: 'message', entry: [
    { fullUrl: 'urn:uuid:00000000-0000-4000-8000-000000000001', resource: { resourceType: 'MessageHeader', id: 'header-1', eventUri: 'urn:ihe:iti:pmir:2019:patient-feed', source: { endpoint: 'http://x' },
      focus: [{ reference: 'urn:uuid:00000000-0000-4000-8000-000000000002' }] } },
    { fullUrl: 'urn:uuid:00000000-0000-4000-8000-000000000002', resource: { resourceType: 'Bundle', type: 'history', entry: [entry] } }] };
  for (const body of [content, { resourceType: 'Parameters', parameter: [{ name: 'content', resource: content }] }]) {
    const { event } = await record('ITI-93', () => send('POST', '$process-message', body));
    assert.deepEqual([kind(event), patients(event)], ['110110 E 0', ['Patient/pmir-1']]);
    // The audit profiles of IHE have the names of codes in their patterns.
    assert.deepEqual(event.entity.map(({ type, role }) => [type.display, role?.display]), [['Person', 'Patient'], ['MessageHeader', undefined]]);
    assert.deepEqual(event.entity.filter(({ name }) => name).map(({ type, what, name }) => [type.code, what.reference, name]),
      [['MessageHeader', 'MessageHeader/header-1', 'urn:ihe:iti:pmir:2019:patient-feed']]);
  }
});

test('ITI-65, 105 and 106: documents that come', async () => {
  const provided = await record('ITI-65', () => ask('POST', server.base, JSON.stringify(bundle({}))));
  assert.equal(provided.answer.status, 200, provided.answer.text);
  assert.deepEqual([kind(provided.event), patients(provided.event), objects(provided.event)], ['110107 C 0', [`Patient/${patient}`], ['20 List']]);
  const refused = await record('ITI-65', () => ask('POST', server.base, JSON.stringify(bundle({ id: 'nobody' }))));
  assert.deepEqual([refused.answer.status >= 400, kind(refused.event)], [true, '110107 C 4']);
  const set = (id) => () => provide(server, provideRequest({ id }), Buffer.from('text'));
  assert.deepEqual([kind((await made('ITI-41', set('1'))).event), kind((await made('ITI-41', set('nobody'))).event)], ['110107 C 0', '110107 C 4']);
  for (const [code, path, body] of [['ITI-105', 'DocumentReference', published(uid())], ['ITI-106', 'DocumentReference/$generate-metadata', describing(cda(uid()))]]) {
    const { answer, event } = await record(code, () => send('POST', path, body));
    assert.ok(answer.status < 300, answer.text);
    assert.deepEqual([kind(event), patients(event), objects(event)], ['rest C 0', [`Patient/${patient}`], ['4 DocumentReference']]);
  }
});

test('XDS: the record names the SubmissionSet, the documents and whose they are', async () => {
  const [unique, set] = [uid(), uid()];
  const named = (event) => event.entity.filter(({ what, role }) => what?.reference && role.code !== '1')
    .map(({ role, what }) => [role.code, what.reference.split('/')[0], what.identifier?.value]);
  const provided = await made('ITI-41', () => provide(server, provideRequest({ unique, set }), Buffer.from('text')));
  assert.deepEqual([patients(provided.event), named(provided.event)], [[`Patient/${patient}`], [['20', 'List', set]]]);
  const retrieved = await made('ITI-43', () => retrieve(server, unique));
  assert.deepEqual([kind(retrieved.event), patients(retrieved.event), named(retrieved.event)],
    ['110106 R 0', [`Patient/${patient}`], [['3', 'Binary', unique]]]);
  const entry = descendants((await byUnique(server, unique)).body, 'ExtrinsicObject')[0].getAttribute('id');
  const document = `<x:DocumentRequest xmlns:x="urn:ihe:iti:xds-b:2007"><x:RepositoryUniqueId>${repository}</x:RepositoryUniqueId><x:DocumentUniqueId>${unique}</x:DocumentUniqueId></x:DocumentRequest>`;
  const removed = await made('ITI-86', () => send_soap(`${server.origin}/soap`, 'urn:ihe:iti:2017:RemoveDocuments', `<d:RemoveDocumentsRequest xmlns:d="urn:ihe:iti:rmd:2017">${document}</d:RemoveDocumentsRequest>`));
  assert.deepEqual([kind(removed.event), named(removed.event)], ['110110 D 0', [['3', 'Binary', unique]]]);
  const list = JSON.parse((await send('GET', `List?item=DocumentReference/${entry.slice(9)}`)).text).entry[0].resource.id;
  const { body } = await send_soap(`${server.origin}/soap`, 'urn:ihe:iti:2007:RegistryStoredQuery', '<q:AdhocQueryRequest xmlns:q="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0">' +
    `<q:ResponseOption returnType="LeafClass"/><AdhocQuery id="urn:uuid:a7ae438b-4bc2-4642-93e9-be891f7bb155"><Slot name="$uuid"><ValueList><Value>('${entry}')</Value></ValueList></Slot></AdhocQuery></q:AdhocQueryRequest>`);
  const ids = [entry, `urn:uuid:${list}`, descendants(body, 'Association')[0].getAttribute('id')];
  const ended = await made('ITI-62', () => send_soap(`${server.origin}/soap`, 'urn:ihe:iti:2010:DeleteDocumentSet', '<l:RemoveObjectsRequest xmlns:l="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0" xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0">' +
    `<ObjectRefList>${ids.map((id) => `<ObjectRef id="${id}"/>`).join('')}</ObjectRefList></l:RemoveObjectsRequest>`));
  assert.deepEqual([kind(ended.event), named(ended.event).sort()], ['110110 D 0', [['20', 'List', set], ['3', 'DocumentReference', unique]]]);
});

test('ITI-18: the record names the stored query, its encoding and community; who is answered elsewhere is its source', async () => {
  const id = 'urn:uuid:a7ae438b-4bc2-4642-93e9-be891f7bb155';
  const ask18 = (options) => post(server, envelope('urn:ihe:iti:2007:RegistryStoredQuery', '<q:AdhocQueryRequest xmlns:q="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0">' +
    `<q:ResponseOption returnType="LeafClass"/><AdhocQuery id="${id}" home="urn:oid:1.2.3"><Slot name="$uuid"><ValueList><Value>('${id}')</Value></ValueList></Slot></AdhocQuery></q:AdhocQueryRequest>`, options));
  // Those of other tests may still be on their way.
  const told = async (count) => {
    for (;;) {
      const found = (await events(server, 'ITI-18')).filter((event) => query(event).includes('home="urn:oid:1.2.3"'));
      if (found.length === count) return found;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  await ask18();
  const [event] = await told(1);
  const { what, detail } = event.entity.find((entity) => entity.query);
  assert.equal(what.identifier.value, id);
  assert.deepEqual(detail, [{ type: 'QueryEncoding', valueString: 'UTF-8' }, { type: 'urn:ihe:iti:xca:2010:homeCommunityId', valueString: 'urn:oid:1.2.3' }]);
  assert.equal((await ask18({ replyTo: `${replies}/x` })).status, 202);
  const elsewhere = (await told(2)).find((one) => one.id !== event.id);
  assert.equal(elsewhere.agent.find(({ requestor }) => requestor).who.display, `${replies}/x`);
});

test('feeds and PIX queries of HL7: who is new, who changed, who was asked for', async () => {
  const client = connect(server.mllp);
  let control = 0;
  const message = (type, ...segments) => () => client.send([`MSH|^~\\&|A|F|Z|L|20260101||${type}|${++control}|P|2.5`, ...segments, ''].join('\r'));
  const about = ({ event }) => [kind(event), ...patients(event).map((one) => one.replace(/^Patient\/.*/, 'Patient'))].join(' ');
  const pid = (id) => `PID|||${id}^^^RED||X^Y`;
  assert.equal(about(await made('ITI-8', message('ADT^A04^ADT_A01', 'EVN||1', pid(30)))), '110110 C 0 Patient');
  assert.equal(about(await made('ITI-8', message('ADT^A08^ADT_A01', 'EVN||1', pid(30)))), '110110 U 0 Patient');
  await made('ITI-8', message('ADT^A04^ADT_A01', 'EVN||1', pid(31)));
  assert.equal(about(await made('ITI-8', message('ADT^A40^ADT_A39', 'EVN||1', pid(30), 'MRG|31^^^RED'))), `110110 U 0 Patient ${red}|30 ${red}|31`);
  assert.equal(about(await made('ITI-9', message('QBP^Q23^QBP_Q21', 'QPD|IHE PIX Query|T|30^^^RED', 'RCP|I'))), `110112 E 0 ${red}|30`);
  client.close();
  const person = '<name><family>X</family></name>';
  assert.equal(about(await made('ITI-44', () => post(server, envelope(v3('PRPA_IN201301UV02'), feed('PRPA_IN201301UV02', [`32@${oid}`], person))))), '110110 C 0 Patient');
  assert.equal(about(await made('ITI-44', () => post(server, envelope(v3('PRPA_IN201302UV02'), feed('PRPA_IN201302UV02', [`32@${oid}`], person))))), '110110 U 0 Patient');
  assert.equal(about(await made('ITI-45', () => post(server, envelope(v3('PRPA_IN201309UV02'), pixQuery(`32@${oid}`))))), `110112 E 0 ${red}|32`);
});

test('ITI-66, 67, 68 and 78: searches and reads where it is wanted', async () => {
  for (const [code, path] of [['ITI-66', `List?patient=${patient}&code=submissionset`], ['ITI-67', `DocumentReference?patient=Patient/${patient}&status=current`]]) {
    const { event } = await record(code, () => send('GET', path));
    assert.deepEqual([kind(event), event.subtype[0].code, query(event), patients(event)], ['rest E 0', 'search-type', path, [`Patient/${patient}`]]);
  }
  const { entry } = JSON.parse((await send('GET', `DocumentReference?patient=${patient}&_count=1`)).text);
  const document = entry[0].resource.content[0].attachment.url.replace(`${server.base}/`, '');
  const read = await record('ITI-68', () => send('GET', document, undefined, { Accept: 'text/plain' }));
  assert.deepEqual([kind(read.event), read.event.subtype[0].code, patients(read.event), objects(read.event)], ['rest R 0', 'read', [`Patient/${patient}`], ['3 Binary']]);
  assert.deepEqual(read.event.agent.map(({ requestor, type }) => [requestor, type.coding[0].code]), [[true, '110152'], [false, '110153']]);
  const found = await record('ITI-78', () => send('POST', 'Patient/_search', undefined, {}));
  assert.equal(kind(found.event), 'rest E 0');
  const one = await record('ITI-78', () => send('GET', `Patient/${patient}`));
  assert.deepEqual([one.event.subtype[0].code, patients(one.event)], ['read', [`Patient/${patient}`]]);
  const entries = [{ request: { method: 'GET', url: `Patient/${patient}` } }];
  const within = await record('ITI-78', () => send('POST', '', { resourceType: 'Bundle', type: 'transaction', entry: entries }));
  assert.deepEqual(patients(within.event), [`Patient/${patient}`]);
});

test('all transactions of the list were looked at', () => {
  const rows = [...readFileSync(new URL('../../README.md', import.meta.url), 'utf8').matchAll(/^\| (ITI-\d+) \|.*\| FHIR \|$/gm)];
  assert.deepEqual(rows.map(([, id]) => id).sort(), [...seen].sort());
});

test('plain FHIR leaves no record by default, and neither do other requests than those of IHE', async () => {
  const plain = await start({ flags: ['--domains', join(folder, 'domains.json')] });
  try {
    const call = (method, path, body) => ask(method, `${plain.base}/${path}`, body && JSON.stringify(body));
    const { id } = JSON.parse((await call('POST', 'Patient', of('1'))).text);
    for (const path of [`Patient/${id}`, 'Patient?family=mohr', `DocumentReference?patient=${id}`, 'Patient?family=mohr&unknown=1']) await call('GET', path);
    await call('PUT', `Patient/${id}`, of('1', { id, gender: 'female' }));
    await call('GET', `Patient/$ihe-pix?sourceIdentifier=${red}|1`);
    let all;
    do all = JSON.parse((await call('GET', 'AuditEvent')).text).entry; while (!all);
    assert.deepEqual(all.map(({ resource }) => resource.subtype.at(-1).code), ['ITI-83']);
  } finally {
    await plain.stop();
  }
});
