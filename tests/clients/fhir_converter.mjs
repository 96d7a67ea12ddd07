// An independent converter, npm fhir: what it writes as XML we read, what we write as XML it reads.
// Its reader turns decimals into strings and knows no timingTiming; the resources here have neither.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createRequire } from 'node:module';
import { ask, start } from '../../conformance/server.mjs';

const { Fhir } = createRequire(import.meta.url)('fhir');
const converter = new Fhir();
const xml = { 'Content-Type': 'application/fhir+xml', Accept: 'application/fhir+xml' };

let server;
before(async () => { server = await start(); });
after(() => server.stop());

const patient = {
  resourceType: 'Patient',
  id: 'p',
  language: 'fr-LU',
  text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml"><p>Zoë <b>Weber</b> &amp; co</p></div>' },
  contained: [{ resourceType: 'Organization', id: 'o', name: 'Clinic "A" <B>' }],
  extension: [{ url: 'http://example.org/e', valueCodeableConcept: { text: 'one' } }],
  identifier: [{ system: 'urn:oid:1.3.182.4.4', value: '1970010100101' }],
  active: true,
  name: [{ use: 'official', family: 'Weber', given: ['Zoë', 'Marie'] }, { text: 'Zo' }],
  birthDate: '1970-01-01',
  multipleBirthInteger: 2,
  managingOrganization: { reference: '#o' },
};

const content = ({ meta, ...rest }) => rest;

test('what the converter writes is read', async () => {
  const stored = await ask('PUT', `${server.base}/Patient/p`, converter.objToXml(patient), xml);
  assert.equal(stored.status, 201);
  const read = await ask('GET', `${server.base}/Patient/p`);
  assert.deepEqual(content(JSON.parse(read.text)), patient);
});

test('what is written the converter reads', async () => {
  const read = await ask('GET', `${server.base}/Patient/p`, undefined, xml);
  assert.deepEqual(content(converter.xmlToObj(read.text)), patient);
  assert.equal(converter.validate(read.text).valid, true);
});

test('a bundle of both, and the statement of capabilities', async () => {
  const found = converter.xmlToObj((await ask('GET', `${server.base}/Patient?_id=p`, undefined, xml)).text);
  assert.equal(found.type, 'searchset');
  assert.deepEqual(content(found.entry[0].resource), patient);
  const transaction = { resourceType: 'Bundle', type: 'transaction', entry: [
    { fullUrl: 'urn:uuid:5f3d7c2e-0c4a-4a6b-9d8e-1f2a3b4c5d6e', resource: { resourceType: 'Practitioner', active: true }, request: { method: 'POST', url: 'Practitioner' } }] };
  const done = converter.xmlToObj((await ask('POST', server.base, converter.objToXml(transaction), xml)).text);
  assert.equal(done.entry[0].response.status, '201 Created');
  const statement = converter.xmlToObj((await ask('GET', `${server.base}/metadata`, undefined, xml)).text);
  assert.equal(statement.fhirVersion, '4.0.1');
});

test('a refusal is read as an OperationOutcome', async () => {
  const refused = await ask('PUT', `${server.base}/Patient/p`, converter.objToXml({ ...patient, birthDate: '1970-02-30' }), xml);
  assert.equal(refused.status, 400);
  const outcome = converter.xmlToObj(refused.text);
  assert.equal(outcome.resourceType, 'OperationOutcome');
  assert.deepEqual(outcome.issue[0].expression, ['Patient.birthDate']);
});
