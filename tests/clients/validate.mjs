// $validate, $snapshot and packages through the socket of a running server.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { packageOf } from '../../conformance/package.mjs';
import { ask, run, start } from '../../conformance/server.mjs';

let server;
let folder;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'alzette-validate-'));
  server = await start({ data: join(folder, 'data') });
});
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const profileUrl = 'http://e.org/StructureDefinition/named';
const profile = (min) => ({
  resourceType: 'StructureDefinition', id: 'named', url: profileUrl, name: 'Named', status: 'active', abstract: false,
  kind: 'resource', type: 'Patient', derivation: 'constraint',
  baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Patient',
  differential: { element: [{ id: 'Patient.name', path: 'Patient.name', min }] },
});
const errors = async (type, body, query = '') => {
  const answer = await ask('POST', `${server.base}/${type}/$validate${query}`, JSON.stringify(body));
  assert.equal(answer.status, 200, answer.text);
  return JSON.parse(answer.text).issue.filter(({ severity }) => severity === 'error').map(({ code, expression }) => `${code} ${expression?.[0]}`);
};
const nameless = { resourceType: 'Patient', active: true };

test('a profile that is stored, changed or deleted counts at once', async () => {
  assert.deepEqual(await errors('Patient', nameless), []);
  assert.equal((await errors('Patient', nameless, `?profile=${profileUrl}`)).length, 1);
  assert.equal((await ask('PUT', `${server.base}/StructureDefinition/named`, JSON.stringify(profile(1)))).status, 201);
  assert.deepEqual(await errors('Patient', nameless, `?profile=${profileUrl}`), ['required Patient.name']);
  assert.deepEqual(await errors('Patient', { ...nameless, meta: { profile: [profileUrl] } }), ['required Patient.name']);
  assert.equal((await ask('PUT', `${server.base}/StructureDefinition/named`, JSON.stringify(profile(0)))).status, 200);
  assert.deepEqual(await errors('Patient', nameless, `?profile=${profileUrl}`), []);
  assert.equal((await ask('DELETE', `${server.base}/StructureDefinition/named`)).status < 300, true);
  assert.equal((await errors('Patient', nameless, `?profile=${profileUrl}`)).length, 1);
});

test('a text of white space alone may be stored, and is warned of', async () => {
  const blank = { resourceType: 'Patient', id: 'blank', name: [{ family: ' \t' }] };
  assert.equal((await ask('PUT', `${server.base}/Patient/blank`, JSON.stringify(blank))).status, 201);
  const issues = JSON.parse((await ask('POST', `${server.base}/Patient/$validate`, JSON.stringify(blank))).text).issue;
  assert.deepEqual(issues.filter(({ expression }) => expression?.[0] === 'Patient.name[0].family').map(({ severity, code }) => [severity, code]), [['warning', 'value']]);
});

test('a wrong display is a warning where the code system is here, by all its names', async () => {
  const system = 'http://e.org/CodeSystem/animals';
  const animals = { resourceType: 'CodeSystem', id: 'animals', url: system, version: '1', status: 'active', content: 'complete',
    concept: [{ code: 'dog', display: 'Dog', designation: [{ language: 'de', value: 'Hund' }] }, { code: 'cat' }] };
  assert.equal((await ask('PUT', `${server.base}/CodeSystem/animals`, JSON.stringify(animals))).status, 201);
  const told = async (coding) => {
    const body = { resourceType: 'Observation', status: 'final', code: { coding: [coding] } };
    const answer = await ask('POST', `${server.base}/Observation/$validate`, JSON.stringify(body));
    return JSON.parse(answer.text).issue.filter(({ expression }) => expression?.[0].endsWith('.display')).map(({ severity }) => severity);
  };
  assert.deepEqual(await told({ system, code: 'dog', display: 'Horse' }), ['warning']);
  assert.deepEqual(await told({ system, version: '1', code: 'dog', display: 'Horse' }), ['warning']);
  for (const display of ['Dog', 'dog', 'Hund']) assert.deepEqual(await told({ system, code: 'dog', display }), []);
  assert.deepEqual(await told({ system, version: '2', code: 'dog', display: 'Horse' }), []);
  assert.deepEqual(await told({ system, code: 'cat', display: 'Horse' }), []);
  assert.deepEqual(await told({ system: 'http://e.org/unknown', code: 'dog', display: 'Horse' }), []);
});

test('a language is a tag of BCP 47', async () => {
  for (const language of ['en', 'de-LU', 'x-own', 'sr-Latn-RS']) assert.deepEqual(await errors('Patient', { ...nameless, language }), []);
  for (const language of ['en_US', 'e', 'lëtzebuergesch']) assert.deepEqual(await errors('Patient', { ...nameless, language }), ['code-invalid Patient.language']);
  const photo = [{ contentType: 'image/png', url: 'http://e.org/p', language: 'not one' }];
  assert.deepEqual(await errors('Patient', { ...nameless, photo }), ['code-invalid Patient.photo[0].language']);
});

