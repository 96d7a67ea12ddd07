// Subscriptions by WebSocket, with the independent client npm ws: binding by token and by id, handshake, events,
// heartbeats; what a client may not do.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { ask, start } from '../../conformance/server.mjs';
import { read, within } from './parts/endpoint.mjs';

const topic = 'https://alzette.lu/fhir/SubscriptionTopic/resource-change';
const extensions = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/';
let server;
before(async () => { server = await start(); });
after(() => server.stop());

const subscription = (code, extension = []) => ({
  resourceType: 'Subscription', status: 'requested', reason: 'a test', criteria: topic,
  _criteria: { extension: [{ url: `${extensions}backport-filter-criteria`, valueString: `Observation?code=${code}` }] },
  channel: { type: 'websocket', payload: 'application/fhir+json', ...(extension.length ? { extension } : {}),
    _payload: { extension: [{ url: `${extensions}backport-payload-content`, valueCode: 'id-only' }] } } });

async function subscribe(resource) {
  const created = await ask('POST', `${server.base}/Subscription`, JSON.stringify(resource));
  assert.equal(created.status, 201, created.text);
  const { id } = JSON.parse(created.text);
  for (let i = 0; i < 300; ++i) {
    if (JSON.parse((await ask('GET', `${server.base}/Subscription/${id}`)).text).status === 'active') return id;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return assert.fail('not active');
}

async function token(path) {
  const answer = await ask('POST', `${server.base}/Subscription/${path}`, '');
  assert.equal(answer.status, 200, answer.text);
  const parameters = JSON.parse(answer.text).parameter;
  return Object.fromEntries(parameters.map((one) => [one.name, one.valueString ?? one.valueUrl ?? one.valueDateTime]));
}

async function open(url = `${server.origin.replace('http', 'ws')}/ws`) {
  const socket = new WebSocket(url);
  const texts = [];
  let closed;
  socket.on('message', (data) => texts.push(String(data)));
  socket.on('close', (code) => { closed = code; });
  await new Promise((resolve, reject) => { socket.once('open', resolve); socket.once('error', reject); });
  return { socket, texts, say: (text) => socket.send(text),
    until: (enough, what) => within((look) => socket.on('message', look), () => enough(texts), what),
    end: () => within((look) => socket.on('close', look), () => closed ?? false, 'the close') };
}

const write = (id, code) => ask('PUT', `${server.base}/Observation/${id}`, JSON.stringify({
  resourceType: 'Observation', id, status: 'final', code: { coding: [{ code }] } }));

test('bind-with-token: handshake, then events; what happened before comes first', async () => {
  const id = await subscribe(subscription('ws'));
  await write('ws0', 'ws');
  const given = await token(`${id}/$get-ws-binding-token`);
  assert.equal(given['websocket-url'], `${server.origin.replace('http', 'ws')}/ws`);
  assert.equal(given.subscription, id);
  assert.ok(Date.parse(given.expiration) > Date.now());
  const client = await open(given['websocket-url']);
  client.say(`bind-with-token: ${given.token}`);
  await client.until((texts) => texts.length >= 2, 'handshake and event');
  await write('ws1', 'ws');
  await write('ws2', 'other');
  await write('ws3', 'ws');
  const texts = await client.until((all) => all.map((text) => read(text)).flatMap(({ events }) => events).length >= 3 && all, 'three events');
  const bundles = texts.map((text) => read(text));
  assert.equal(bundles[0].type, 'handshake');
  assert.deepEqual(bundles.flatMap(({ events }) => events).map(({ number, focus }) => [number, focus.split('/').pop()]), [[1, 'ws0'], [2, 'ws1'], [3, 'ws3']]);
  client.socket.close();
  assert.equal(await client.end(), 1005);
  // What comes while nobody listens is told to the next one.
  await write('ws4', 'ws');
  const next = await open();
  next.say(`bind-with-token ${given.token}`);
  const [, event] = await next.until((all) => all.length >= 2 && all, 'the event');
  assert.equal(read(event).events[0].number, 4);
  next.socket.terminate();
});

test('one token for several subscriptions, two connections, heartbeats', async () => {
  const beating = await subscribe(subscription('ws-a', [{ url: `${extensions}backport-heartbeat-period`, valueUnsignedInt: 1 }]));
  const other = await subscribe(subscription('ws-b'));
  const given = await token(`$get-ws-binding-token?id=${beating}&id=${other}`);
  const clients = [await open(), await open()];
  for (const client of clients) {
    client.say(`bind-with-token: ${given.token}`);
    await client.until((texts) => texts.filter((text) => read(text).type === 'handshake').length === 2, 'two handshakes');
  }
  await write('ws5', 'ws-b');
  for (const client of clients) {
    await client.until((texts) => texts.some((text) => read(text).events[0]?.focus?.endsWith('/ws5')), 'the event');
    await client.until((texts) => texts.some((text) => read(text).type === 'heartbeat'), 'a heartbeat');
    client.socket.terminate();
  }
});

test('R4: bind by id, ping', async () => {
  const id = await subscribe({ resourceType: 'Subscription', status: 'requested', reason: 'a test', criteria: 'Observation?code=ws-plain', channel: { type: 'websocket' } });
  const client = await open();
  client.say(`bind ${id}`);
  await client.until((texts) => texts[0] === `bound ${id}`, 'bound');
  await write('ws6', 'ws-plain');
  await client.until((texts) => texts[1] === `ping ${id}`, 'ping');
  await ask('DELETE', `${server.base}/Subscription/${id}`);
  client.socket.close();
  await client.end();
});

test('what is no binding is answered with an error and binds nothing', async () => {
  const id = await subscribe(subscription('ws-secret'));
  const given = await token(`${id}/$get-ws-binding-token`);
  const client = await open();
  const altered = (given.token[0] === 'A' ? 'B' : 'A') + given.token.slice(1);
  for (const text of ['hello', `bind-with-token: ${altered}`, `bind ${id}`, 'bind nobody', '']) client.say(text);
  await client.until((texts) => texts.length === 5, 'five answers');
  assert.ok(client.texts.every((text) => text.startsWith('error: ')));
  await write('ws7', 'ws-secret');
  client.socket.ping();
  await new Promise((resolve) => client.socket.once('pong', resolve));
  assert.equal(client.texts.length, 5);
  client.say(Buffer.from('binary'));
  assert.equal(await client.end(), 1003);
  const long = await open();
  long.say('x'.repeat(70_000));
  assert.equal(await long.end(), 1009);
  assert.equal((await ask('POST', `${server.base}/Subscription/$get-ws-binding-token?id=none`, '')).status, 422);
});

// A client that does not keep to RFC 6455.
async function raw(head, bytes = Buffer.alloc(0)) {
  const { hostname, port } = new URL(server.origin);
  const socket = connect(Number(port), hostname);
  let got = Buffer.alloc(0);
  socket.on('data', (data) => { got = Buffer.concat([got, data]); });
  const ended = new Promise((resolve) => socket.once('close', resolve));
  socket.write(`GET /ws HTTP/1.1\r\nHost: x\r\n${head}\r\n`);
  await within((look) => socket.on('data', look), () => got.includes('\r\n\r\n'), 'the head');
  if (bytes.length) { socket.write(bytes); await ended; }
  socket.destroy();
  const end = got.indexOf('\r\n\r\n');
  return { head: String(got.subarray(0, end)), rest: got.subarray(end + 4) };
}
const upgrade = 'Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

test('handshakes and frames that break the rules are refused', async () => {
  const good = await raw(`${upgrade}Sec-WebSocket-Version: 13\r\n`, Buffer.from([0x88, 0x82, 1, 2, 3, 4, 0x03 ^ 1, 0xe8 ^ 2]));
  assert.match(good.head, /^HTTP\/1.1 101 /);
  assert.match(good.head, /Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/); // the example of RFC 6455 §1.3
  assert.deepEqual([...good.rest], [0x88, 2, 0x03, 0xe8]);
  assert.match((await raw(`${upgrade}Sec-WebSocket-Version: 8\r\n`)).head, /^HTTP\/1.1 426 .*Sec-WebSocket-Version: 13/s);
  assert.match((await raw('Connection: close\r\n')).head, /^HTTP\/1.1 426 Upgrade Required\r\n.*Upgrade: websocket/s);
  assert.match((await raw('Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n')).head, /^HTTP\/1.1 400 /);
  for (const [bytes, code] of [
    [[0x81, 0x02, 0x68, 0x69], 1002], // not masked
    [[0xc1, 0x80, 0, 0, 0, 0], 1002], // a reserved bit
    [[0x83, 0x80, 0, 0, 0, 0], 1002], // an opcode that there is not
    [[0x80, 0x80, 0, 0, 0, 0], 1002], // goes on with nothing
    [[0x09, 0x80, 0, 0, 0, 0], 1002], // a ping in pieces
    [[0x81, 0x81, 0, 0, 0, 0, 0xff], 1007], // not UTF-8
    [[0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], 1009], // 4 GiB
  ]) {
    const answer = await raw(`${upgrade}Sec-WebSocket-Version: 13\r\n`, Buffer.from(bytes));
    assert.deepEqual([...answer.rest.subarray(0, 4)], [0x88, 2, code >> 8, code & 255], String(bytes));
  }
});
