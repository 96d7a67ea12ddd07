// Subscriptions as subscribers know them: rest-hooks of R4 and on a topic by http and https, messages of IHE PMIR; what
// is lost when the server is killed (nothing); who is asked, and who holds up whom (bad inputs B102, B104).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { MedplumClient } from '@medplum/core';
import { Client } from 'fhir-kit-client';
import { ask, start } from '../../conformance/server.mjs';
import { listen, read, within } from './parts/endpoint.mjs';

const topic = 'https://alzette.lu/fhir/SubscriptionTopic/resource-change';
const extensions = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/';
const folder = mkdtempSync(join(tmpdir(), 'alzette-subscriptions-'));
let server;
let hook;
let secure;

before(async () => {
  hook = await listen();
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '2',
    '-subj', '/CN=subscriber', '-addext', 'subjectAltName=IP:127.0.0.1'], { stdio: 'ignore' });
  process.env.SSL_CERT_FILE = cert;
  secure = await listen({ tls: { key: readFileSync(key), cert: readFileSync(cert) } });
  server = await start({ flags: ['--allow-endpoint', hook.url, '--allow-endpoint', secure.url] });
});
after(async () => {
  await server?.stop();
  await hook?.close();
  await secure?.close();
  rmSync(folder, { recursive: true, force: true });
});

const plain = (criteria, endpoint, rest = {}) => ({
  resourceType: 'Subscription', status: 'requested', reason: 'a test', criteria,
  channel: { type: 'rest-hook', endpoint, ...rest } });

const onTopic = (endpoint, { filters = [], content = 'full-resource', channel = {}, extension = [], payload = 'application/fhir+json' } = {}) => ({
  resourceType: 'Subscription', status: 'requested', reason: 'a test', criteria: topic,
  ...(filters.length ? { _criteria: { extension: filters.map((filter) => ({ url: `${extensions}backport-filter-criteria`, valueString: filter })) } } : {}),
  channel: {
    type: 'rest-hook', ...(endpoint ? { endpoint } : {}), payload, ...(extension.length ? { extension } : {}),
    _payload: { extension: [{ url: `${extensions}backport-payload-content`, valueCode: content }] }, ...channel } });

async function put(path, resource, expected = [200, 201]) {
  const answer = await ask(resource.id ? 'PUT' : 'POST', `${server.base}/${path}`, JSON.stringify(resource));
  assert.ok(expected.includes(answer.status), `${answer.status} ${answer.text}`);
  return JSON.parse(answer.text);
}
const get = async (path) => JSON.parse((await ask('GET', `${server.base}/${path}`)).text);

async function subscribe(resource) {
  const created = await put('Subscription', resource);
  assert.equal(created.status, 'requested');
  await standing(created.id, 'active');
  return created.id;
}
async function standing(id, status) {
  for (let i = 0; i < 400; ++i) {
    const stored = await get(`Subscription/${id}`);
    if (stored.status === status) return stored;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return assert.fail(`Subscription/${id} is not ${status}`);
}

const observation = (id, code, rest = {}) => ({
  resourceType: 'Observation', id, status: 'final', code: { coding: [{ system: 'http://loinc.org', code }] }, ...rest });
const patient = (id, family = 'Weber') => ({ resourceType: 'Patient', id, active: true, name: [{ family }] });
const sent = (path) => (requests) => requests.filter(({ url }) => url.startsWith(path));
const arrived = (path, count) => hook.until((requests) => sent(path)(requests).length >= count && sent(path)(requests), `${count} at ${path}`);

test('R4: an empty rest-hook is a POST, with the headers asked for', async () => {
  await subscribe(plain('Observation?code=r4-empty', `${hook.url}empty`, { header: ['Authorization: Bearer secret'] }));
  await put('Observation/r4a', observation('r4a', 'r4-other'));
  await put('Observation/r4b', observation('r4b', 'r4-empty'));
  await put('Observation/r4b', observation('r4b', 'r4-empty', { status: 'amended' }));
  const requests = await arrived('/empty', 2);
  assert.deepEqual(requests.map(({ method, url, body }) => [method, url, body]), [['POST', '/empty', ''], ['POST', '/empty', '']]);
  assert.equal(requests[0].headers.authorization, 'Bearer secret');
});

test('who asks for an active one is shown the requested one that is stored', async () => {
  const wanted = { ...plain('Observation?code=r4-shown', `${hook.url}shown`), status: 'active' };
  const created = await put('Subscription', wanted);
  assert.equal(created.status, 'requested');
  assert.equal((await get(`Subscription/${created.id}/_history/1`)).status, 'requested');
  const entry = { resource: { ...wanted, id: 'shown' }, request: { method: 'PUT', url: 'Subscription/shown' } };
  const answer = await ask('POST', server.base, JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry: [entry] }),
    { Prefer: 'return=representation' });
  assert.equal(JSON.parse(answer.text).entry[0].resource.status, 'requested');
});

