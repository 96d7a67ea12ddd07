// An independent SOAP client, Python's zeep, provides, finds and retrieves a document from our WSDL.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ask, start } from '../../conformance/server.mjs';
import { oid, provided, uid } from './parts/documents.mjs';

let server;
before(async () => {
  server = await start({ flags: ['--accept-unknown-domains'] });
  const patient = { resourceType: 'Patient', identifier: [{ system: `urn:oid:${oid}`, value: '1' }] };
  assert.equal((await ask('POST', `${server.base}/Patient`, JSON.stringify(patient))).status, 201);
});
after(() => server.stop());

test('zeep provides, finds and retrieves a document', async () => {
  const script = fileURLToPath(new URL('./zeep_documents.py', import.meta.url));
  const unique = uid();
  const child = spawn('/usr/bin/python3', [script, `${server.origin}/soap`, unique]);
  child.stdin.end(provided({ unique }));
  let out = '';
  child.stdout.on('data', (part) => { out += part; });
  child.stderr.on('data', (part) => { out += part; });
  const code = await new Promise((resolve) => child.on('exit', resolve));
  assert.equal(code, 0, out);
  assert.match(out, /ok\n$/);
});
