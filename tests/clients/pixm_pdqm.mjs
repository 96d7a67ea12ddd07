// Patient identity through FHIR, by an independent client, npm fhir-kit-client: PIXm (ITI-83 query, ITI-104 feed), PDQm
// (ITI-78 query, ITI-119 match) and PMIR's feed (ITI-93).
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from 'fhir-kit-client';
import { ask, start } from '../../conformance/server.mjs';

const folder = mkdtempSync(join(tmpdir(), 'alzette-pixm-'));
const file = join(folder, 'domains.json');
const [red, blue, warned] = ['urn:oid:1.2.3.1', 'urn:oid:1.2.3.2', 'urn:oid:1.2.3.3'];
let server;
let client;

before(async () => {
  writeFileSync(file, JSON.stringify([{ name: 'RED', oid: '1.2.3.1' }, { name: 'BLUE', oid: '1.2.3.2' },
    { name: 'WARNED', oid: '1.2.3.3', check: 'warn' }]));
  server = await start({ flags: ['--domains', file] });
  client = new Client({ baseUrl: server.base });
});
after(async () => { await server.stop(); rmSync(folder, { recursive: true, force: true }); });

const of = (system, value, more = {}) => ({ resourceType: 'Patient', identifier: [{ system, value }], name: [{ family: 'Mohr', given: ['Alice'] }],
  gender: 'female', birthDate: '1958-01-30', ...more });
const type = { 'Content-Type': 'application/fhir+json' };
const feed = (system, value, more, headers = {}) => client.request(`Patient?identifier=${encodeURIComponent(`${system}|${value}`)}`,
  { method: 'PUT', body: of(system, value, more), options: { headers: { ...type, ...headers } } });
const pix = (source, ...targets) => client.operation({ name: 'ihe-pix', resourceType: 'Patient', method: 'GET',
  input: { sourceIdentifier: source, ...(targets.length ? { targetSystem: targets } : {}) } });
const found = async (query) => {
  const bundle = await client.search({ resourceType: 'Patient', searchParams: query });
  return { total: bundle.total, patients: (bundle.entry ?? []).filter(({ search }) => search.mode === 'match').map(({ resource }) => resource),
    outcome: (bundle.entry ?? []).find(({ search }) => search.mode === 'outcome')?.resource };
};
const values = (patient) => patient.identifier.map(({ value }) => value).sort();
async function refused(promise, status, code, text) {
  const error = await promise.then(() => null, (reason) => reason);
  assert.ok(error, `should have been refused with ${status}`);
  assert.equal(error.response.status, status);
  const [issue] = error.response.data.issue;
  assert.equal(issue.code, code);
  if (text) assert.match(issue.diagnostics ?? issue.details.text, text);
}

test('ITI-83 tells identifiers of the domains asked for, not the one asked with', async () => {
  const patient = await client.create({ resourceType: 'Patient', body: { ...of(red, 'R1'), identifier: [{ system: red, value: 'R1' }, { system: blue, value: 'B1' }] } });
  const told = await pix(`${red}|R1`, blue);
  assert.deepEqual(told.parameter, [{ name: 'targetIdentifier', valueIdentifier: { system: blue, value: 'B1' } },
    { name: 'targetId', valueReference: { reference: `Patient/${patient.id}` } }]);
  assert.equal((await pix(`${blue}|B1`, blue)).parameter, undefined);
});

test('ITI-83 knows a patient by the logical id that this server gave it, and tells that of others', async () => {
  const one = await client.create({ resourceType: 'Patient', body: of(red, 'L1') });
  const other = await client.create({ resourceType: 'Patient', body: of(blue, 'L2', { link: [{ type: 'seealso', other: { reference: `Patient/${one.id}` } }] }) });
  const by_logical = await pix(`${server.base}|Patient/${one.id}`, blue);
  assert.deepEqual(by_logical.parameter, [{ name: 'targetIdentifier', valueIdentifier: { system: blue, value: 'L2' } },
    { name: 'targetId', valueReference: { reference: `Patient/${other.id}` } }]);
  const logical = await pix(`${red}|L1`, server.base);
  assert.deepEqual(logical.parameter.map(({ name, valueReference }) => [name, valueReference.reference]).sort(),
    [['targetId', `Patient/${one.id}`], ['targetId', `Patient/${other.id}`]].sort());
  await refused(pix(`${server.base}|Patient/nobody`), 404, 'not-found', /Patient Identifier not found/);
  await refused(pix(`${server.base}|Group/${one.id}`), 404, 'not-found');
});

