// Documents of a size that no memory should hold: in and out by ITI-41, ITI-43, ITI-68 and as a Binary of FHIR, while
// the server's memory stays what it was. ALZETTE_DOCUMENT_MIB makes them larger.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ask, run, start } from '../../conformance/server.mjs';
import { descendants, envelope, parse, verdict } from '../../conformance/xds/soap.mjs';
import { byUnique, oid, provided, repository, uid } from './parts/documents.mjs';

const mib = Number(process.env.ALZETTE_DOCUMENT_MIB ?? 64);
const growth = Number(process.env.ALZETTE_DOCUMENT_GROWTH_MIB ?? 24);
const size = mib * 1024 * 1024;
const block = randomBytes(1 << 20);
const anonymous = 'http://www.w3.org/2005/08/addressing/anonymous';
const folder = mkdtempSync(join(tmpdir(), 'large-'));
writeFileSync(join(folder, 'domains.json'), JSON.stringify([{ name: 'A', oid }]));
const data = mkdtempSync(join(tmpdir(), 'large-data-'));
let server;

before(async () => {
  server = await start({ data, flags: ['--domains', join(folder, 'domains.json')] });
  const answer = await ask('POST', `${server.base}/Patient`, JSON.stringify({ resourceType: 'Patient', identifier: [{ system: `urn:oid:${oid}`, value: '1' }] }));
  assert.equal(answer.status, 201, answer.text);
});
after(async () => { await server?.stop(); for (const each of [folder, data]) rmSync(each, { recursive: true }); });

// The bytes of document `n`: one block over and over, each time with its number in front.
function* pieces(n) {
  for (let at = 0; at < mib; at++) {
    const piece = Buffer.from(block);
    piece.writeUInt32BE(at * 256 + n, 0);
    yield piece;
  }
}
function digest(n, algorithm) {
  const hash = createHash(algorithm);
  for (const piece of pieces(n)) hash.update(piece);
  return hash.digest('hex');
}

// Sends `body` piece by piece and hands the answer's bytes to `take`.
async function exchange(method, url, headers, body = [], take = () => {}) {
  const asked = request(url, { method, headers, agent: false });
  const answered = new Promise((resolve, reject) => { asked.once('response', resolve); asked.once('error', reject); });
  for (const piece of body) if (!asked.write(piece)) await new Promise((resolve) => asked.once('drain', resolve));
  asked.end();
  const answer = await answered;
  for await (const piece of answer) take(piece);
  return answer;
}
async function text(method, url, headers, body) {
  const all = [];
  const answer = await exchange(method, url, headers, body, (piece) => all.push(piece));
  return { answer, text: Buffer.concat(all).toString() };
}

const memory = (name) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) / 1024;

// `work` is done while the server's memory grows by less than is allowed.
async function within(work) {
  const before = memory('VmRSS');
  writeFileSync(`/proc/${server.pid}/clear_refs`, '5');  // the peak begins anew
  const result = await work();
  const grown = memory('VmHWM') - before;
  assert.ok(grown < growth, `the memory grew from ${before.toFixed(1)} MiB by ${grown.toFixed(1)} MiB`);
  return result;
}

function* packaged(action, body, boundary, n) {
  yield `--${boundary}\r\nContent-Type: application/xop+xml; type="application/soap+xml"\r\nContent-ID: <root@test>\r\n\r\n${envelope(action, body, 'x', anonymous, '')}`;
  yield `\r\n--${boundary}\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <doc>\r\n\r\n`;
  yield* pieces(n);
  yield `\r\n--${boundary}--\r\n`;
}
const media = (boundary) => `multipart/related; boundary="${boundary}"; type="application/xop+xml"; start="<root@test>"; start-info="application/soap+xml"`;
const unique = uid();

test('ITI-41 takes a large document', async () => {
  const action = 'urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b';
  const answer = await within(() => text('POST', `${server.origin}/soap`, { 'Content-Type': media('in') }, packaged(action, provided({ unique }), 'in', 1)));
  assert.match(answer.text, /ResponseStatusType:Success/);
  const entry = (await byUnique(server, unique)).body;
  const values = descendants(entry, 'Slot').map((slot) => [slot.getAttribute('name'), slot.textContent.trim()]);
  assert.equal(Object.fromEntries(values).size, String(size));
  assert.equal(Object.fromEntries(values).hash, digest(1, 'sha1'));
});