test('R4: with a payload the resource is PUT below the endpoint, in JSON or XML', async () => {
  await subscribe(plain('Observation?code=r4-full&status=final', `${hook.url}json`, { payload: 'application/fhir+json' }));
  await subscribe(plain('Observation?code=r4-full', `${hook.url}xml/`, { payload: 'application/fhir+xml' }));
  await put('Observation/r4c', observation('r4c', 'r4-full'));
  const [json] = await arrived('/json', 1);
  assert.deepEqual([json.method, json.url], ['PUT', '/json/Observation/r4c']);
  assert.equal(JSON.parse(json.body).meta.versionId, '1');
  const [xml] = await arrived('/xml', 1);
  assert.equal(xml.url, '/xml/Observation/r4c');
  assert.match(xml.headers['content-type'], /xml/);
  assert.match(xml.body, /<Observation xmlns="http:\/\/hl7.org\/fhir">.*<code value="r4-full"\/>/s);
});

test('R4: chains, references and negations in criteria; what does not match is not told', async () => {
  await put('Patient/chained', patient('chained', 'Kettels'));
  await put('Patient/other', patient('other', 'Weber'));
  await subscribe(plain('Observation?subject:Patient.family=kettels&status:not=cancelled', `${hook.url}chain`, { payload: 'application/fhir+json' }));
  await subscribe(plain(`Observation?subject=${server.base}/Patient/chained`, `${hook.url}reference`, { payload: 'application/fhir+json' }));
  for (const [id, of, status] of [['ch1', 'other', 'final'], ['ch2', 'chained', 'cancelled'], ['ch3', 'chained', 'final']])
    await put(`Observation/${id}`, observation(id, 'chain', { subject: { reference: `Patient/${of}` }, status }));
  assert.deepEqual((await arrived('/chain', 1)).map(({ url }) => url), ['/chain/Observation/ch3']);
  assert.deepEqual((await arrived('/reference', 2)).map(({ url }) => url), ['/reference/Observation/ch2', '/reference/Observation/ch3']);
});

