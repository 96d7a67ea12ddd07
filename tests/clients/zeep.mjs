// An independent SOAP client, Python's zeep, reads our WSDL and calls ITI-44, 45 and 47 through it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { start } from '../../conformance/server.mjs';

let server;
before(async () => { server = await start({ flags: ['--accept-unknown-domains'] }); });
after(() => server.stop());

test('zeep feeds, cross-references and queries a patient', async () => {
  const script = fileURLToPath(new URL('./zeep_client.py', import.meta.url));
  const child = spawn('/usr/bin/python3', [script, `${server.origin}/soap?wsdl`]);
  let out = '';
  child.stdout.on('data', (part) => { out += part; });
  child.stderr.on('data', (part) => { out += part; });
  const code = await new Promise((resolve) => child.on('exit', resolve));
  assert.equal(code, 0, out);
  assert.match(out, /feed AA\ncross-reference OK 7@1\.2\.3\.4\.2\ndemographics OK 1\n$/);
});