test('ITI-83: what is not known has its status', async () => {
  await refused(pix(`${red}|nobody`), 404, 'not-found', /Patient Identifier not found/);
  await refused(pix('urn:oid:9.9|R1'), 400, 'code-invalid', /Assigning Authority not found/);
  await refused(pix(`${red}|R1`, 'urn:oid:9.9'), 403, 'code-invalid', /targetSystem not found/);
  await refused(pix('R1'), 400, 'invalid');
  await refused(pix(`${red}|`), 400, 'invalid');
});

test('ITI-104 adds, revises, merges, takes the same merge again, and deletes', async () => {
  const first = await feed(red, 'M1');
  assert.equal(first.meta.versionId, '1');
  assert.equal((await feed(red, 'M1', { gender: 'unknown' })).id, first.id);
  const subsumed = await feed(red, 'M2');
  const merge = () => feed(red, 'M2', { active: false, link: [{ type: 'replaced-by', other: { identifier: { system: red, value: 'M1' } } }] });
  const merged = await merge();
  assert.equal(merged.id, subsumed.id);
  const again = await merge();
  assert.equal(again.meta.versionId, merged.meta.versionId, 'it is done already');
  assert.deepEqual((await found({ identifier: `${red}|M2`, 'active:not': 'false' })).patients.map(({ id }) => id), [first.id]);
  // A source that writes the survivor anew knows nothing of the merge, and does not undo it.
  await feed(red, 'M1', { gender: 'female' });
  assert.deepEqual((await found({ identifier: `${red}|M2`, 'active:not': 'false' })).patients.map(({ id }) => id), [first.id]);
  // Nor does one that goes on to feed the subsumed: PIXm has no message for that.
  await refused(feed(red, 'M2', { active: true }), 422, 'business-rule', /Patient\//);
  await refused(client.update({ resourceType: 'Patient', id: subsumed.id, body: of(red, 'M2', { id: subsumed.id }) }), 422, 'business-rule', /active/);
  assert.deepEqual((await found({ identifier: `${red}|M2`, 'active:not': 'false' })).patients.map(({ id }) => id), [first.id]);
  await client.update({ resourceType: 'Patient', id: subsumed.id, body: of(red, 'M2', { id: subsumed.id, active: true }) });
  assert.deepEqual((await found({ identifier: `${red}|M2` })).patients.map(({ id }) => id), [subsumed.id]);
  await client.request(`Patient?identifier=${encodeURIComponent(`${red}|M2`)}`, { method: 'DELETE' });
  await refused(pix(`${red}|M2`), 404, 'not-found');
});

test('ITI-104: a patient is known by the identifier that it is fed by, also where the resource does not have it', async () => {
  const fed = await client.request(`Patient?identifier=${encodeURIComponent(`${red}|Patient/7`)}`,
    { method: 'PUT', body: of(blue, 'FED7'), options: { headers: { ...type, Prefer: 'return=representation' } } });
  assert.deepEqual(values(fed), ['FED7', 'Patient/7']);
  assert.deepEqual((await pix(`${red}|Patient/7`, blue)).parameter[0].valueIdentifier, { system: blue, value: 'FED7' });
  const again = await client.request(`Patient?identifier=${encodeURIComponent(`${red}|Patient/7`)}`, { method: 'PUT', body: of(blue, 'FED7'), options: { headers: type } });
  assert.deepEqual([again.id, again.meta.versionId], [fed.id, '1'], 'it is the same');
  const labelled = { ...of(blue, 'FED9'), meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }] } };
  const kept = await client.request(`Patient?identifier=${encodeURIComponent(`${red}|Patient/9`)}`,
    { method: 'PUT', body: labelled, options: { headers: { ...type, Prefer: 'return=representation' } } });
  assert.deepEqual([values(kept), kept.meta.security], [['FED9', 'Patient/9'], labelled.meta.security], 'labels stay');
  const entry = { resource: of(blue, 'FED8'), request: { method: 'PUT', url: `Patient?identifier=${encodeURIComponent(`${red}|Patient/8`)}` } };
  await client.transaction({ body: { resourceType: 'Bundle', type: 'transaction', entry: [entry] } });
  assert.equal((await found({ identifier: `${red}|Patient/8` })).total, 1);
});