test('what we do not do is refused, by its place', async () => {
  for (const [resource, place] of [
    [plain('Nothing?x=y', hook.url), 'Subscription.criteria'],
    [plain('Observation?kode=1', hook.url), 'Subscription.criteria'],
    [plain('Observation?code=1&_count=1', hook.url), 'Subscription.criteria'],
    [plain('Observation?date=nonsense', hook.url), 'Subscription.criteria'],
    [plain('Observation?code=%zz', hook.url), 'Subscription.criteria'],
    [plain('Observation?code=1', hook.url, { type: 'email' }), 'Subscription.channel.type'],
    [plain('Observation?code=1', hook.url, { type: 'message' }), 'Subscription.channel.type'],
    [plain('Observation?code=1', undefined), 'Subscription.channel.endpoint'],
    [plain('Observation?code=1', hook.url, { payload: 'text/plain' }), 'Subscription.channel.payload'],
    [plain('Observation?code=1', hook.url, { header: ['Host: elsewhere'] }), 'Subscription.channel.header'],
    [plain('Observation?code=1', hook.url, { header: ['no header'] }), 'Subscription.channel.header'],
    [{ ...plain('Observation?code=1', hook.url), end: '2020-01-01T00:00:00Z' }, 'Subscription.end'],
    [{ ...onTopic(hook.url), criteria: 'http://example.org/no-such-topic' }, 'Subscription.criteria'],
    [onTopic(hook.url, { filters: ['Observation?kode=1'] }), 'Subscription.criteria.extension'],
    [onTopic(hook.url, { content: 'everything' }), 'Subscription.channel.payload.extension'],
  ]) {
    const answer = await ask('POST', `${server.base}/Subscription`, JSON.stringify(resource));
    const outcome = JSON.parse(answer.text);
    assert.deepEqual([answer.status, outcome.issue?.[0].expression?.[0]], [422, place], answer.text);
  }
});

test('B102 an endpoint in a network of its own is refused when it is asked for', async () => {
  for (const endpoint of ['http://localhost/', 'http://127.0.0.1:1/', 'http://10.0.0.1/', 'http://172.16.0.1/', 'http://192.168.0.1/', 'http://169.254.169.254/latest',
    'http://100.64.0.1/', 'http://[::1]/', 'http://[fc00::1]/', 'http://0x7f.1/', 'http://2130706433/', `http://127.0.0.1:${hook.port}@10.0.0.1/`, 'https://10.0.0.1/',
    'http://example.org/', 'ftp://example.org/', 'file:///etc/passwd', 'nowhere']) {
    const answer = await ask('POST', `${server.base}/Subscription`, JSON.stringify(plain('Patient?active=true', endpoint)));
    assert.deepEqual([endpoint, answer.status], [endpoint, 422]);
    assert.equal(JSON.parse(answer.text).issue[0].expression[0], 'Subscription.channel.endpoint');
  }
});

test('B102 a redirect is not followed', async () => {
  const inner = await listen();
  hook.answer = ({ url }, response) => {
    if (!url.startsWith('/redirects')) return 200;
    response.writeHead(307, { Location: inner.url }).end();
    hook.redirected = (hook.redirected ?? 0) + 1;
    return undefined;
  };
  const id = await subscribe(plain('Observation?code=redirect', `${hook.url}redirects`));
  await put('Observation/redirect', observation('redirect', 'redirect'));
  await within(() => {}, () => hook.redirected >= 2, 'a second try');
  assert.equal(inner.requests.length, 0);
  await ask('DELETE', `${server.base}/Subscription/${id}`);
  hook.answer = () => 200;
  await inner.close();
});

