// $fhirpath, $graphql and $graph through a real socket.
// FHIR R4: http://hl7.org/fhir/R4/fhirpath.html, graphql.html, graphdefinition.html
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { evaluate, jsonValue } from '../../conformance/fhirpath.mjs';
import { ask, start } from '../../conformance/server.mjs';

let server;
const stored = [
  { resourceType: 'Organization', id: 'o', name: 'Clinic' },
  { resourceType: 'Patient', id: 'p', active: true, name: [{ family: 'Weber', given: ['Anna'] }], managingOrganization: { reference: 'Organization/o' } },
  { resourceType: 'Observation', id: 'w', status: 'final', code: { text: 'Weight' }, subject: { reference: 'Patient/p' } },
  {
    resourceType: 'GraphDefinition', id: 'g', url: 'http://example.org/graph', name: 'g', status: 'active', start: 'Patient',
    link: [{ path: 'Patient.managingOrganization', target: [{ type: 'Organization' }] },
      { target: [{ type: 'Observation', params: 'patient={ref}', compartment: [{ use: 'condition', code: 'Patient', rule: 'matching' }] }] }],
  },
  { resourceType: 'GraphDefinition', id: 'v10', url: 'http://example.org/versions', version: '10', name: 'v', status: 'active', start: 'Patient' },
  { resourceType: 'GraphDefinition', id: 'v9', url: 'http://example.org/versions', version: '9', name: 'v', status: 'active', start: 'Organization' },
];
before(async () => {
  server = await start();
  for (const resource of stored) {
    const answer = await ask('PUT', `${server.base}/${resource.resourceType}/${resource.id}`, JSON.stringify(resource));
    assert.equal(answer.status, 201, answer.text);
  }
});
after(async () => { await server.stop(); });

const parameters = (...parameter) => JSON.stringify({ resourceType: 'Parameters', parameter });
const expression = (valueString) => ({ name: 'expression', valueString });

test('$fhirpath: typed items, context, variables, plain JSON, references resolved in the store', async () => {
  const resource = { name: 'resource', resource: stored[1] };
  const types = async (...parts) => (await evaluate(server.base, parameters(...parts))).results.map((items) => items.map(({ type, text }) => `${type} ${text}`));
  assert.deepEqual(await types(expression('name.given | active'), resource), [['string Anna', 'boolean true']]);
  assert.deepEqual(await types(expression('family'), { name: 'context', valueString: 'name' }, resource), [['string Weber']]);
  assert.deepEqual(await types(expression('1 + 1')), [['integer 2']]);
  assert.deepEqual(await types(expression('{}'), resource), [[]]);
  assert.deepEqual(await types(expression('%x + a.first()'), { name: 'model', valueCode: 'none' }, jsonValue('resource', { a: [1, 2] }), { name: 'variables', part: [jsonValue('x', [3])] }), [['integer 4']]);
  assert.deepEqual(await types(expression('managingOrganization.resolve().name'), resource), [['string Clinic']]);
});

test('$fhirpath: faults are outcomes; B37 hostile expressions end soon', async () => {
  const status = async (...parts) => (await evaluate(server.base, parameters(...parts))).status;
  const resource = { name: 'resource', resource: stored[1] };
  assert.equal(await status(expression('1 +')), 400);
  assert.equal(await status(expression("'a' + 1")), 422);
  assert.equal(await status(expression('colour'), resource), 200);
  assert.equal(await status(expression('colour'), { name: 'validate', valueBoolean: true }, resource), 422);
  assert.equal(await status({ name: 'model', valueCode: 'r9' }, expression('1')), 422);
  assert.equal(await status(), 400);
  assert.equal(await status(expression(`${'('.repeat(1000)}1${')'.repeat(1000)}`)), 400);
  const endless = await evaluate(server.base, parameters(expression('repeatAll($this)'), resource));
  assert.ok([400, 422].includes(endless.status));
  assert.match(endless.error, /too many steps/);  // counted: no clock ends it
  const before = server.used();
  assert.equal(await status(expression("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('(a+)+$')")), 200);
  assert.ok(server.used() - before < 1, 'a second of processor');
});

