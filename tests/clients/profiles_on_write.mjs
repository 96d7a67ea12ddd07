// --profiles-on-write and --require-profile: what becomes of writes that break a profile, through the socket.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, program, run, start } from '../../conformance/server.mjs';

const url = (name) => `http://e.org/StructureDefinition/${name}`;
const profile = (name, type, element) => ({
  resourceType: 'StructureDefinition', id: name, url: url(name), name, status: 'active', abstract: false,
  kind: 'resource', type, derivation: 'constraint', baseDefinition: `http://hl7.org/fhir/StructureDefinition/${type}`,
  differential: { element: [{ id: element, path: element, min: 1 }] },
});
const store = (server, resource) => ask('PUT', `${server.base}/${resource.resourceType}/${resource.id}`, JSON.stringify(resource));
const create = (server, resource) => ask('POST', `${server.base}/${resource.resourceType}`, JSON.stringify(resource));
const claiming = (name) => ({ resourceType: 'Patient', meta: { profile: [url(name)] }, active: true });
const named = { name: [{ family: 'Weber' }] };

let strict;
let mild;
before(async () => {
  strict = await start({ flags: ['--profiles-on-write', 'enforce', '--require-profile', `Observation=${url('subject')}`] });
  mild = await start({ flags: ['--profiles-on-write', 'warn'] });
  for (const server of [strict, mild]) {
    assert.equal((await store(server, profile('named', 'Patient', 'Patient.name'))).status, 201);
    assert.equal((await store(server, profile('subject', 'Observation', 'Observation.subject'))).status, 201);
  }
});
after(async () => {
  await strict.stop();
  await mild.stop();
});

test('enforce refuses what breaks a profile that it claims, and takes what does not', async () => {
  const refused = await create(strict, claiming('named'));
  assert.equal(refused.status, 422);
  assert.deepEqual(JSON.parse(refused.text).issue.map(({ code, expression }) => `${code} ${expression[0]}`), ['required Patient.name']);
  assert.equal((await create(strict, { ...claiming('named'), ...named })).status, 201);
  assert.equal((await create(strict, { resourceType: 'Patient', active: true })).status, 201);
  assert.equal((await create(strict, claiming('unknown'))).status, 201);
});

test('what a type requires is judged, claimed or not, also in a transaction, a batch and a patch', async () => {
  const bare = { resourceType: 'Observation', status: 'final', code: { text: 'x' } };
  const whole = { ...bare, subject: { display: 'somebody' } };
  assert.equal((await create(strict, bare)).status, 422);
  assert.equal((await create(strict, whole)).status, 201);
  const bundle = (type, resources) => ({ resourceType: 'Bundle', type, entry: resources.map((resource) => ({ resource, request: { method: 'POST', url: resource.resourceType } })) });
  const send = (body) => ask('POST', strict.base, JSON.stringify(body));
  assert.equal((await send(bundle('transaction', [whole, bare]))).status, 422);
  const batch = JSON.parse((await send(bundle('batch', [whole, bare]))).text);
  assert.deepEqual(batch.entry.map(({ response }) => response.status.slice(0, 3)), ['201', '422']);
  assert.equal((await store(strict, { ...whole, id: 'o' })).status, 201);
  const patch = await ask('PATCH', `${strict.base}/Observation/o`, '[{"op":"remove","path":"/subject"}]', { 'Content-Type': 'application/json-patch+json' });
  assert.equal(patch.status, 422);
});

test('the Bundle of a transaction is held against the profiles that it claims', async () => {
  assert.equal((await store(strict, profile('signed', 'Bundle', 'Bundle.identifier'))).status, 201);
  const transaction = { resourceType: 'Bundle', meta: { profile: [url('signed')] }, type: 'transaction',
    entry: [{ resource: { resourceType: 'Patient', active: true }, request: { method: 'POST', url: 'Patient' } }] };
  const refused = await ask('POST', strict.base, JSON.stringify(transaction));
  assert.equal(refused.status, 422);
  assert.deepEqual(JSON.parse(refused.text).issue.map(({ code, expression }) => `${code} ${expression[0]}`), ['required Bundle.identifier']);
  assert.equal((await ask('POST', strict.base, JSON.stringify({ ...transaction, identifier: { value: 'x' } }))).status, 200);
});

test('so is the message of a patient feed, and what it writes', async () => {
  assert.ok((await store(strict, profile('signed', 'Bundle', 'Bundle.identifier'))).status < 300);
  const feed = (patient, more) => ({ resourceType: 'Bundle', meta: { profile: [url('signed')] }, type: 'message', ...more,
    entry: [
      { fullUrl: 'http://e.org/MessageHeader/1', resource: { resourceType: 'MessageHeader', id: '1', eventUri: 'urn:ihe:iti:pmir:2019:patient-feed',
        source: { endpoint: 'http://e.org/feed' }, focus: [{ reference: 'Bundle/2' }] } },
      { fullUrl: 'http://e.org/Bundle/2', resource: { resourceType: 'Bundle', id: '2', type: 'history', entry: [
        { fullUrl: 'http://e.org/Patient/fed', resource: { ...patient, id: 'fed' }, request: { method: 'POST', url: 'Patient' }, response: { status: '201' } }] } }] });
  const send = (message) => ask('POST', `${strict.base}/$process-message`, JSON.stringify(message));
  const faults = async (message) => {
    const answer = await send(message);
    return [answer.status, ...(JSON.parse(answer.text).issue ?? []).map(({ expression }) => expression?.[0])];
  };
  const signed = { identifier: { value: 'x' } };
  const good = { ...claiming('named'), ...named };
  const parameters = (message) => ({ resourceType: 'Parameters', parameter: [{ name: 'content', resource: message }] });
  assert.deepEqual(await faults(feed(good)), [422, 'Bundle.identifier']);
  assert.equal((await faults(parameters(feed(good))))[0], 422);
  assert.equal((await faults(feed(claiming('named'), signed)))[0], 422);
  assert.deepEqual(await faults(feed(good, signed)), [200]);
});

test('a profile counts from its next version on', async () => {
  assert.equal((await store(strict, profile('active', 'Patient', 'Patient.gender'))).status, 201);
  assert.equal((await create(strict, claiming('active'))).status, 422);
  assert.equal((await store(strict, profile('active', 'Patient', 'Patient.active'))).status, 200);
  assert.equal((await create(strict, claiming('active'))).status, 201);
});

test('warn stores and tells', async () => {
  const told = await create(mild, claiming('named'));
  assert.equal(told.status, 201);
  assert.match(told.headers.get('warning'), /^299 alzette "faults by profiles: 1;/);
  assert.equal((await create(mild, { ...claiming('named'), ...named })).headers.get('warning'), null);
});

test('a rule that is none is refused at the start', () => {
  const data = mkdtempSync(join(tmpdir(), 'alzette-'));
  for (const flags of [['--require-profile', `Patient=${url('named')}`],
    ['--profiles-on-write', 'enforce', '--require-profile', 'Patient'],
    ['--profiles-on-write', 'enforce', '--require-profile', `Person2=${url('named')}`],
    ['--profiles-on-write', 'sometimes']])
    assert.notEqual(run('serve', '--data', data, '--http', '127.0.0.1:0', ...flags).status, 0, `${program} ${flags}`);
  rmSync(data, { recursive: true, force: true });
});
