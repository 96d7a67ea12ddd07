// An independent client, npm fhir-kit-client, does what applications do: capability, CRUD, versions, conditional
// writes, transaction, search by GET and POST, paging, references, history.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from 'fhir-kit-client';
import { start } from '../../conformance/server.mjs';

let server;
let client;

before(async () => {
  server = await start();
  client = new Client({ baseUrl: server.base });
});
after(() => server.stop());

const weber = () => ({
  resourceType: 'Patient',
  identifier: [{ system: 'urn:oid:1.3.182.4.4', value: '1970010100101' }],
  name: [{ family: 'Weber', given: ['Zoë', 'Marie'] }],
  gender: 'female',
  birthDate: '1970-01-01',
});

async function refused(promise, status) {
  const error = await promise.then(() => null, (reason) => reason);
  assert.ok(error, `should have been refused with ${status}`);
  assert.equal(error.response.status, status);
  assert.equal(error.response.data.resourceType, 'OperationOutcome');
  assert.ok(error.response.data.issue[0].diagnostics);
}

test('capability statement', async () => {
  const statement = await client.capabilityStatement();
  assert.equal(statement.resourceType, 'CapabilityStatement');
  assert.equal(statement.fhirVersion, '4.0.1');
  const patient = statement.rest[0].resource.find(({ type }) => type === 'Patient');
  for (const code of ['read', 'vread', 'create', 'update', 'delete', 'search-type', 'history-instance'])
    assert.ok(patient.interaction.some((interaction) => interaction.code === code), code);
});

test('create, read, update, vread, history, delete', async () => {
  const created = await client.create({ resourceType: 'Patient', body: weber() });
  assert.match(created.id, /^[A-Za-z0-9.-]{1,64}$/);
  assert.equal(created.meta.versionId, '1');
  const { id } = created;

  const read = await client.read({ resourceType: 'Patient', id });
  const { meta, id: sameId, ...content } = read;
  assert.equal(sameId, id);
  assert.ok(meta.lastUpdated);
  assert.deepEqual(content, weber());

  const updated = await client.update({ resourceType: 'Patient', id, body: { ...read, active: true } });
  assert.equal(updated.meta.versionId, '2');
  const first = await client.vread({ resourceType: 'Patient', id, version: '1' });
  assert.equal(first.active, undefined);

  const history = await client.history({ resourceType: 'Patient', id });
  assert.equal(history.type, 'history');
  assert.deepEqual(history.entry.map(({ resource }) => resource.meta.versionId), ['2', '1']);

  await client.delete({ resourceType: 'Patient', id });
  await refused(client.read({ resourceType: 'Patient', id }), 410);
  const whole = await client.history({ resourceType: 'Patient', id });
  assert.equal(whole.total, 3);
  assert.equal(whole.entry[0].request.method, 'DELETE');
});

test('refusals come as OperationOutcome with the right status', async () => {
  await refused(client.read({ resourceType: 'Patient', id: 'nobody' }), 404);
  await refused(client.create({ resourceType: 'Patient', body: { resourceType: 'Patient', gender: 'unknwon' } }), 422);
  await refused(client.create({ resourceType: 'Patient', body: { resourceType: 'Patient', wings: 2 } }), 400);
  await refused(client.search({ resourceType: 'Patient', searchParams: { wings: '2' } }), 400);
});

test('update as create, and only of the version that was read', async () => {
  const body = { ...weber(), id: 'chosen-here' };
  const made = await client.update({ resourceType: 'Patient', id: body.id, body });
  assert.equal(made.meta.versionId, '1');
  const options = { headers: { 'If-Match': 'W/"7"' } };
  await refused(client.update({ resourceType: 'Patient', id: body.id, body: { ...body, active: false }, options }), 412);
  assert.equal((await client.read({ resourceType: 'Patient', id: body.id })).active, undefined);
});

