// An independent client of HL7 v2, Python's hl7, feeds and asks by MLLP and by TLS with its certificate.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { start } from '../../conformance/server.mjs';

const folder = mkdtempSync(join(tmpdir(), 'alzette-python-hl7-'));
const [domains, cert, key] = ['domains.json', 'cert.pem', 'key.pem'].map((file) => join(folder, file));
let server;

before(async () => {
  writeFileSync(domains, JSON.stringify([{ name: 'A', oid: '1.2.3.1' }, { name: 'B', oid: '1.2.3.2' }]));
  const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert,
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2']);
  assert.equal(made.status, 0);
  server = await start({ flags: ['--mllp', '127.0.0.1:0', '--mllps', '127.0.0.1:0', '--cert', cert, '--key', key,
    '--client-ca', cert, '--domains', domains] });
});
after(async () => { await server.stop(); rmSync(folder, { recursive: true, force: true }); });

async function python(address, ...files) {
  const script = fileURLToPath(new URL('./python_hl7.py', import.meta.url));
  const child = spawn('/usr/bin/python3', [script, ...address.split(':'), ...files]);
  let out = '';
  child.stdout.on('data', (part) => { out += part; });
  child.stderr.on('data', (part) => { out += part; });
  const code = await new Promise((resolve) => child.on('exit', resolve));
  assert.equal(code, 0, out);
  return out;
}

const told = (name) => `feed AA\ncross-reference OK ${name}2^^^B&1.2.3.2&ISO\ndemographics OK PYTHON^ZOE\nunknown AE 204^Unknown key identifier^HL70357\n`;

test('by MLLP', async () => assert.equal(await python(server.mllp), told('PLAIN')));
test('by TLS', async () => assert.equal(await python(server.mllps, cert, key), told('TLS')));