test('ITI-104 refuses what cannot be merged', async () => {
  await feed(red, 'X1');
  const into = (identifier) => feed(red, 'X1', { active: false, link: [{ type: 'replaced-by', other: { identifier } }] });
  await refused(into({ system: red, value: 'nobody' }), 422, 'not-found');
  await refused(into({ system: red, value: 'X1' }), 422, 'business-rule');
  await feed(blue, 'ANY');
  await refused(into({ value: 'ANY' }), 422, 'required', /system/);
  await refused(feed('urn:oid:1.3.182.4.4', '1985022912324'), 422, 'value', /date/);
});

test('a feed by FHIR names known domains, where there are any beside the national one', async () => {
  const foreign = 'urn:oid:9.9';
  const place = async (promise) => promise.then(() => null, ({ response }) => {
    const [issue] = response.data.issue;
    assert.match(issue.diagnostics, /"urn:oid:9\.9" is not known/);
    return [response.status, issue.code, issue.expression?.[0]];
  });
  const by = (system, value) => `Patient?identifier=${encodeURIComponent(`${system}|${value}`)}`;
  const carry_out = (...entries) => client.transaction({ body: { resourceType: 'Bundle', type: 'transaction', entry: entries.map(([method, url, resource]) => ({ resource, request: { method, url } })) } });
  const two = { identifier: [{ system: red, value: 'K1' }, { system: foreign, value: '1' }] };
  assert.deepEqual(await place(feed(foreign, '1')), [422, 'code-invalid', undefined]);
  assert.deepEqual(await place(feed(red, 'K1', two)), [422, 'code-invalid', 'Patient.identifier[1].system']);
  assert.deepEqual(await place(client.request(by(foreign, '1'), { method: 'DELETE' })), [422, 'code-invalid', undefined]);
  assert.deepEqual(await place(carry_out(['POST', 'Patient', of(red, 'K2')], ['PUT', by(red, 'K1'), of(red, 'K1', two)])),
    [422, 'code-invalid', 'Bundle.entry[1].resource.identifier[1].system']);
  assert.deepEqual(await place(carry_out(['POST', 'Patient', of(red, 'K2')], ['PUT', by(foreign, '1'), of(foreign, '1')])), [422, 'code-invalid', 'Bundle.entry[1]']);
  assert.deepEqual(await place(tell(['POST', of(red, 'K3', { id: 'known' })], ['POST', of(foreign, '1', { id: 'foreign' })])), [422, 'code-invalid', 'Patient.identifier[0].system']);
  assert.equal((await found({ identifier: `${red}|K1,${red}|K2,${red}|K3,${foreign}|1` })).total, 0, 'nothing of it was stored');
  // What is no feed may have any identifiers; accounts are no patients.
  await client.create({ resourceType: 'Patient', body: of(red, 'K1', two) });
  await feed(red, 'K4', { identifier: [{ system: red, value: 'K4' }, { type: { coding: [{ code: 'AN' }] }, system: foreign, value: '2' }, { value: 'without' }] });

  for (const flags of [[], ['--domains', file, '--accept-unknown-domains']]) {
    const other = await start({ flags });
    try {
      const { status } = await ask('PUT', `${other.base}/${by(foreign, '1')}`, JSON.stringify(of(foreign, '1')));
      assert.equal(status, 201, flags.join(' '));
      assert.equal((await ask('POST', `${other.base}/$process-message`, JSON.stringify(message(['POST', of(foreign, '2', { id: 'two' })])))).status, 200, flags.join(' '));
    } finally {
      await other.stop();
    }
  }
});

