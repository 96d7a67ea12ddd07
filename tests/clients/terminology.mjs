// Terminology over the wire: what is stored counts at once, in expansion, validation, look-up, subsumption, translation,
// closure; resources that come with a request; large code systems; hostile value sets.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, start } from '../../conformance/server.mjs';

let server;

before(async () => { server = await start(); });
after(() => server.stop());

const put = async (resource) => {
  const answer = await ask('PUT', `${server.base}/${resource.resourceType}/${resource.id}`, JSON.stringify(resource));
  assert.ok([200, 201].includes(answer.status), answer.text.slice(0, 500));
};
const get = async (path, status = 200, headers = {}) => {
  const answer = await ask('GET', `${server.base}/${path}`, undefined, headers);
  assert.equal(answer.status, status, answer.text.slice(0, 500));
  return JSON.parse(answer.text);
};
const post = async (path, parameter, status = 200) => {
  const answer = await ask('POST', `${server.base}/${path}`, JSON.stringify({ resourceType: 'Parameters', parameter }));
  assert.equal(answer.status, status, answer.text.slice(0, 500));
  return JSON.parse(answer.text);
};
const value = (parameters, name) => {
  const found = parameters.parameter.find((one) => one.name === name) ?? {};
  return found[Object.keys(found).find((key) => key.startsWith('value'))];
};
const codes = (valueSet) => (valueSet.expansion.contains ?? []).flatMap(function flat(row) {
  return [row.code, ...(row.contains ?? []).flatMap(flat)];
});

const colours = {
  resourceType: 'CodeSystem', id: 'colours', url: 'http://e.org/colours', version: '1', name: 'Colours', status: 'active',
  content: 'complete', caseSensitive: true, hierarchyMeaning: 'is-a',
  concept: [{ code: 'red', display: 'Red', concept: [{ code: 'crimson', display: 'Crimson', designation: [{ language: 'de', value: 'Karmesin' }] }] },
    { code: 'blue', display: 'Blue' }],
};
const reds = {
  resourceType: 'ValueSet', id: 'reds', url: 'http://e.org/reds', status: 'active',
  compose: { include: [{ system: 'http://e.org/colours', filter: [{ property: 'concept', op: 'is-a', value: 'red' }] }] },
};

test('a stored value set is expanded by address, by url, by GET and POST', async () => {
  await put(colours);
  await put(reds);
  for (const answer of [await get('ValueSet/reds/$expand'), await get('ValueSet/$expand?url=http://e.org/reds'),
    await post('ValueSet/$expand', [{ name: 'url', valueUri: 'http://e.org/reds' }]),
    await post('ValueSet/$expand', [{ name: 'valueSet', resource: { ...reds, url: 'http://e.org/other' } }])]) {
    assert.deepEqual(codes(answer), ['red', 'crimson']);
    assert.equal(answer.expansion.total, 2);
  }
  const german = await get('ValueSet/reds/$expand?displayLanguage=de');
  assert.equal(german.expansion.contains[0].contains[0].display, 'Karmesin');
  const header = await get('ValueSet/reds/$expand', 200, { 'Accept-Language': 'de' });
  assert.equal(header.expansion.contains[0].contains[0].display, 'Karmesin');
});

test('value sets that follow from a code system need not be stored', async () => {
  await put(colours);
  const expand = async (url) => codes(await get(`ValueSet/$expand?url=${encodeURIComponent(url)}`));
  assert.deepEqual(await expand('http://e.org/colours?fhir_vs'), ['red', 'crimson', 'blue']);
  assert.deepEqual(await expand('http://e.org/colours?fhir_vs=isa/red'), ['red', 'crimson']);
  const within = async (url, code) => value(await get(
    `ValueSet/$validate-code?url=${encodeURIComponent(url)}&system=http://unitsofmeasure.org&code=${encodeURIComponent(code)}`), 'result');
  assert.equal(await within('http://unitsofmeasure.org/vs/g', 'mg'), true);
  assert.equal(await within('http://unitsofmeasure.org/vs/g', 'mL'), false);
  await get('ValueSet/$expand?url=http://e.org/colours%3Ffhir_vs%3Drefset/1', 404);
});

