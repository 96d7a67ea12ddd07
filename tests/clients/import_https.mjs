// $import from a source that is asked by https: taken in from a host that this machine trusts, refused from any other.
// https://github.com/smart-on-fhir/bulk-import
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ask, start } from '../../conformance/server.mjs';

const folder = mkdtempSync(join(tmpdir(), 'alzette-import-'));
let server;
const sources = [];

async function source(name) {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', `/CN=${name}`,
    '-addext', 'subjectAltName=IP:127.0.0.1']);
  assert.equal(made.status, 0, String(made.stderr));
  const listener = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, ({ url }, response) => {
    response.setHeader('Content-Type', 'application/fhir+ndjson');
    const packed = /packed|cut/.exec(url)?.[0];
    const line = `${JSON.stringify({ resourceType: 'Patient', id: packed ?? name, active: true })}\n`;
    if (url.includes('encoded')) response.setHeader('Content-Encoding', 'gzip');
    response.end(packed ? gzipSync(line).subarray(0, packed === 'cut' ? 20 : undefined) : line);
  });
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  sources.push(listener);
  return { cert, address: `https://127.0.0.1:${listener.address().port}/` };
}

let trusted;
let stranger;
before(async () => {
  [trusted, stranger] = [await source('trusted'), await source('stranger')];
  const own = process.env.SSL_CERT_FILE;
  process.env.SSL_CERT_FILE = trusted.cert;
  server = await start({ flags: ['--allow-endpoint', trusted.address, '--allow-endpoint', stranger.address] });
  if (own === undefined) delete process.env.SSL_CERT_FILE; else process.env.SSL_CERT_FILE = own;
});
after(async () => {
  await server.stop();
  for (const listener of sources) listener.close();
  rmSync(folder, { recursive: true, force: true });
});

// The answer of the job's end.
async function imported(url) {
  const kicked = await ask('POST', `${server.base}/$import`, JSON.stringify({ inputFormat: 'application/fhir+ndjson', inputSource: 'http://e.org',
    storageDetail: { type: 'https' }, input: [{ type: 'Patient', url }] }), { 'Content-Type': 'application/json', Prefer: 'respond-async' });
  assert.equal(kicked.status, 202, kicked.text);
  for (;;) {
    const state = await ask('GET', kicked.headers.get('content-location'));
    if (state.status !== 202) return state;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('$import by https, from a host that this machine trusts', async () => {
  const end = await imported(`${trusted.address}patients.ndjson`);
  assert.equal(end.status, 200, end.text);
  assert.equal((await ask('GET', `${server.base}/Patient/trusted`)).status, 200);
});

test('$import by https: a host whose certificate nobody vouches for is not asked', async () => {
  await imported(`${stranger.address}patients.ndjson`);
  assert.equal((await ask('GET', `${server.base}/Patient/stranger`)).status, 404);
});

test('$import of what lies packed: unpacked, whether the headers say so or not; refused where it is cut short', async () => {
  for (const path of ['packed.ndjson.gz', 'encoded/packed.ndjson']) {
    const end = await imported(trusted.address + path);
    assert.equal(end.status, 200, end.text);
    assert.equal(JSON.parse(end.text).output[0].count, 1);
  }
  assert.equal((await ask('GET', `${server.base}/Patient/packed`)).status, 200);
  const cut = await imported(`${trusted.address}cut.ndjson.gz`);
  assert.notEqual(cut.status, 200);
  assert.match(cut.text, /damaged gzip/);
});