test('$fhirpath: value sets, profiles and %terminologies of the store', async () => {
  const put = async (resource) => {
    const answer = await ask('PUT', `${server.base}/${resource.resourceType}/${resource.id}`, JSON.stringify(resource));
    assert.ok(answer.status <= 201, answer.text);
  };
  await put({ resourceType: 'CodeSystem', id: 'size', url: 'http://e.org/size', status: 'active', content: 'complete', hierarchyMeaning: 'is-a',
    concept: [{ code: 'big', display: 'Big', concept: [{ code: 'huge', display: 'Huge' }] }, { code: 'small', display: 'Small' }] });
  await put({ resourceType: 'ValueSet', id: 'size', url: 'http://e.org/sizes', status: 'active',
    compose: { include: [{ system: 'http://e.org/size', filter: [{ property: 'concept', op: 'is-a', value: 'big' }] }] } });
  await put({ resourceType: 'ConceptMap', id: 'size', url: 'http://e.org/map', status: 'active', sourceUri: 'http://e.org/sizes', targetUri: 'http://e.org/other',
    group: [{ source: 'http://e.org/size', target: 'http://e.org/letter', element: [{ code: 'big', target: [{ code: 'L', equivalence: 'equivalent' }] }] }] });
  await put({ resourceType: 'StructureDefinition', id: 'named', url: 'http://e.org/named', name: 'Named', status: 'active', kind: 'resource', abstract: false,
    type: 'Patient', baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Patient', derivation: 'constraint',
    differential: { element: [{ id: 'Patient.name', path: 'Patient.name', min: 1 }, { id: 'Patient.birthDate', path: 'Patient.birthDate', min: 1 }] } });
  const first = async (text, resource = stored[1]) => {
    const { results, error } = await evaluate(server.base, parameters(expression(text), { name: 'resource', resource }));
    return error ?? results[0].map((item) => item.text).join();
  };
  const big = { resourceType: 'Basic', code: { coding: [{ system: 'http://e.org/size', code: 'huge' }] } };
  assert.equal(await first("code.memberOf('http://e.org/sizes')", big), 'true');
  assert.equal(await first("code.coding.memberOf('http://e.org/size?fhir_vs=isa/small')", big), 'false');
  assert.equal(await first("code.memberOf('http://e.org/unknown')", big), '');
  assert.equal(await first("conformsTo('http://e.org/named')"), 'false');
  assert.equal(await first("conformsTo('http://e.org/named')", { ...stored[1], birthDate: '1970-01-01' }), 'true');
  assert.match(await first("conformsTo('http://e.org/none')"), /not known/);
  assert.equal(await first("%terminologies.expand('http://e.org/sizes').expansion.total"), '2');
  assert.equal(await first("%terminologies.expand('http://e.org/sizes', 'filter=hug').expansion.contains.code"), 'huge');
  assert.equal(await first("%terminologies.validateVS('http://e.org/sizes', code).parameter.where(name = 'result').value", big), 'true');
  assert.equal(await first("%terminologies.validateCS('http://e.org/size', 'wide').parameter.where(name = 'result').value"), 'false');
  assert.equal(await first("%terminologies.lookup(code.coding).parameter.where(name = 'display').value", big), 'Huge');
  assert.equal(await first("%terminologies.subsumes('http://e.org/size', 'big', 'huge')"), 'subsumes');
  assert.equal(await first("%terminologies.translate('http://e.org/map', %factory.Coding('http://e.org/size', 'big')).parameter.where(name = 'result').value"), 'true');
  assert.equal(await first("%terminologies.expand('http://e.org/none')"), '');
  assert.match(await first("%terminologies.divide(1)"), /no function/);
});

test('$fhirpath: strict evaluation knows what no type has, whatever the resource holds', async () => {
  const status = async (text) => (await evaluate(server.base, parameters(expression(text), { name: 'validate', valueBoolean: true }, { name: 'resource', resource: stored[2] }))).status;
  for (const wrong of ['(value as Period).unit', 'Observation.component.where(colour.exists())', 'value.ofType(Quantity).start', 'component.select(code.txt)', 'Patient.name'])
    assert.equal(await status(wrong), 422, wrong);
  for (const right of ['(value as Period).start', 'value.unit', 'component.where(code.exists()).value', 'subject.resolve().name.given', 'Observation.code.text',
    'component.code.coding.first().display', "extension('x').value.unit", 'contained.name'])
    assert.equal(await status(right), 200, right);
});

const query = async (path, options) => {
  const answer = await fetch(`${server.base}/${path}`, options);
  return { status: answer.status, type: answer.headers.get('content-type'), body: await answer.json() };
};

test('$graphql: by GET and in each form of POST, on an instance and on the system', async () => {
  const wanted = { data: { id: 'p', managingOrganization: { resource: { name: 'Clinic' } } } };
  const text = '{ id managingOrganization { resource { ... on Organization { name } } } }';
  const got = await query(`Patient/p/$graphql?query=${encodeURIComponent(text)}`);
  assert.match(got.type, /^application\/json/);
  assert.deepEqual(got.body, wanted);
  const post = (body, type) => query('Patient/p/$graphql', { method: 'POST', body, headers: { 'Content-Type': type } });
  assert.deepEqual((await post(text, 'application/graphql')).body, wanted);
  assert.deepEqual((await post(JSON.stringify({ query: text }), 'application/json')).body, wanted);
  assert.deepEqual((await post(parameters({ name: 'query', valueString: text }), 'application/fhir+json')).body, wanted);
  const system = '{ Patient(id: p) { ObservationList(_reference: patient) { code { text } } } ObservationConnection(status: final) { count edges { resource { id } } } }';
  assert.deepEqual((await query(`$graphql?query=${encodeURIComponent(system)}`)).body, {
    data: { Patient: { ObservationList: [{ code: { text: 'Weight' } }] }, ObservationConnection: { count: 1, edges: [{ resource: { id: 'w' } }] } },
  });
});