test('a value set by the element it is bound to; systems that are left out', async () => {
  const patient = 'http://hl7.org/fhir/StructureDefinition/Patient';
  assert.deepEqual(codes(await get(`ValueSet/$expand?context=${patient}%23Patient.gender`)).sort(), ['female', 'male', 'other', 'unknown']);
  assert.equal(value(await get(`ValueSet/$validate-code?context=${patient}%23Patient.gender&code=male&inferSystem=true`), 'result'), true);
  await get(`ValueSet/$expand?context=${patient}%23Patient.name`, 404);
  await get('ValueSet/$expand', 400);
  await put(colours);
  await put({ ...reds, id: 'both', url: 'http://e.org/both', compose: { include: [...reds.compose.include, { system: 'http://hl7.org/fhir/administrative-gender' }] } });
  assert.deepEqual(codes(await get('ValueSet/both/$expand?exclude-system=http://hl7.org/fhir/administrative-gender')), ['red', 'crimson']);
  assert.equal(codes(await get('ValueSet/both/$expand?exclude-system=http://e.org/colours%7C9')).length, 6);
});

test('a change counts at once', async () => {
  await put({ ...colours, version: '2', concept: [...colours.concept, { code: 'scarlet', property: [{ code: 'parent', valueCode: 'red' }] }] });
  assert.deepEqual(codes(await get('ValueSet/reds/$expand')).sort(), ['crimson', 'red', 'scarlet']);
  assert.equal(value(await get('ValueSet/reds/$validate-code?system=http://e.org/colours&code=scarlet'), 'result'), true);
  await put(colours);
  assert.equal(value(await get('ValueSet/reds/$validate-code?system=http://e.org/colours&code=scarlet'), 'result'), false);
});

test('validation names what is wrong and where', async () => {
  const answer = await post('ValueSet/$validate-code', [{ name: 'url', valueUri: 'http://e.org/reds' },
    { name: 'coding', valueCoding: { system: 'http://e.org/colours', code: 'crimson', display: 'Kermit' } }]);
  assert.equal(value(answer, 'result'), false);
  const [issue] = answer.parameter.find(({ name }) => name === 'issues').resource.issue;
  assert.equal(issue.details.coding[0].code, 'invalid-display');
  assert.deepEqual(issue.expression, ['Coding.display']);
  const inferred = await get('ValueSet/reds/$validate-code?code=red');
  assert.equal(value(inferred, 'system'), 'http://e.org/colours');
});

test('R4 value sets, ISO lists and codes by rule are known', async () => {
  assert.deepEqual(codes(await get('ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender')).sort(),
    ['female', 'male', 'other', 'unknown']);
  for (const [system, code, result] of [['urn:iso:std:iso:3166', 'LU', true], ['urn:iso:std:iso:3166', 'XX', false],
    ['urn:iso:std:iso:4217', 'EUR', true], ['urn:ietf:bcp:47', 'lb-LU', true], ['urn:ietf:bcp:47', 'lb_LU', false],
    ['http://unitsofmeasure.org', 'mm[Hg]', true], ['urn:ietf:bcp:13', 'text/plain', true]])
    assert.equal(value(await get(`CodeSystem/$validate-code?url=${encodeURIComponent(system)}&code=${encodeURIComponent(code)}`), 'result'), result, code);
  assert.equal(value(await get('CodeSystem/$lookup?system=urn:ietf:bcp:47&code=de-LU'), 'display'), 'German (Luxembourg)');
});