test('topic: handshake, events in order, contents, status and events asked for again', async () => {
  const statement = await get('metadata');
  const row = statement.rest[0].resource.find(({ type }) => type === 'Subscription');
  assert.ok(row.extension.some(({ url, valueCanonical }) => url === `${extensions}capabilitystatement-subscriptiontopic-canonical` && valueCanonical.endsWith('/resource-change')));
  assert.ok(statement.instantiates.includes('http://hl7.org/fhir/uv/subscriptions-backport/CapabilityStatement/backport-subscription-server-r4'));
  assert.ok(['status', 'events', 'get-ws-binding-token'].every((name) => row.operation.some((operation) => operation.name === name)));

  const ids = {};
  for (const content of ['empty', 'id-only', 'full-resource'])
    ids[content] = await subscribe(onTopic(`${hook.url}topic-${content}`, { filters: ['Observation?code=topic'], content }));
  await put('Observation/t1', observation('t1', 'topic'));
  await put('Observation/t1', observation('t1', 'topic', { status: 'amended' }));
  await put('Observation/t2', observation('t2', 'not-topic'));
  await put('Patient/t3', patient('t3'));
  await ask('DELETE', `${server.base}/Observation/t1`);

  const events = (path) => sent(path)(hook.requests).map(({ body }) => read(body)).flatMap(({ events: some }) => some);
  for (const [content, id] of Object.entries(ids)) {
    const path = `/topic-${content}`;
    await hook.until(() => events(path).length >= 3, path);
    const all = sent(path)(hook.requests);
    assert.ok(all.every(({ method, headers }) => method === 'POST' && headers['content-type'] === 'application/fhir+json'));
    const handshake = read(all[0].body);
    assert.deepEqual([handshake.type, handshake.status, handshake.total, handshake.events], ['handshake', 'requested', 0, []]);
    assert.equal(handshake.subscription, `${server.base}/Subscription/${id}`);
    assert.equal(handshake.bundle.type, 'history');
    assert.ok(handshake.bundle.timestamp);
    assert.deepEqual(events(path).map(({ number }) => number), [1, 2, 3]);
    const focus = content === 'empty' ? undefined : `${server.base}/Observation/t1`;
    assert.ok(events(path).every((event) => event.focus === focus && event.time));
    const told = all.slice(1).map(({ body }) => read(body));
    assert.ok(told.every(({ type, status }) => type === 'event-notification' && status === 'active'));
    const resources = told.flatMap((one) => one.resources);
    assert.deepEqual(resources.map(({ request }) => request.method), content === 'full-resource' ? ['POST', 'PUT', 'DELETE'].map((m, i) => (i ? m : 'PUT')) : []);
    if (content === 'full-resource') {
      assert.deepEqual(resources.map(({ resource }) => resource?.status), ['final', 'amended', undefined]);
      assert.equal(told[0].topic, topic);
    }
  }

  const id = ids['full-resource'];
  const status = await get(`Subscription/${id}/$status`);
  assert.deepEqual([status.type, status.entry.length, status.entry[0].search.mode], ['searchset', 1, 'match']);
  const query = read(status);
  assert.deepEqual([query.type, query.status, query.total, query.topic], ['query-status', 'active', 3, topic]);
  const several = await get(`Subscription/$status?id=${ids.empty}&id=${id}&status=active`);
  assert.equal(several.entry.length, 2);
  assert.equal(several.link[0].url, `${server.base}/Subscription/$status?id=${ids.empty}&id=${id}&status=active`);
  assert.equal((await get(`Subscription/$status?id=${id}&status=error`)).total, 0);

  const again = read(await get(`Subscription/${id}/$events?eventsSinceNumber=2&eventsUntilNumber=3`));
  assert.deepEqual([again.type, again.events.map(({ number }) => number)], ['query-event', [2, 3]]);
  assert.deepEqual(again.resources.map(({ request }) => request.method), ['PUT', 'DELETE']);
  assert.deepEqual(read(await get(`Subscription/${id}/$events?content=id-only`)).resources, []);
  assert.equal(read(await get(`Subscription/${id}/$events?content=empty`)).topic, undefined);
  assert.equal((await ask('GET', `${server.base}/Subscription/${id}/$events?eventsSinceNumber=x`)).status, 400);
  assert.equal((await ask('GET', `${server.base}/Subscription/none/$status`)).status, 404);
});

