// An independent client, npm fhirclient (SMART's), against the open server: requests, references, pages, writes.
// Its dependency isomorphic-webcrypto serves browsers alone and is replaced by another package in package.json.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createRequire } from 'node:module';
import { start } from '../../conformance/server.mjs';

const smart = createRequire(import.meta.url)('fhirclient');

let server;
let client;

before(async () => {
  server = await start();
  client = smart({ headers: {} }, {}).client(server.base);
});
after(() => server.stop());

test('create, read, update, delete', async () => {
  const created = await client.create({ resourceType: 'Patient', name: [{ family: 'Weber' }] });
  assert.equal((await client.request(`Patient/${created.id}`)).name[0].family, 'Weber');
  const updated = await client.update({ ...created, active: true });
  assert.equal(updated.meta.versionId, '2');
  await client.delete(`Patient/${created.id}`);
  await assert.rejects(client.request(`Patient/${created.id}`), (error) => error.status === 410);
});

test('references are resolved and pages followed', async () => {
  const patient = await client.create({ resourceType: 'Patient', name: [{ family: 'Muller' }] });
  for (let i = 0; i < 5; i++)
    await client.create({ resourceType: 'Observation', status: 'final', code: { text: `${i}` }, subject: { reference: `Patient/${patient.id}` } });
  const found = await client.request(`Observation?subject=Patient/${patient.id}&_count=2`,
    { pageLimit: 0, flat: true, resolveReferences: ['subject'] });
  assert.equal(found.length, 5);
  assert.equal(found[0].subject.name[0].family, 'Muller');
});

test('refusals carry the outcome', async () => {
  await assert.rejects(client.request('Patient?horse=1'), (error) => error.status === 400 && /horse/.test(error.message));
});

test('the capability statement names the version', async () => {
  assert.equal(await client.getFhirVersion(), '4.0.1');
  assert.equal(await client.getFhirRelease(), 4);
});