test('look-up, subsumption, translation', async () => {
  const told = await get('CodeSystem/$lookup?system=http://e.org/colours&code=crimson');
  assert.equal(value(told, 'display'), 'Crimson');
  assert.ok(told.parameter.some(({ name, part }) => name === 'property' && part[0].valueCode === 'parent'));
  await get('CodeSystem/$lookup?system=http://e.org/colours&code=mauve', 404);
  await get('CodeSystem/$lookup?system=http://e.org/smells&code=sweet', 404);
  assert.equal(value(await get('CodeSystem/$subsumes?system=http://e.org/colours&codeA=red&codeB=crimson'), 'outcome'), 'subsumes');
  assert.equal(value(await get('CodeSystem/colours/$subsumes?codeA=red&codeB=blue'), 'outcome'), 'not-subsumed');
  await put({ resourceType: 'ConceptMap', id: 'moods', url: 'http://e.org/moods', status: 'active', group: [{ source: 'http://e.org/colours',
    target: 'http://e.org/mood', element: [{ code: 'blue', target: [{ code: 'sad', equivalence: 'relatedto' }] }] }] });
  for (const path of ['ConceptMap/moods/$translate?', 'ConceptMap/$translate?url=http://e.org/moods&', 'ConceptMap/$translate?'])
    assert.equal(value(await get(`${path}system=http://e.org/colours&code=blue`), 'result'), true, path);
  assert.equal(value(await get('ConceptMap/moods/$translate?system=http://e.org/colours&code=red'), 'result'), false);
  await get('ConceptMap/moods/$translate?code=blue', 400);
  await put({ resourceType: 'ValueSet', id: 'felt', url: 'http://e.org/felt', status: 'active' });
  await put({ resourceType: 'ConceptMap', id: 'felt', url: 'http://e.org/felt-map', status: 'active', sourceUri: 'http://e.org/felt', targetUri: 'http://e.org/shown',
    group: [{ source: 'http://e.org/colours', target: 'http://e.org/mood', element: [{ code: 'blue', target: [{ code: 'cold', equivalence: 'relatedto' }] }] }] });
  for (const source of ['http://e.org/felt', 'felt', 'ValueSet/felt', `${server.base}/ValueSet/felt`]) {
    const told = await get(`ConceptMap/$translate?system=http://e.org/colours&code=blue&source=${source}`);
    assert.deepEqual(told.parameter.filter(({ name }) => name === 'match').map(({ part }) => part.find(({ name }) => name === 'concept').valueCoding.code), ['cold'], source);
  }
});

test('a search finds codes of a system where case does not count however they are spelled, others as they are', async () => {
  for (const caseSensitive of [false, true])
    await put({ resourceType: 'CodeSystem', id: `case-${caseSensitive}`, url: `http://e.org/case-${caseSensitive}`, status: 'active', content: 'complete',
      caseSensitive, concept: [{ code: 'Positive' }] });
  for (const [i, code] of ['Positive', 'POSITIVE', 'positive', 'negative'].entries())
    await put({ resourceType: 'Observation', id: `case-${i}`, status: 'final',
      code: { coding: [false, true].map((sensitive) => ({ system: `http://e.org/case-${sensitive}`, code })) } });
  const total = async (query) => (await get(`Observation?_id=case-0,case-1,case-2,case-3&_summary=count&${query}`)).total;
  for (const code of ['Positive', 'POSITIVE', 'positive', 'pOsItIvE']) assert.equal(await total(`code=http://e.org/case-false|${code}`), 3, code);
  assert.equal(await total('code:not=http://e.org/case-false|POSITIVE'), 1);
  assert.equal(await total('code=http://e.org/case-true|POSITIVE'), 1);
  assert.equal(await total('code=http://e.org/case-true|pOsItIvE'), 0);
  assert.equal(await total('code=POSITIVE'), 1);
});

