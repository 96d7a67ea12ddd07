// An independent client, @medplum/core, does what its applications do: capability, CRUD with versions, conditional
// create and update, search by parameters and pages, batch, history, Binary.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MedplumClient, OperationOutcomeError } from '@medplum/core';
import { start } from '../../conformance/server.mjs';

let server;
let client;

before(async () => {
  server = await start();
  client = new MedplumClient({ baseUrl: `${server.origin}/`, fhirUrlPath: 'fhir/', fetch, cacheTime: 0 });
});
after(() => server.stop());

const weber = (value) => ({
  resourceType: 'Patient',
  identifier: [{ system: 'urn:x', value }],
  name: [{ family: 'Weber', given: ['Zoë'] }],
});

test('create, read, update, history, delete', async () => {
  const created = await client.createResource(weber('1'));
  assert.ok(created.id);
  const read = await client.readResource('Patient', created.id);
  assert.deepEqual(read, created);
  const updated = await client.updateResource({ ...read, birthDate: '1970-01-01' });
  assert.equal(updated.meta.versionId, '2');
  assert.equal((await client.readVersion('Patient', created.id, '1')).birthDate, undefined);
  assert.equal((await client.readHistory('Patient', created.id)).entry.length, 2);
  await client.deleteResource('Patient', created.id);
  await assert.rejects(client.readResource('Patient', created.id), (error) =>
    error instanceof OperationOutcomeError && error.outcome.issue[0].code === 'deleted');
});

test('conditional create and update', async () => {
  const first = await client.createResourceIfNoneExist(weber('2'), 'identifier=urn:x|2');
  const second = await client.createResourceIfNoneExist(weber('2'), 'identifier=urn:x|2');
  assert.equal(second.id, first.id);
  const upserted = await client.upsertResource({ ...weber('2'), active: true }, 'identifier=urn:x|2');
  assert.equal(upserted.id, first.id);
  assert.equal(upserted.active, true);
});

test('search, pages and counts', async () => {
  for (let i = 0; i < 5; i++) await client.createResource({ resourceType: 'Practitioner', name: [{ family: `P${i}` }] });
  const found = await client.searchResources('Practitioner', { family: 'P3' });
  assert.equal(found.length, 1);
  assert.equal((await client.searchOne('Practitioner', 'family=P1')).name[0].family, 'P1');
  let seen = 0;
  for await (const page of client.searchResourcePages('Practitioner', { _count: 2, _sort: 'family' })) seen += page.length;
  assert.equal(seen, 5);
  assert.equal((await client.search('Practitioner', { _summary: 'count' })).total, 5);
});

test('batch, transaction and Binary', async () => {
  const answer = await client.executeBatch({
    resourceType: 'Bundle',
    type: 'batch',
    entry: [{ resource: weber('3'), request: { method: 'POST', url: 'Patient' } }, { request: { method: 'GET', url: 'Patient/none' } }],
  });
  assert.deepEqual(answer.entry.map(({ response }) => response.status.slice(0, 3)), ['201', '404']);
  const binary = await client.createResource({ resourceType: 'Binary', contentType: 'text/plain', data: 'YQ==' });
  assert.equal((await client.readResource('Binary', binary.id)).data, 'YQ==');
});

test('the record of a patient, by a call of its own', async () => {
  const patient = await client.createResource(weber('4'));
  await client.createResource({ resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject: { reference: `Patient/${patient.id}` } });
  const everything = await client.readPatientEverything(patient.id);
  assert.deepEqual(everything.entry.map(({ resource }) => resource.resourceType).sort(), ['Observation', 'Patient']);
});