test('conditional update finds, changes and makes', async () => {
  const searchParams = { identifier: 'urn:test|conditional' };
  const body = { resourceType: 'Organization', identifier: [{ system: 'urn:test', value: 'conditional' }], name: 'One' };
  const made = await client.update({ resourceType: 'Organization', searchParams, body });
  const changed = await client.update({ resourceType: 'Organization', searchParams, body: { ...body, name: 'Two' } });
  assert.equal(changed.id, made.id);
  assert.equal(changed.meta.versionId, '2');
});

test('transaction: references between its entries, all or nothing', async () => {
  const subject = 'urn:uuid:0d4f7a52-5d57-4a9c-9f0e-2f1d4c6a0b01';
  const observation = (reference) => ({
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
    subject: { reference },
    valueQuantity: { value: 61, unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' },
  });
  const bundle = (second) => ({
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      { fullUrl: subject, resource: { ...weber(), active: true }, request: { method: 'POST', url: 'Patient' } },
      { resource: second, request: { method: 'POST', url: 'Observation' } },
    ],
  });
  const answer = await client.transaction({ body: bundle(observation(subject)) });
  assert.equal(answer.type, 'transaction-response');
  assert.deepEqual(answer.entry.map(({ response }) => response.status.slice(0, 3)), ['201', '201']);
  const [patient, id] = /Patient\/([^/]+)/.exec(answer.entry[0].response.location);
  const found = await client.search({ resourceType: 'Observation', searchParams: { subject: patient } });
  assert.equal(found.entry.length, 1);
  const target = await client.resolve({ reference: found.entry[0].resource.subject.reference });
  assert.equal(target.id, id);

  const count = async () => (await client.search({ resourceType: 'Patient', searchParams: { _summary: 'count' } })).total;
  const before = await count();
  await refused(client.transaction({ body: bundle({ ...observation(subject), status: undefined }) }), 422);
  assert.equal(await count(), before);
});

test('batch: each entry for itself', async () => {
  const entry = (body) => ({ resource: body, request: { method: 'POST', url: 'Patient' } });
  const answer = await client.batch({
    body: { resourceType: 'Bundle', type: 'batch', entry: [entry(weber()), entry({ resourceType: 'Patient', gender: 3 })] },
  });
  assert.equal(answer.entry[0].response.status.slice(0, 3), '201');
  assert.equal(answer.entry[1].response.status.slice(0, 1), '4');
  assert.equal(answer.entry[1].response.outcome.resourceType, 'OperationOutcome');
});

test('search by GET and POST, and page by page', async () => {
  const body = {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: Array.from({ length: 25 }, (_, i) => ({
      resource: { resourceType: 'Practitioner', id: `page-${i}`, name: [{ family: `Pager${String(i).padStart(2, '0')}` }] },
      request: { method: 'PUT', url: `Practitioner/page-${i}` },
    })),
  };
  await client.transaction({ body });
  const searchParams = { family: 'pager', _sort: 'family', _count: 10, _total: 'accurate' };
  const names = ({ entry }) => entry.map(({ resource }) => resource.name[0].family);
  let page = await client.search({ resourceType: 'Practitioner', searchParams });
  const posted = await client.search({ resourceType: 'Practitioner', searchParams, options: { postSearch: true } });
  assert.equal(page.total, 25);
  assert.equal(posted.total, 25);
  assert.deepEqual(names(posted), names(page));
  const seen = names(page);
  while ((page = await client.nextPage({ bundle: page }))) seen.push(...names(page));
  assert.deepEqual(seen, body.entry.map(({ resource }) => resource.name[0].family));
});

test('history of a type and of everything', async () => {
  const ofType = await client.history({ resourceType: 'Practitioner' });
  assert.equal(ofType.type, 'history');
  assert.ok(ofType.total >= 25);
  const all = await client.history();
  assert.ok(all.total > ofType.total);
  assert.ok(all.link.some(({ relation }) => relation === 'self'));
});