test('a closure table grows, and is told again from a version', async () => {
  const concept = (code) => ({ name: 'concept', valueCoding: { system: 'http://e.org/colours', code } });
  const name = { name: 'name', valueString: 'my table' };
  assert.equal((await post('$closure', [name])).group, undefined);
  await post('$closure', [name, concept('crimson'), concept('blue')]);
  const grown = await post('$closure', [name, concept('red')]);
  assert.deepEqual(grown.group[0].element, [{ code: 'crimson', target: [{ code: 'red', equivalence: 'subsumes' }] }]);
  const again = await post('$closure', [name, { name: 'version', valueString: '1' }]);
  assert.deepEqual(again.group, grown.group);
  assert.equal((await post('$closure', [name, { name: 'version', valueString: grown.version }])).group, undefined);
  await post('$closure', [{ name: 'name', valueString: 'another' }, { name: 'version', valueString: '1' }], 404);
  await post('$closure', [{ name: 'name', valueString: 'another' }, concept('red')], 404);
});

test('a closure table of another version of its system has to be started anew', async () => {
  const system = 'http://e.org/versioned';
  const release = (version, concept) => put({ resourceType: 'CodeSystem', id: 'versioned', url: system, version, status: 'active', content: 'complete', hierarchyMeaning: 'is-a', concept });
  const table = [{ name: 'name', valueString: 'versioned' }];
  const concept = (code) => ({ name: 'concept', valueCoding: { system, code } });
  await release('1', [{ code: 'top', concept: [{ code: 'below' }] }, { code: 'other' }]);
  await post('$closure', table);
  const grown = await post('$closure', [...table, concept('top'), concept('below')]);
  assert.deepEqual(grown.group.map(({ sourceVersion, targetVersion }) => [sourceVersion, targetVersion]), [['1', '1']]);
  await release('2', [{ code: 'top' }, { code: 'below' }, { code: 'other' }]);
  const refused = await post('$closure', [...table, concept('other')], 422);
  assert.match(refused.issue[0].diagnostics, /anew/);
  await post('$closure', table);
  assert.equal((await post('$closure', [...table, concept('top'), concept('below'), concept('other')])).group, undefined);
});

test('a closure table of a long hierarchy costs what its codes cost, and holds no end of pairs', async () => {
  const chain = (length) => Array.from({ length }, (_, i) => ({ code: `c${i}`, ...(i && { property: [{ code: 'parent', valueCode: `c${i - 1}` }] }) }));
  await put({ ...colours, id: 'chain', url: 'http://e.org/chain', property: [{ code: 'parent', type: 'code' }], concept: chain(5000) });
  const close = async (name, indices, status) => {
    const parameter = { name: 'name', valueString: name };
    await post('$closure', [parameter]);
    const before = server.used();
    const answer = await post('$closure', [parameter, ...indices.map((i) => ({ name: 'concept', valueCoding: { system: 'http://e.org/chain', code: `c${i}` } }))], status);
    return [answer, server.used() - before];
  };
  const every = (step, count) => Array.from({ length: count }, (_, i) => i * step);
  const [few, alone] = await close('few', every(1, 25), 200);
  assert.equal(few.group[0].element.reduce((sum, { target }) => sum + target.length, 0), 25 * 24 / 2);
  const [, cost] = await close('many', every(20, 250), 200);
  assert.ok(cost < 100 * (alone + 0.02), `${cost} s, and ${alone} s for a tenth of the codes`);
  const [refused] = await close('all', every(1, 5000), 400);
  assert.equal(refused.issue[0].code, 'too-costly');
});

test('resources that come with a request are used, and forgotten', async () => {
  const own = { ...colours, id: 'own', url: 'http://e.org/own' };
  const set = { resourceType: 'ValueSet', url: 'http://e.org/own-set', status: 'active', compose: { include: [{ system: 'http://e.org/own' }] } };
  const answer = await post('ValueSet/$expand', [{ name: 'url', valueUri: set.url }, { name: 'tx-resource', resource: own },
    { name: 'tx-resource', resource: set }, { name: 'excludeNested', valueBoolean: true }]);
  assert.deepEqual(codes(answer), ['red', 'crimson', 'blue']);
  await get('ValueSet/$expand?url=http://e.org/own-set', 404);
  await post('ValueSet/$expand', [{ name: 'tx-resource', resource: { resourceType: 'Patient' } }], 400);
});

