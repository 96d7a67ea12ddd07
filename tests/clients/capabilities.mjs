// Everything that the CapabilityStatement names by its canonical can be found by it, and read where the answer says.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start } from '../../conformance/server.mjs';

let server;
let statement;
const get = async (path) => {
  const reply = await fetch(path.startsWith('http') ? path : `${server.base}/${path}`);
  return { status: reply.status, body: await reply.json() };
};

before(async () => {
  server = await start();
  statement = (await get('metadata')).body;
});
after(() => server.stop());

// [type, canonical] of all of them, once.
function named() {
  const [rest] = statement.rest;
  const all = new Map();
  const add = (type, url) => url && all.set(url, type);
  for (const part of [rest, ...rest.resource]) {
    for (const operation of part.operation ?? []) add('OperationDefinition', operation.definition);
    for (const parameter of part.searchParam ?? []) add('SearchParameter', parameter.definition);
    add('StructureDefinition', part.profile);
  }
  for (const url of rest.compartment) add('CompartmentDefinition', url);
  return [...all].map(([url, type]) => [type, url]);
}

test('what the CapabilityStatement names is found by its canonical and read by its id', async () => {
  const all = named();
  assert.ok(all.length > 1500);
  for (const [type, url] of all) {
    const found = await get(`${type}?url=${encodeURIComponent(url)}`);
    assert.equal(found.body.total, 1, url);
    const [entry] = found.body.entry;
    assert.equal(entry.resource.url, url);
    const read = await get(entry.fullUrl);
    assert.equal(read.status, 200, entry.fullUrl);
    assert.equal(read.body.url, url);
  }
});

test('such a definition meets the other criteria, and gives way to one that is stored', async () => {
  const url = encodeURIComponent('http://hl7.org/fhir/OperationDefinition/Resource-validate');
  const total = async (more) => (await get(`OperationDefinition?url=${url}${more}`)).body.total;
  assert.equal(await total('&code=validate&version=4.0.1'), 1);
  assert.equal(await total('&code=expand'), 0);
  assert.equal(await total('&_summary=count'), 1);
  const own = { resourceType: 'OperationDefinition', id: 'own', url: decodeURIComponent(url), name: 'Own', status: 'draft', kind: 'operation', code: 'validate', system: true, type: false, instance: false };
  await fetch(`${server.base}/OperationDefinition/own`, { method: 'PUT', headers: { 'Content-Type': 'application/fhir+json' }, body: JSON.stringify(own) });
  const { body } = await get(`OperationDefinition?url=${url}`);
  assert.deepEqual(body.entry.map((entry) => entry.resource.id), ['own']);
  const xml = await (await fetch(`${server.base}/SearchParameter/Patient-active?_format=xml&_elements=code`)).text();
  assert.equal(xml.startsWith('<?xml'), xml.includes('SUBSETTED'));
});

test('such a definition can be asked about by its id, too', async () => {
  const expanded = await get('ValueSet/administrative-gender/$expand');
  assert.equal(expanded.body.expansion.total, 4);
  const snapshot = await get('StructureDefinition/Patient/$snapshot');
  assert.equal(snapshot.body.url, 'http://hl7.org/fhir/StructureDefinition/Patient');
  assert.equal((await get('CodeSystem/administrative-gender/$validate-code?code=male')).body.parameter[0].valueBoolean, true);
  assert.equal((await get('StructureDefinition/Patient/$validate')).status, 200);
  assert.equal((await get('StructureDefinition/Nothing')).status, 404);
});