test('topic: every change without a filter; several types with filters; https; XML', async () => {
  const id = await subscribe(onTopic(`${secure.url}all`, { content: 'id-only', payload: 'application/fhir+xml' }));
  await subscribe(onTopic(`${hook.url}two`, { filters: ['Patient?family=zwei', 'Observation?status=final', 'Observation?code=two'] }));
  await put('Patient/two1', patient('two1', 'Zwei'));
  await put('Patient/two2', patient('two2', 'Drei'));
  await put('Observation/two3', observation('two3', 'two'));
  await put('Observation/two4', observation('two4', 'two', { status: 'registered' }));
  await put('Observation/two5', observation('two5', 'three'));
  const numbers = () => secure.requests.flatMap(({ body }) => [...body.matchAll(/event-number"\/><valueString value="(\d+)"/g)].map(([, number]) => Number(number)));
  await secure.until(() => numbers().length >= 5, 'all changes');
  assert.match(secure.requests[0].body, /<Bundle xmlns.*<valueCode value="handshake"/s);
  assert.deepEqual(numbers().slice(0, 5), [1, 2, 3, 4, 5]);
  await ask('DELETE', `${server.base}/Subscription/${id}`);
  const told = await hook.until((requests) => {
    const focus = sent('/two')(requests).flatMap(({ body }) => read(body).events).map((event) => event.focus.split('/fhir/')[1]);
    return focus.length >= 2 && focus;
  }, 'both types');
  assert.deepEqual(told, ['Patient/two1', 'Observation/two3']);
});

test('topic: a handshake that is refused is an error; to ask again heals it', async () => {
  hook.answer = ({ url }) => (url === '/unwilling' ? 403 : 200);
  const created = await put('Subscription', onTopic(`${hook.url}unwilling`, { filters: ['Observation?code=unwilling'] }));
  const stored = await standing(created.id, 'error');
  assert.match(stored.error, /403/);
  assert.equal(sent('/unwilling')(hook.requests).length, 1);
  const status = read(await get(`Subscription/${created.id}/$status`));
  assert.deepEqual([status.status, status.error?.text, status.error?.coding[0].code], ['error', stored.error, 'error-response']);
  await put('Observation/unwilling', observation('unwilling', 'unwilling'));
  hook.answer = () => 200;
  await put(`Subscription/${created.id}`, { ...stored, status: 'requested' });
  await standing(created.id, 'active');
  await hook.until((requests) => sent('/unwilling')(requests).some(({ body, status: code }) => code === 200 && read(body).events[0]?.number === 1), 'the event');
});

test('topic: heartbeats, max-count; off and end', async () => {
  const id = await subscribe(onTopic(`${hook.url}beats`, { filters: ['Observation?code=beat'], extension: [
    { url: `${extensions}backport-heartbeat-period`, valueUnsignedInt: 1 }, { url: `${extensions}backport-max-count`, valuePositiveInt: 2 }] }));
  await hook.until((requests) => sent('/beats')(requests).some(({ body }) => read(body).type === 'heartbeat'), 'a heartbeat');
  const entry = Array.from({ length: 5 }, (_, i) => ({ resource: observation(`beat${i}`, 'beat'), request: { method: 'PUT', url: `Observation/beat${i}` } }));
  await ask('POST', server.base, JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry }));
  const told = await hook.until((requests) => {
    const some = sent('/beats')(requests).map(({ body }) => read(body)).filter(({ type }) => type === 'event-notification');
    return some.flatMap(({ events }) => events).length >= 5 && some;
  }, 'five events');
  assert.deepEqual(told.map(({ events }) => events.map(({ number }) => number)), [[1, 2], [3, 4], [5]]);

  const stored = await get(`Subscription/${id}`);
  await put(`Subscription/${id}`, { ...stored, status: 'off' });
  await put('Observation/beat9', observation('beat9', 'beat'));
  await put(`Subscription/${id}`, { ...stored, status: 'requested' });
  await standing(id, 'active');
  await put('Observation/beat8', observation('beat8', 'beat'));
  const later = await hook.until((requests) => {
    const events = sent('/beats')(requests).flatMap(({ body }) => read(body).events);
    return events.length >= 6 && events;
  }, 'a sixth event');
  assert.deepEqual([later[5].number, later[5].focus], [6, `${server.base}/Observation/beat8`]);
  // What does not change what is asked for changes nothing: it stays active, until its end.
  const ending = await put(`Subscription/${id}`, { ...await get(`Subscription/${id}`), end: new Date(Date.now() + 5000).toISOString() });
  assert.equal(ending.status, 'active');
  await standing(id, 'off');
});

test('B104 a subscriber that hangs, fails or answers without end holds up nobody', async () => {
  const slow = await listen();
  slow.answer = (request, response) => {
    if (request.url === '/endless') {
      response.writeHead(200);
      const more = () => { while (!response.destroyed && response.write('x'.repeat(65536))); };
      response.on('drain', more);
      more();
      slow.endless = (slow.endless ?? 0) + 1;
    }
    return request.url === '/failing' ? 500 : undefined;
  };
  const other = await start({ flags: ['--allow-endpoint', slow.url, '--allow-endpoint', hook.url] });
  const create = (resource) => ask('POST', `${other.base}/Subscription`, JSON.stringify(resource));
  try {
    for (const path of ['hangs', 'failing', 'endless']) for (let i = 0; i < 5; ++i) await create(plain('Observation?code=many', `${slow.url}${path}`));
    await create(plain('Observation?code=many', `${hook.url}quick`, { payload: 'application/fhir+json' }));
    for (let i = 0; i < 20; ++i) await ask('PUT', `${other.base}/Observation/q${i}`, JSON.stringify(observation(`q${i}`, 'many')));
    const quick = await arrived('/quick', 20);
    assert.deepEqual(quick.map(({ url }) => url.split('/').pop()), Array.from({ length: 20 }, (_, i) => `q${i}`));
    await within(() => {}, () => slow.endless >= 2, 'the endless ones');
    const metrics = await (await fetch(`${other.origin}/metrics`)).text();
    assert.match(metrics, /alzette_notifications_total\{result="failed"\} [1-9]/);
  } finally {
    await other.kill();
    rmSync(other.data, { recursive: true, force: true });
    await slow.close();
  }
});

test('nothing is lost when the server is killed while it delivers, and all comes in order', async () => {
  const target = await listen();
  const data = mkdtempSync(join(tmpdir(), 'alzette-killed-'));
  const flags = ['--allow-endpoint', target.url];
  let killed = await start({ data, flags });
  target.answer = async () => { await new Promise((resolve) => setTimeout(resolve, 5)); return 200; };
  const all = 120;
  const numbers = () => target.requests.filter(({ url }) => url === '/topic').flatMap(({ body }) => read(body).events).map(({ number }) => number);
  const hooks = () => target.requests.filter(({ url }) => url.startsWith('/r4')).map(({ url }) => Number(url.split('/k').pop()));
  try {
    for (const resource of [onTopic(`${target.url}topic`, { filters: ['Observation?code=k'], content: 'id-only' }), plain('Observation?code=k', `${target.url}r4`, { payload: 'application/fhir+json' })]) {
      const answer = await ask('POST', `${killed.base}/Subscription`, JSON.stringify(resource));
      assert.equal(answer.status, 201, answer.text);
    }
    let written = 0;
    for (const until of [40, 80, all]) {
      while (written < until) {
        const answer = await ask('PUT', `${killed.base}/Observation/k${written}`, JSON.stringify(observation(`k${written}`, 'k')));
        assert.equal(answer.status, 201);
        ++written;
      }
      await killed.kill();
      killed = await start({ data, flags });
    }
    await target.until(() => numbers().includes(all) && hooks().includes(all - 1), 'the last event');
    // At least once, in order: what comes again repeats the end of what came.
    const inOrder = (list) => [...new Set(list)];
    assert.deepEqual(inOrder(numbers()), Array.from({ length: all }, (_, i) => i + 1));
    assert.deepEqual(inOrder(hooks()), Array.from({ length: all }, (_, i) => i));
  } finally {
    await killed.kill();
    rmSync(data, { recursive: true, force: true });
    await target.close();
  }
});

test('an endpoint that is away gets everything when it is back', async () => {
  const first = await listen();
  const other = await start({ flags: ['--allow-endpoint', first.url] });
  let second;
  try {
    const answer = await ask('POST', `${other.base}/Subscription`, JSON.stringify(onTopic(`${first.url}away`, { filters: ['Observation?code=away'], content: 'id-only' })));
    assert.equal(answer.status, 201);
    await first.until((requests) => requests.length >= 1, 'the handshake');
    await first.close();
    for (let i = 0; i < 10; ++i) await ask('PUT', `${other.base}/Observation/a${i}`, JSON.stringify(observation(`a${i}`, 'away')));
    second = await listen({ port: first.port });
    const numbers = await second.until((requests) => {
      const all = requests.flatMap(({ body }) => read(body).events).map(({ number }) => number);
      return all.includes(10) && all;
    }, 'all ten');
    assert.deepEqual([...new Set(numbers)], Array.from({ length: 10 }, (_, i) => i + 1));
  } finally {
    await other.kill();
    rmSync(other.data, { recursive: true, force: true });
    await second?.close();
  }
});

test('ITI-94: a Patient Identity Subscriber is told in messages of PMIR', async () => {
  await put('Organization/iti94', { resourceType: 'Organization', id: 'iti94', name: 'CHL' });
  const id = await subscribe({ ...plain('Patient?organization=Organization/iti94', `${hook.url}pmir`, { type: 'message', payload: 'application/fhir+json' }), contact: [{ system: 'phone', value: '+352 1' }] });
  const managed = { ...patient('pmir1'), managingOrganization: { reference: 'Organization/iti94' } };
  await put('Patient/pmir0', patient('pmir0'));
  await put('Patient/pmir1', managed);
  await put('Patient/pmir1', { ...managed, active: false });
  await ask('DELETE', `${server.base}/Patient/pmir1`);
  const messages = (await arrived('/pmir', 3)).map(({ body }) => JSON.parse(body));
  for (const message of messages) {
    assert.deepEqual([message.type, message.entry.length], ['message', 2]);
    const [header, history] = message.entry.map(({ resource }) => resource);
    assert.deepEqual([header.eventUri, header.destination[0].endpoint, header.focus[0].reference], ['urn:ihe:iti:pmir:2019:patient-feed', `${hook.url}pmir`, message.entry[1].fullUrl]);
    assert.deepEqual([history.type, history.entry.length], ['history', 1]);
    assert.ok(history.entry[0].response);
  }
  assert.deepEqual(messages.map(({ entry }) => entry[1].resource.entry[0].request.method).slice(1), ['PUT', 'DELETE']);
  // Each leaves an audit record of ITI-93: 3.93.5.1.
  const audited = `${server.base}/AuditEvent?subtype=urn:ihe:event-type-code|ITI-93`;
  let told = [];
  while (told.length < 3) told = (JSON.parse((await ask('GET', audited)).text).entry ?? []).map(({ resource }) => resource);
  assert.deepEqual(told.map(({ type, action, outcome }) => [type.code, action, outcome].join(' ')), Array(3).fill('110110 E 0'));
  for (const { agent, entity } of told) {
    assert.deepEqual(agent.map(({ type, who, requestor }) => [type.coding[0].code, who.display, requestor]), [['110152', `${hook.url}pmir`, false], ['110153', 'alzette', true]]);
    assert.equal(entity[0].what.reference, 'Patient/pmir1');
  }
  assert.deepEqual(told.map(({ entity }) => entity[1].what.reference).sort(), messages.map(({ entry }) => `MessageHeader/${entry[0].resource.id}`).sort());
  // A subscriber may feed another server of ours with what it gets.
  const other = await start();
  try {
    for (const message of messages) {
      const answer = await ask('POST', `${other.base}/$process-message`, JSON.stringify(message));
      assert.equal(answer.status, 200, answer.text);
    }
    assert.equal((await ask('GET', `${other.base}/Patient/pmir1`)).status, 410);
  } finally {
    await other.stop();
  }
  await ask('DELETE', `${server.base}/Subscription/${id}`);
});

test('topics that are stored as Basic trigger by their queries', async () => {
  const prefix = 'http://hl7.org/fhir/5.0/StructureDefinition/extension-SubscriptionTopic.';
  const url = 'http://example.org/SubscriptionTopic/finished';
  const basic = (criteria) => ({ resourceType: 'Basic', id: 'finished', code: { coding: [{ system: 'http://hl7.org/fhir/fhir-types', code: 'SubscriptionTopic' }] },
    extension: [{ url: `${prefix}url`, valueUri: url }, { url: `${prefix}resourceTrigger`, extension: [
      { url: 'resource', valueUri: 'http://hl7.org/fhir/StructureDefinition/Observation' }, { url: 'supportedInteraction', valueCode: 'create' },
      { url: 'supportedInteraction', valueCode: 'update' }, ...criteria] }] });
  const query = { url: 'queryCriteria', extension: [{ url: 'previous', valueString: 'status:not=final' }, { url: 'resultForCreate', valueCode: 'test-passes' },
    { url: 'current', valueString: 'status=final' }, { url: 'requireBoth', valueBoolean: true }] };
  await put('Basic/finished', basic([{ url: 'fhirPathCriteria', valueString: '(%current.status' }]), [422]);
  const versioned = basic([query]);
  versioned.extension.push({ url: `${prefix}version`, valueString: '2' });
  await put('Basic/finished', versioned);
  await put('Subscription', { ...onTopic(`${hook.url}finished`), criteria: `${url}|1` }, [422]);
  await put('Subscription', { ...onTopic(`${hook.url}finished`), criteria: `${topic}|1` }, [422]);
  await subscribe({ ...onTopic(`${hook.url}finished`, { filters: ['Observation?code=finish'], content: 'id-only' }), criteria: `${url}|2` });
  await put('Observation/fin1', observation('fin1', 'finish', { status: 'registered' }));
  await put('Observation/fin1', observation('fin1', 'finish'));
  await put('Observation/fin1', observation('fin1', 'finish', { note: [{ text: 'still final' }] }));
  await put('Observation/fin2', observation('fin2', 'finish'));
  const focus = await hook.until((requests) => {
    const all = sent('/finished')(requests).flatMap(({ body }) => read(body).events).map((event) => event.focus.split('/').pop());
    return all.length >= 2 && all;
  }, 'two events');
  assert.deepEqual(focus, ['fin1', 'fin2']);
  // The topic changes: by FHIRPath, and to the contrary.
  versioned.extension[1] = basic([{ url: 'fhirPathCriteria', valueString: "%previous.status = 'final' and %current.status != 'final'" }]).extension[1];
  await put('Basic/finished', versioned);
  await put('Observation/fin2', observation('fin2', 'finish', { note: [{ text: 'still final' }] }));
  await put('Observation/fin2', observation('fin2', 'finish', { status: 'cancelled' }));
  const third = await hook.until((requests) => sent('/finished')(requests).flatMap(({ body }) => read(body).events)[2], 'a third event');
  assert.equal((await get(third.focus.split('/fhir/')[1])).status, 'cancelled');
});

test('@medplum/core and fhir-kit-client subscribe; one that is deleted is silent', async () => {
  const medplum = new MedplumClient({ baseUrl: server.origin, fhirUrlPath: 'fhir', fetch });
  const one = await medplum.createResource({ resourceType: 'Subscription', status: 'active', reason: 'medplum', criteria: 'Patient?family=medplum', channel: { type: 'rest-hook', endpoint: `${hook.url}medplum`, payload: 'application/fhir+json' } });
  const kit = new Client({ baseUrl: server.base });
  const two = await kit.create({ resourceType: 'Subscription', body: plain('Patient?family=medplum', `${hook.url}kit`) });
  await standing(one.id, 'active');
  await standing(two.id, 'active');
  await put('Patient/medplum', patient('medplum', 'Medplum'));
  await arrived('/medplum', 1);
  await arrived('/kit', 1);
  await kit.delete({ resourceType: 'Subscription', id: two.id });
  await put('Patient/medplum', { ...patient('medplum', 'Medplum'), gender: 'male' });
  await arrived('/medplum', 2);
  assert.equal(sent('/kit')(hook.requests).length, 1);
});