test('many codes: stored at a cost in proportion, found and paged by index', async () => {
  const count = 20000;
  const store = async (name, codes) => {
    const concept = Array.from({ length: codes }, (_, i) => ({ code: `c${i}`, display: `Concept number ${i}` }));
    const before = server.used();
    await put({ ...colours, id: name, url: `http://e.org/${name}`, concept });
    await put({ resourceType: 'ValueSet', id: name, url: `http://e.org/${name}-set`, status: 'active', compose: { include: [{ system: `http://e.org/${name}` }] } });
    await get(`ValueSet/${name}/$expand?offset=${codes - 10}&count=20`);
    return server.used() - before;
  };
  const few = await store('few', count / 10);
  const many = await store('many', count);
  assert.ok(many < 40 * (few + 0.01), `${many} s for ten times what takes ${few} s`);  // quadratic: a hundred times
  const page = await get('ValueSet/many/$expand?offset=19990&count=20');
  assert.equal(page.expansion.total, count);
  assert.deepEqual(codes(page), Array.from({ length: 10 }, (_, i) => `c${19990 + i}`));
  assert.equal(value(await get('CodeSystem/$lookup?system=http://e.org/many&code=c12345'), 'display'), 'Concept number 12345');
  assert.equal((await get('ValueSet/many/$expand?filter=number%2012345')).expansion.total, 1);
});

test('hostile value sets are refused: circles, multiplying imports, wrong parameters', async () => {
  const set = (id, ...urls) => ({ resourceType: 'ValueSet', id, url: `http://e.org/${id}`, status: 'active', compose: { include: urls.map((url) => ({ valueSet: [`http://e.org/${url}`] })) } });
  await put(set('ring-a', 'ring-b'));
  await put(set('ring-b', 'ring-a'));
  assert.match((await get('ValueSet/ring-a/$expand', 422)).issue[0].details.text, /Cyclic/);
  const resources = Array.from({ length: 50 }, (_, i) => ({ name: 'tx-resource', resource: i ? set(`tower-${i}`, `tower-${i - 1}`, `tower-${i - 1}`) : { ...reds, url: 'http://e.org/tower-0' } }));
  const costly = await post('ValueSet/$expand', [...resources, { name: 'url', valueUri: 'http://e.org/tower-49' }], 400);
  assert.equal(costly.issue[0].code, 'too-costly');
  for (const query of ['count=-1', 'count=x', 'displayLanguage=-', 'nonsense=1', 'offset=-5'])
    await get(`ValueSet/reds/$expand?${query}`, 400);
  await get('ValueSet/$expand', 400);
  await get('ValueSet/$validate-code?url=http://e.org/reds', 400);
  await get('ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/all-languages', 400);
});

test('the codings of one CodeableConcept are bounded', async () => {
  const concept = (count) => [{ name: 'codeableConcept', valueCodeableConcept: { coding: Array.from({ length: count }, (_, i) => ({ system: 'http://e.org/colours', code: `c${i}` })) } },
    { name: 'url', valueUri: 'http://e.org/reds' }];
  assert.equal(value(await post('ValueSet/$validate-code', concept(100)), 'result'), false);
  const refused = await post('ValueSet/$validate-code', concept(101), 400);
  assert.equal(refused.issue[0].code, 'too-costly');
});

test('TerminologyCapabilities', async () => {
  const statement = await get('metadata?mode=terminology');
  assert.equal(statement.resourceType, 'TerminologyCapabilities');
  for (const uri of ['http://e.org/colours', 'http://unitsofmeasure.org', 'http://hl7.org/fhir/administrative-gender'])
    assert.ok(statement.codeSystem.some((system) => system.uri === uri), uri);
  assert.ok(statement.expansion.parameter.some(({ name }) => name === 'tx-resource'));
});