test('$graphql: a count that is asked for is there, however small the page', async () => {
  const organization = { resourceType: 'Organization', id: 'second', name: 'Ward', active: true };
  await fetch(`${server.base}/Organization/second`, { method: 'PUT', body: JSON.stringify(organization), headers: { 'Content-Type': 'application/fhir+json' } });
  const text = '{ OrganizationConnection(_count: 1) { count edges { mode } } }';
  assert.deepEqual((await query(`$graphql?query=${encodeURIComponent(text)}`)).body, { data: { OrganizationConnection: { count: 2, edges: [{ mode: 'match' }] } } });
});

test('$graphql: faults are outcomes', async () => {
  for (const [path, status] of [['Patient/p/$graphql?query={colour}', 400], ['Patient/p/$graphql', 400], ['Patient/x/$graphql?query={id}', 404],
    ['$graphql?query={', 400], ['$graphql?query={PatientList(colour:red){id}}', 400]]) {
    const answer = await query(path);
    assert.equal(answer.status, status, path);
    assert.equal(answer.body.resourceType, 'OperationOutcome');
  }
});

test('$graph: what a GraphDefinition reaches, once each', async () => {
  const { status, body } = await query('Patient/p/$graph?graph=http://example.org/graph');
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(body.type, 'collection');
  assert.deepEqual(body.entry.map(({ resource }) => `${resource.resourceType}/${resource.id}`), ['Patient/p', 'Organization/o', 'Observation/w']);
  assert.equal((await query('Patient/p/$graph?graph=http://example.org/none')).status, 422);
  assert.equal((await query('Patient/p/$graph')).status, 400);
  assert.equal((await query('Organization/o/$graph?graph=http://example.org/graph')).status, 422);
  const one = async (graph) => (await query(`Patient/p/$graph?graph=${graph}`)).status;
  assert.deepEqual(await Promise.all(['GraphDefinition/v10', 'http://example.org/versions', 'http://example.org/versions|9'].map(one)), [200, 200, 422]);
});

test('$graph: a path of * is every reference; who does not meet the conditions is not subject to the requirements', async () => {
  const put = async (resource) => {
    const answer = await ask('PUT', `${server.base}/${resource.resourceType}/${resource.id}`, JSON.stringify(resource));
    assert.ok(answer.status <= 201, answer.text);
  };
  const reached = async (target, link = { path: '*' }) => {
    await put({ resourceType: 'GraphDefinition', id: 'all', url: 'http://example.org/all', name: 'All', status: 'active', start: 'List', link: [{ ...link, target }] });
    const { status, body } = await query('List/l/$graph?graph=http://example.org/all');
    return status === 200 ? body.entry.map(({ resource }) => `${resource.resourceType}/${resource.id}`).slice(1).sort().join() : status;
  };
  for (const id of ['one', 'two']) await put({ resourceType: 'Patient', id });
  for (const [id, subject] of [['mine', 'one'], ['theirs', 'two']])
    await put({ resourceType: 'Observation', id, status: 'final', code: { text: 'x' }, subject: { reference: `Patient/${subject}` } });
  await put({ resourceType: 'List', id: 'l', status: 'current', mode: 'working', subject: { reference: 'Patient/one' },
    entry: [{ item: { reference: 'Observation/mine' } }, { item: { reference: 'Observation/theirs' } }] });
  assert.equal(await reached([{ type: 'Observation' }, { type: 'Patient' }]), 'Observation/mine,Observation/theirs,Patient/one');
  const rule = (use, rule, rest = {}) => ({ use, code: 'Patient', rule, ...rest });
  assert.equal(await reached([{ type: 'Observation', compartment: [rule('requirement', 'matching')] }]), 'Observation/mine');
  const preliminary = rule('condition', 'custom', { expression: "status = 'preliminary'" });
  assert.equal(await reached([{ type: 'Observation', compartment: [rule('requirement', 'matching'), preliminary] }]), 'Observation/mine,Observation/theirs');
  const final = rule('condition', 'custom', { expression: "status = 'final'" });
  assert.equal(await reached([{ type: 'Observation', compartment: [rule('requirement', 'different'), final] }]), 'Observation/theirs');
  assert.equal(await reached([{ type: 'Observation', params: 'status=final' }], {}), 422);
});