test('ITI-43 gives it back', async () => {
  const body = `<x:RetrieveDocumentSetRequest xmlns:x="urn:ihe:iti:xds-b:2007"><x:DocumentRequest><x:RepositoryUniqueId>${repository}</x:RepositoryUniqueId>` +
    `<x:DocumentUniqueId>${unique}</x:DocumentUniqueId></x:DocumentRequest></x:RetrieveDocumentSetRequest>`;
  const root = envelope('urn:ihe:iti:2007:RetrieveDocumentSet', body, 'x', anonymous, '');
  // Part by part: the envelope first, then `size` bytes behind the second empty line.
  let head = Buffer.alloc(0);
  let left = -1;
  const hash = createHash('sha1');
  await within(() => exchange('POST', `${server.origin}/soap`, { 'Content-Type': 'application/soap+xml' }, [root], (piece) => {
    let rest = piece;
    if (left < 0) {
      head = Buffer.concat([head, piece]);
      const first = head.indexOf('\r\n\r\n');
      const second = head.indexOf('\r\n\r\n', first + 4);
      if (first < 0 || second < 0) return;
      left = size;
      rest = head.subarray(second + 4);
      head = head.subarray(first + 4, second);
    }
    hash.update(rest.subarray(0, left));
    left -= Math.min(left, rest.length);
  }));
  assert.equal(left, 0);
  assert.equal(hash.digest('hex'), digest(1, 'sha1'));
  assert.equal(verdict({ body: descendants(parse(head.toString().split('\r\n')[0]), 'RetrieveDocumentSetResponse')[0], status: 200 }).status, 'Success');
});

async function attachment() {
  const entry = descendants((await byUnique(server, unique)).body, 'ExtrinsicObject')[0];
  const reference = JSON.parse((await ask('GET', `${server.base}/DocumentReference/${entry.getAttribute('id').slice(9)}`)).text);
  return new URL(reference.content[0].attachment.url, `${server.base}/`).href;
}

test('ITI-68 gives it whole, in part and as a resource', async () => {
  const url = await attachment();
  const hash = createHash('sha1');
  const whole = await within(() => exchange('GET', url, { Accept: 'text/plain' }, [], (piece) => hash.update(piece)));
  assert.equal(whole.headers['content-length'], String(size));
  assert.equal(hash.digest('hex'), digest(1, 'sha1'));
  const from = size - (1 << 20);
  const part = await text('GET', url, { Accept: 'text/plain', Range: `bytes=${from}-${from + 3}` });
  assert.equal(part.answer.statusCode, 206);
  assert.equal(part.answer.headers['content-range'], `bytes ${from}-${from + 3}/${size}`);
  let length = 0;
  let begin = '';
  const resource = await within(() => exchange('GET', url, { Accept: 'application/fhir+json' }, [], (piece) => { length += piece.length; begin = (begin + piece).slice(0, 400); }));
  assert.equal(resource.statusCode, 200);
  assert.equal(Number(resource.headers['content-length']), length);
  const data = begin.slice(begin.indexOf('"data":"') + 8);
  assert.equal(data.slice(0, 40), pieces(1).next().value.subarray(0, 30).toString('base64'));
});

test('a Binary comes and goes as its content', async () => {
  const url = `${server.base}/Binary/large`;
  const put = await within(() => exchange('PUT', url, { 'Content-Type': 'application/dicom' }, pieces(2)));
  assert.equal(put.statusCode, 201);
  const hash = createHash('sha256');
  const got = await within(() => exchange('GET', url, { Accept: '*/*' }, [], (piece) => hash.update(piece)));
  assert.equal(got.headers['content-type'], 'application/dicom');
  assert.equal(hash.digest('hex'), digest(2, 'sha256'));
  const again = await exchange('PUT', url, { 'Content-Type': 'application/dicom' }, pieces(2));
  assert.equal(again.statusCode, 200);
  assert.equal(again.headers.etag, put.headers.etag, 'the same bytes are no new version');
});

test('a Binary that comes as JSON may be as large as a resource, and is refused beyond', async () => {
  const post = (megabytes) => text('POST', `${server.base}/Binary`, { 'Content-Type': 'application/fhir+json', Prefer: 'return=minimal' },
    (function* () { yield '{"resourceType":"Binary","contentType":"text/plain","data":"'; for (let at = 0; at < megabytes; at++) yield 'A'.repeat(1 << 20); yield '"}'; })());
  const taken = await post(63);
  assert.equal(taken.answer.statusCode, 201, taken.text);
  const refused = await post(64);
  assert.equal(refused.answer.statusCode, 413, refused.text);
  assert.match(refused.text, /A resource may have 64 MiB/);
});

test('what is left of a broken upload goes by check --repair, and a document that is altered is found', async () => {
  await server.stop();
  const files = readdirSync(join(data, 'blobs'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  assert.equal(files.length, 3);
  const path = (entry) => join(entry.parentPath ?? entry.path, entry.name);
  const draft = `${path(files[0])}.1.2.new`;
  writeFileSync(draft, 'half');
  assert.equal(run('check', '--repair', '--data', data).status, 0);
  assert.throws(() => statSync(draft));
  const first = readFileSync(path(files[0]));
  first[5] ^= 1;
  writeFileSync(path(files[0]), first);
  assert.equal(run('check', '--data', data).status, 1);
  unlinkSync(path(files[0]));
  assert.equal(run('check', '--data', data).status, 1);
  server = null;
});
