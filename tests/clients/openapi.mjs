// The OpenAPI document is one by a validator that is not ours, and names the addresses that the server answers.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { start } from '../../conformance/server.mjs';

let server;
let document;

before(async () => {
  server = await start();
  const answer = await fetch(`${server.origin}/openapi.json`);
  assert.equal(answer.headers.get('content-type'), 'application/json');
  document = await answer.json();
});
after(() => server.stop());

test('valid OpenAPI 3.0', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  assert.ok(valid, JSON.stringify(errors));
  assert.equal(document.openapi, '3.0.3');
});

test('the addresses of FHIR, and operation ids that are unique', () => {
  for (const path of ['/', '/metadata', '/{type}', '/{type}/_search', '/{type}/{id}', '/{type}/{id}/_history/{vid}', '/_history'])
    assert.ok(document.paths[path], path);
  assert.equal(document.paths['/'].post.summary, 'batch or transaction');
  assert.ok(document.components.schemas.Type.enum.includes('Patient'));
  const ids = Object.values(document.paths).flatMap((path) => Object.values(path).map((verb) => verb.operationId).filter(Boolean));
  assert.equal(new Set(ids).size, ids.length);
});

test('what it says of an address holds: each GET without parameters in its path is answered', async () => {
  for (const [path, verbs] of Object.entries(document.paths)) {
    if (!verbs.get || path.includes('{') || path.includes('$')) continue;
    const answer = await fetch(`${server.origin}${document.servers[0].url}${path}`);
    assert.equal(answer.status, 200, path);
  }
});

test('the headers that interactions obey', () => {
  const named = (path, verb) => (document.paths[path][verb].parameters ?? []).map(({ $ref }) => $ref.split('/').pop());
  assert.deepEqual(named('/{type}', 'post'), ['If-None-Exist', 'Prefer']);
  for (const [verb, header] of [['get', 'If-None-Match'], ['get', 'If-Modified-Since'], ['put', 'If-Match'], ['put', 'Prefer'], ['patch', 'If-Match'], ['delete', 'If-Match']])
    assert.ok(named('/{type}/{id}', verb).includes(header), `${verb} ${header}`);
  assert.ok(named('/{type}', 'get').includes('Prefer'));
  for (const header of ['If-Match', 'If-None-Match', 'If-Modified-Since', 'If-None-Exist', 'Prefer'])
    assert.equal(document.components.parameters[header].in, 'header');
});

test('a patch comes in each form that the CapabilityStatement has', async () => {
  const statement = await (await fetch(`${server.base}/metadata`)).json();
  for (const path of ['/{type}', '/{type}/{id}'])
    assert.deepEqual(Object.keys(document.paths[path].patch.requestBody.content).sort(), [...statement.patchFormat].sort());
});
