// PATCH through a real socket: the forms of a patch, conditions, batches and transactions, what is refused.
// FHIR R4: http://hl7.org/fhir/R4/http.html#patch
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start } from '../../conformance/server.mjs';

let server;
before(async () => { server = await start(); });
after(async () => { await server.stop(); });

const json = 'application/json-patch+json';
const fhir = 'application/fhir+json';

async function ask(method, path, body, type = fhir, headers = {}) {
  const answer = await fetch(`${server.base}/${path}`,
    { method, body: typeof body === 'string' ? body : JSON.stringify(body), headers: { 'Content-Type': type, ...headers } });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text ? JSON.parse(text) : null };
}

let number = 0;
async function patient(rest = {}) {
  const id = `p${++number}`;
  await ask('PUT', `Patient/${id}`, { resourceType: 'Patient', id, active: true, identifier: [{ system: 's', value: id }], ...rest });
  return id;
}

const byPath = (...operations) => ({
  resourceType: 'Parameters',
  parameter: operations.map((parts) => ({ name: 'operation', part: parts.map(([name, value]) => ({ name, ...value })) })),
});
const replaceActive = byPath([['type', { valueCode: 'replace' }], ['path', { valueString: 'Patient.active' }], ['value', { valueBoolean: false }]]);

test('JSON Patch and FHIRPath Patch change a resource and make a version', async () => {
  const id = await patient();
  const first = await ask('PATCH', `Patient/${id}`, [{ op: 'replace', path: '/active', value: false }], json);
  assert.equal(first.status, 200);
  assert.equal(first.body.active, false);
  assert.equal(first.headers.get('etag'), 'W/"2"');
  const add = byPath([['type', { valueCode: 'add' }], ['path', { valueString: 'Patient' }], ['name', { valueString: 'birthDate' }], ['value', { valueDate: '1970-01-01' }]]);
  const second = await ask('PATCH', `Patient/${id}`, add);
  assert.equal(second.body.birthDate, '1970-01-01');
  assert.equal(second.body.meta.versionId, '3');
});

test('a patch that changes nothing makes no version', async () => {
  const id = await patient();
  const answer = await ask('PATCH', `Patient/${id}`, [{ op: 'test', path: '/active', value: true }], json);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('etag'), 'W/"1"');
});

test('If-Match is honoured', async () => {
  const id = await patient();
  const patch = [{ op: 'replace', path: '/active', value: false }];
  assert.equal((await ask('PATCH', `Patient/${id}`, patch, json, { 'If-Match': 'W/"7"' })).status, 412);
  assert.equal((await ask('PATCH', `Patient/${id}`, patch, json, { 'If-Match': 'W/"1"' })).status, 200);
});

test('id, version and type stay, and the result is validated', async () => {
  const id = await patient();
  for (const operation of [
    { op: 'replace', path: '/id', value: 'other' }, { op: 'remove', path: '/id' }, { op: 'replace', path: '/meta/versionId', value: '9' },
    { op: 'replace', path: '/resourceType', value: 'Group' }, { op: 'add', path: '/gender', value: 'red' },
    { op: 'add', path: '/colour', value: 'red' }, { op: 'add', path: '/birthDate', value: '1970-02-30' },
  ]) {
    const answer = await ask('PATCH', `Patient/${id}`, [operation], json);
    assert.equal(answer.status, 422, JSON.stringify(operation));
    assert.equal(answer.body.resourceType, 'OperationOutcome');
  }
  assert.equal((await ask('GET', `Patient/${id}`)).body.meta.versionId, '1');
});

test('absent, gone, malformed and foreign forms', async () => {
  const id = await patient();
  const patch = [{ op: 'replace', path: '/active', value: false }];
  assert.equal((await ask('PATCH', 'Patient/nobody', patch, json)).status, 404);
  assert.equal((await ask('PATCH', `Patient/${id}`, '{', json)).status, 400);
  assert.equal((await ask('PATCH', `Patient/${id}`, patch, 'text/plain')).status, 415);
  await fetch(`${server.base}/Patient/${id}`, { method: 'DELETE' });
  assert.equal((await ask('PATCH', `Patient/${id}`, patch, json)).status, 410);
});

test('conditional: one match is patched, none is 404, several are 412', async () => {
  const id = await patient();
  const patch = [{ op: 'replace', path: '/active', value: false }];
  assert.equal((await ask('PATCH', `Patient?identifier=s|${id}`, patch, json)).body.active, false);
  assert.equal((await ask('PATCH', 'Patient?identifier=s|none', patch, json)).status, 404);
  await patient();
  await patient();
  assert.equal((await ask('PATCH', 'Patient?identifier=s|', patch, json)).status, 412);
});

test('in a batch and in a transaction: a Binary or Parameters', async () => {
  const id = await patient();
  const binary = (operations) => ({
    resourceType: 'Binary', contentType: json, data: Buffer.from(JSON.stringify(operations)).toString('base64'),
  });
  const bundle = (type, ...entries) => ({
    resourceType: 'Bundle', type, entry: entries.map(([resource, url, rest]) => ({ resource, request: { method: 'PATCH', url, ...rest } })),
  });
  const once = await ask('POST', '', bundle('transaction', [binary([{ op: 'add', path: '/gender', value: 'male' }]), `Patient/${id}`]));
  assert.equal(once.status, 200, JSON.stringify(once.body));
  assert.match(once.body.entry[0].response.status, /^200/);
  const twice = await ask('POST', '', bundle('batch', [replaceActive, `Patient/${id}`], [binary([{ op: 'remove', path: '/none' }]), `Patient/${id}`]));
  assert.match(twice.body.entry[0].response.status, /^200/);
  assert.match(twice.body.entry[1].response.status, /^422/);
  const stale = await ask('POST', '', bundle('transaction', [replaceActive, `Patient/${id}`, { ifMatch: 'W/"1"' }]));
  assert.equal(stale.status, 412);
  const now = (await ask('GET', `Patient/${id}`)).body;
  assert.equal(now.gender, 'male');
  assert.equal(now.active, false);
});

test('patches of one resource at the same time all take effect', async () => {
  const id = await patient({ name: [{ family: 'W' }] });
  const add = (i) => ask('PATCH', `Patient/${id}`, [{ op: 'add', path: '/name/-', value: { family: `N${i}` } }], json);
  const answers = await Promise.all([0, 1, 2, 3, 4, 5].map(add));
  const done = answers.filter(({ status }) => status === 200).length;
  assert.equal((await ask('GET', `Patient/${id}`)).body.name.length, 1 + done);
  assert.ok(done >= 1 && answers.every(({ status }) => status === 200 || status === 409), answers.map(({ status }) => status).join());
});