test('a number that breaks its rule in a domain that warns is taken, told and recorded', async () => {
  const outcome = await feed(warned, '1985022912324', {}, { Prefer: 'return=OperationOutcome' });
  assert.deepEqual([outcome.issue[0].severity, outcome.issue[0].code], ['warning', 'value']);
  const [patient] = (await found({ identifier: `${warned}|1985022912324` })).patients;
  const events = await client.search({ resourceType: 'AuditEvent', searchParams: { patient: `Patient/${patient.id}` } });
  assert.equal(events.entry.filter(({ resource }) => /national number.*date/.test(resource.outcomeDesc)).length, 1);
});

test('ITI-78: parameters of its own and of FHIR', async () => {
  await client.create({ resourceType: 'Patient', body: { ...of(red, 'D1'), identifier: [{ system: red, value: 'D1' }, { system: blue, value: 'E1' }],
    name: [{ family: 'Demuth', given: ['Nicole'] }], telecom: [{ system: 'phone', value: '+352 26 12 34' }],
    address: [{ line: ['1 rue Haute'], city: 'Clervaux', postalCode: '9701', country: 'LU' }],
    extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName', valueString: 'Ségal' }] } });
  for (const query of [{ mothersMaidenName: 'segal' }, { family: 'dem', gender: 'female' }, { 'family:exact': 'Demuth', birthdate: '1958-01-30' },
    { given: 'nicole', 'address-city': 'clervaux' }, { telecom: '+352 26 12 34' }, { 'address-postalcode': '9701', 'address-country': 'LU' }])
    assert.deepEqual((await found(query)).patients.map(values), [['D1', 'E1']], JSON.stringify(query));
  assert.equal((await found({ mothersMaidenName: 'nobody' })).total, 0);
});

test('ITI-78: domains are named by identifiers without value', async () => {
  assert.deepEqual((await found({ family: 'Demuth', identifier: `${blue}|` })).patients.map(values), [['E1']]);
  assert.deepEqual((await found({ family: 'Demuth', identifier: `${red}|,${blue}|` })).patients.map(values), [['D1', 'E1']]);
  assert.deepEqual((await found({ family: 'Demuth', identifier: `${blue}|E1` })).patients.map(values), [['D1', 'E1']], 'a value asks for a patient');
  const none = await found({ family: 'Demuth', identifier: 'urn:oid:9.9|' });
  assert.equal(none.total, 0);
  assert.deepEqual([none.outcome.issue[0].severity, none.outcome.issue[0].code, none.outcome.issue[0].diagnostics], ['warning', 'not-found', 'targetSystem not found']);
});

test('ITI-119: a match with its grade', async () => {
  const matched = await client.operation({ name: 'match', resourceType: 'Patient', input: { resourceType: 'Parameters', parameter: [
    { name: 'resource', resource: of('urn:x', 'none', { name: [{ family: 'Demuth', given: ['Nicole'] }] }) }, { name: 'count', valueInteger: 3 }] } });
  assert.equal(matched.entry[0].resource.name[0].family, 'Demuth');
  assert.equal(matched.entry[0].search.extension[0].valueCode, 'probable');
  assert.ok(matched.entry[0].search.score > 0.5);
});

test('ITI-119: certain is who is alone, or known for one person', async () => {
  const twin = (system, value, more) => of(system, value, { name: [{ family: 'Zweimal', given: ['Jemand'] }], birthDate: '1961-02-03',
    address: [{ line: ['3 rue Basse'], city: 'Vianden', postalCode: '9415', country: 'LU' }], telecom: [{ system: 'phone', value: '+352 83 11 22' }], ...more });
  const certain = async (more) => (await client.operation({ name: 'match', resourceType: 'Patient', input: { resourceType: 'Parameters', parameter: [
    { name: 'resource', resource: twin('urn:x', 'none', more) }, { name: 'onlyCertainMatches', valueBoolean: true }] } })).entry?.map(({ resource }) => resource.id) ?? [];
  const one = await client.create({ resourceType: 'Patient', body: twin(red, 'T1') });
  assert.deepEqual(await certain(), [one.id]);
  const other = await client.create({ resourceType: 'Patient', body: twin(blue, 'T2') });
  assert.deepEqual(await certain(), []);
  await client.update({ resourceType: 'Patient', id: other.id, body: twin(blue, 'T2', { id: other.id, link: [{ type: 'seealso', other: { reference: `Patient/${one.id}` } }] }) });
  assert.deepEqual((await certain()).sort(), [one.id, other.id].sort());
  await refused(certain({ modifierExtension: [{ url: 'http://x/not', valueBoolean: true }] }), 400, 'extension', /modifierExtension/);
  await refused(certain({ contact: [{ name: { family: 'X' }, modifierExtension: [{ url: 'http://x/not', valueBoolean: true }] }] }), 400, 'extension');
});

const message = (...entries) => ({ resourceType: 'Parameters', parameter: [{ name: 'content', resource: { resourceType: 'Bundle', type: 'message', entry: [
  { fullUrl: 'urn:uuid:00000000-0000-4000-8000-000000000001', resource: { resourceType: 'MessageHeader', eventUri: 'urn:ihe:iti:pmir:2019:patient-feed', source: { endpoint: 'http://x' },
    focus: [{ reference: 'urn:uuid:00000000-0000-4000-8000-000000000002' }] } },
  { fullUrl: 'urn:uuid:00000000-0000-4000-8000-000000000002', resource: { resourceType: 'Bundle', type: 'history', entry: entries.map(([method, resource]) => ({
    fullUrl: `http://x/Patient/${resource.id}`, resource, request: { method, url: `Patient/${resource.id}` }, response: { status: '200' } })) } }] } }] });
const tell = (...entries) => client.request('$process-message', { method: 'POST', body: message(...entries), options: { headers: type } });

test('ITI-93: a message of too many patients is refused as such', async () => {
  const many = message(...Array.from({ length: 20001 }, (_, i) => ['POST', { resourceType: 'Patient', id: `many-${i}` }]));
  const answer = await ask('POST', `${server.base}/$process-message`, JSON.stringify(many));
  const [issue] = JSON.parse(answer.text).issue;
  assert.deepEqual([answer.status, issue.code, issue.expression], [413, 'too-long', ['Bundle.entry[1]']]);
});

test('ITI-93 adds, merges, and does not take a merge back', async () => {
  const [{ resource: header }, ...more] = (await tell(['POST', of(red, 'P1', { id: 'pmir-1' })], ['POST', of(red, 'P2', { id: 'pmir-2' })])).entry;
  assert.deepEqual([header.eventUri, header.response.code, header.destination, more], ['urn:ihe:iti:pmir:2019:patient-feed-response', 'ok', undefined, []]);
  const merged = of(red, 'P2', { id: 'pmir-2', active: true, link: [{ type: 'replaced-by', other: { reference: 'Patient/pmir-1' } }] });
  await tell(['PUT', merged]);
  await tell(['PUT', merged]);  // again: done already
  assert.deepEqual((await found({ identifier: `${red}|P2`, 'active:not': 'false' })).patients.map(({ id }) => id), ['pmir-1']);
  await refused(tell(['PUT', of(red, 'P2', { id: 'pmir-2' })]), 405, 'business-rule');
  assert.equal((await client.read({ resourceType: 'Patient', id: 'pmir-2' })).active, false);
});