test('Parameters, modes and instances', async () => {
  const wrapped = { resourceType: 'Parameters', parameter: [{ name: 'resource', resource: { resourceType: 'Patient', gender: 'x' } }, { name: 'mode', valueCode: 'create' }] };
  assert.equal((await errors('Patient', wrapped)).length, 1);
  const inner = { resourceType: 'Parameters', parameter: [{ name: 'resource', resource: { resourceType: 'Parameters', parameter: [{ name: 'a', valueString: 'x' }] } }] };
  assert.deepEqual(await errors('Parameters', inner), []);
  assert.equal((await ask('PUT', `${server.base}/Patient/p`, JSON.stringify({ ...nameless, id: 'p' }))).status, 201);
  assert.equal((await ask('GET', `${server.base}/Patient/p/$validate`)).status, 200);
  assert.equal((await ask('GET', `${server.base}/Patient/p/$validate?mode=delete`)).status, 200);
  assert.equal((await ask('GET', `${server.base}/Patient/absent/$validate`)).status, 404);
  assert.equal((await ask('POST', `${server.base}/Patient/$validate?mode=other`, JSON.stringify(nameless))).status, 400);
  assert.equal((await ask('POST', `${server.base}/Patient/$validate`, '{"resourceType":"Patient",')).status, 400);
  assert.deepEqual(await errors('Patient/p', { ...nameless, id: 'q' }), ['invalid Patient.id']);
});

test('$snapshot of a differential that is sent, and of one that cannot be merged', async () => {
  const made = await ask('POST', `${server.base}/StructureDefinition/$snapshot`, JSON.stringify(profile(1)));
  assert.equal(made.status, 200);
  const name = JSON.parse(made.text).snapshot.element.find(({ id }) => id === 'Patient.name');
  assert.equal(name.min, 1);
  assert.equal(name.max, '*');
  const wrong = profile(1);
  wrong.differential.element[0] = { id: 'Patient.nam', path: 'Patient.nam' };
  assert.equal((await ask('POST', `${server.base}/StructureDefinition/$snapshot`, JSON.stringify(wrong))).status, 422);
});

test('a package counts in a running server, and no more when it is removed', async () => {
  const file = join(folder, 'p.tgz');
  writeFileSync(file, packageOf('e.org', '1.0.0', [JSON.stringify(profile(1)), JSON.stringify({ ...profile(1), id: 'packed', url: 'http://e.org/StructureDefinition/packed' })]));
  const data = ['--data', server.data];
  assert.equal(run('package', 'add', file, ...data).stdout, 'e.org#1.0.0\n');
  assert.equal(run('package', 'list', ...data).stdout, 'e.org#1.0.0\n');
  assert.deepEqual(await errors('Patient', nameless, `?profile=${profileUrl}`), ['required Patient.name']);
  // It is read by its id, and cannot be written there.
  const named = `${server.base}/StructureDefinition/packed`;
  const read = await ask('GET', named);
  assert.deepEqual([read.status, JSON.parse(read.text).url], [200, 'http://e.org/StructureDefinition/packed']);
  assert.equal((await ask('DELETE', named)).status, 200);
  assert.equal((await ask('GET', named)).status, 200);
  assert.equal((await ask('GET', `${named}/_history/1`)).status, 404);
  assert.equal(run('package', 'remove', 'e.org#1.0.0', ...data).status, 0);
  assert.equal((await ask('GET', named)).status, 404);
  assert.equal((await errors('Patient', nameless, `?profile=${profileUrl}`))[0].startsWith('not-found'), true);
  assert.equal(run('package', 'remove', 'e.org', ...data).status, 1);
  writeFileSync(file, 'no package');
  assert.equal(run('package', 'add', file, ...data).status, 1);
});

test('a profile without a name or status is stored as it is; a package is taken in as it is', async () => {
  const { name, status, ...bare } = profile(1);
  assert.equal((await ask('PUT', `${server.base}/StructureDefinition/named`, JSON.stringify(bare))).status, 201);
  assert.deepEqual(await errors('Patient', nameless, `?profile=${profileUrl}`), ['required Patient.name']);
  assert.deepEqual(await errors('StructureDefinition', bare),
    ['required StructureDefinition.name', 'required StructureDefinition.status']);
  assert.equal((await ask('DELETE', `${server.base}/StructureDefinition/named`)).status < 300, true);
  const { url, ...lost } = bare;
  assert.equal((await ask('PUT', `${server.base}/StructureDefinition/named`, JSON.stringify(lost))).status, 422);
  const file = join(folder, 'faulty.tgz');
  const faulty = profile(1);
  faulty.differential.element[0].maxValueDuration = { value: 1 };
  writeFileSync(file, packageOf('e.org.faulty', '1.0.0', ['{"resourceType":', JSON.stringify({ ...faulty, kind: 'none' })]));
  assert.equal(run('package', 'add', file, '--data', server.data).status, 0);
  assert.deepEqual(await errors('Patient', nameless, `?profile=${profileUrl}`), ['required Patient.name']);
  assert.equal(run('package', 'remove', 'e.org.faulty', '--data', server.data).status, 0);
});

test('a package is for R4 by its versions or by what it depends on', () => {
  const file = join(folder, 'basis.tgz');
  const add = (basis) => {
    writeFileSync(file, packageOf('e.org.basis', '1.0.0', [], basis));
    return run('package', 'add', file, '--data', server.data).status;
  };
  assert.equal(add({ dependencies: { 'hl7.fhir.r4.core': '4.0.1' } }), 0);
  assert.equal(add({ 'fhir-version-list': ['4.0.1'] }), 0);
  assert.equal(add({ fhirVersions: ['5.0.0'], dependencies: { 'hl7.fhir.r5.core': '5.0.0' } }), 1);
  assert.equal(add({}), 1);
  assert.equal(run('package', 'remove', 'e.org.basis', '--data', server.data).status, 0);
});
