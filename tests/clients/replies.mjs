// Answers that go elsewhere (WS-Addressing ReplyTo): kept over a kill, by TLS to a peer that is vouched for, as MTOM
// where the transaction says so; one deaf peer keeps no other waiting.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { start } from '../../conformance/server.mjs';
import { read, verdict } from '../../conformance/xds/soap.mjs';

const folder = mkdtempSync(join(tmpdir(), 'replies-'));
after(() => rmSync(folder, { recursive: true }));

// A peer whose answers `status(count)` decides; a status of 0 never comes.
async function peer(status = () => 202, options = null) {
  const letters = [];
  const waiting = [];
  let count = 0;
  const handle = async (request, response) => {
    const bytes = Buffer.concat(await request.toArray());
    const code = status(++count);
    if (!code) return;
    response.writeHead(code).end();
    if (code >= 300) return;
    letters.push(read(bytes, request.headers['content-type'], 200));
    waiting.splice(0).forEach((resolve) => resolve());
  };
  const listener = options ? createSecureServer(options, handle) : createServer(handle);
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    address: `${options ? 'https' : 'http'}://127.0.0.1:${listener.address().port}/`,
    get count() { return count; },
    async letter() {
      while (!letters.length) await new Promise((resolve) => waiting.push(resolve));
      return letters.shift();
    },
    stop() { listener.close(); listener.closeAllConnections(); },
  };
}

async function ask(server, replyTo, action = 'RegistryStoredQuery', body = '<q:AdhocQueryRequest xmlns:q="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" ' +
  'xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"><q:ResponseOption returnType="LeafClass"/><AdhocQuery id="urn:uuid:a7ae438b-4bc2-4642-93e9-be891f7bb155"><Slot name="$uuid"><ValueList>' +
  '<Value>(\'urn:uuid:00000000-0000-4000-8000-000000000000\')</Value></ValueList></Slot></AdhocQuery></q:AdhocQueryRequest>') {
  const id = `urn:uuid:${randomUUID()}`;
  const answer = await fetch(`${server.origin}/soap`, { method: 'POST', headers: { 'Content-Type': 'application/soap+xml' },
    body: `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header><a:Action s:mustUnderstand="1">urn:ihe:iti:2007:${action}</a:Action>` +
      `<a:MessageID>${id}</a:MessageID><a:ReplyTo><a:Address>${replyTo}</a:Address></a:ReplyTo></s:Header><s:Body>${body}</s:Body></s:Envelope>` });
  assert.equal(answer.status, 202, await answer.text());
  return id;
}
const kept = (server) => readdirSync(join(server.data, 'outbox')).filter((name) => name.endsWith('.letter'));
async function until(holds) { while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20)); }

test('an answer that could not be delivered is delivered by the server that follows a killed one', async () => {
  let open = false;
  const receiver = await peer(() => (open ? 202 : 503));
  const data = mkdtempSync(join(folder, 'data-'));
  const flags = ['--allow-endpoint', receiver.address];
  const first = await start({ data, flags });
  const id = await ask(first, receiver.address);
  await until(() => receiver.count > 0);
  assert.equal(kept(first).length, 1);
  await first.kill();
  open = true;
  const second = await start({ data, flags });
  const letter = await receiver.letter();
  assert.match(letter.text, new RegExp(`<wsa:RelatesTo>${id}</wsa:RelatesTo>`));
  assert.equal(verdict(letter).status, 'Success');
  await until(() => kept(second).length === 0);
  await second.stop();
  receiver.stop();
});

test('B104 a peer that never answers keeps no other waiting, and MTOM stays MTOM', async () => {
  const deaf = await peer(() => 0);
  const receiver = await peer();
  const server = await start({ flags: ['--allow-endpoint', deaf.address, '--allow-endpoint', receiver.address] });
  await ask(server, deaf.address);
  await until(() => deaf.count > 0);
  await ask(server, receiver.address, 'RetrieveDocumentSet', '<x:RetrieveDocumentSetRequest xmlns:x="urn:ihe:iti:xds-b:2007"><x:DocumentRequest>' +
    '<x:RepositoryUniqueId>1.3.182.2.4.1</x:RepositoryUniqueId><x:DocumentUniqueId>1.2.3.404</x:DocumentUniqueId></x:DocumentRequest></x:RetrieveDocumentSetRequest>');
  const letter = await receiver.letter();
  assert.equal(verdict(letter).status, 'Failure');
  assert.match(letter.text, /XDSDocumentUniqueIdError/);
  deaf.stop();
  await server.stop();
  receiver.stop();
});

test('B104 a peer that answers without end, by ReplyTo or as a PIX consumer, costs no memory', async () => {
  const junk = Buffer.alloc(1 << 20, 'x');
  let sent = 0, connections = 0;
  const flood = createServer((request, response) => {
    connections++;
    response.on('error', () => {});
    const more = () => { while (!response.destroyed && sent < 1 << 28) { sent += junk.length; if (!response.write(junk)) return void response.once('drain', more); } };
    more();
  });
  await new Promise((resolve) => flood.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${flood.address().port}/`;
  writeFileSync(join(folder, 'domains.json'), JSON.stringify([{ name: 'A', oid: '1.2.3.1' }]));
  writeFileSync(join(folder, 'consumers.json'), JSON.stringify([{ url: address, device: '1.2.3.9', domains: ['A'] }]));
  const server = await start({ flags: ['--allow-endpoint', address, '--domains', join(folder, 'domains.json'), '--pix-consumers', join(folder, 'consumers.json')] });
  const memory = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) / 1024;
  const before = memory();
  await ask(server, address);
  const made = await fetch(`${server.base}/Patient`, { method: 'POST', headers: { 'Content-Type': 'application/fhir+json' }, body: JSON.stringify({ resourceType: 'Patient', identifier: [{ system: 'urn:oid:1.2.3.1', value: '1' }] }) });
  assert.equal(made.status, 201);
  await until(() => connections > 2);  // given up, and tried again
  assert.ok(memory() - before < 64, `${memory() - before} MiB`);
  await server.stop();
  flood.close();
  flood.closeAllConnections();
});

test('by TLS to a peer that this machine trusts, and to no other', async () => {
  const made = (name) => {
    const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
    const run = spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1']);
    assert.equal(run.status, 0, String(run.stderr));
    return { key: readFileSync(key), cert: readFileSync(cert), file: cert };
  };
  const [trusted, stranger] = [made('trusted'), made('stranger')];
  const receiver = await peer(() => 202, trusted);
  const other = await peer(() => 202, stranger);
  const before = process.env.SSL_CERT_FILE;
  process.env.SSL_CERT_FILE = trusted.file;
  const server = await start({ flags: ['--allow-endpoint', receiver.address, '--allow-endpoint', other.address] });
  if (before === undefined) delete process.env.SSL_CERT_FILE; else process.env.SSL_CERT_FILE = before;
  const id = await ask(server, receiver.address);
  assert.match((await receiver.letter()).text, new RegExp(id));
  await ask(server, other.address);
  await ask(server, receiver.address);
  await receiver.letter();
  assert.equal(other.count, 0);
  await server.stop();
  receiver.stop();
  other.stop();
});
