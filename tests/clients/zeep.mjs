// An independent SOAP client, Python's zeep, reads our WSDLs and calls through them: ITI-44, 45 and 47 with a patient,
// and every operation there is.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { start } from '../../conformance/server.mjs';

let server;
before(async () => { server = await start({ flags: ['--accept-unknown-domains'] }); });
after(() => server.stop());

async function run(name, ...given) {
  const child = spawn('/usr/bin/python3', [fileURLToPath(new URL(name, import.meta.url)), ...given]);
  let out = '';
  child.stdout.on('data', (part) => { out += part; });
  child.stderr.on('data', (part) => { out += part; });
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(code, 0, out);
  return out;
}

test('zeep feeds, cross-references and queries a patient', async () => {
  assert.match(await run('./zeep_client.py', `${server.origin}/soap?wsdl`), /feed AA\ncross-reference OK 7@1\.2\.3\.4\.2\ndemographics OK 1\n$/);
});

test('zeep calls every operation at the address of all and at that of its transaction alone', async () => {
  const called = (await run('./zeep_operations.py', `${server.origin}/soap`)).trim().split('\n').map((name) => name.split('_')[0]);
  for (const transaction of ['ITI-18', 'ITI-41', 'ITI-42', 'ITI-43', 'ITI-44', 'ITI-45', 'ITI-47', 'ITI-51', 'ITI-57', 'ITI-61', 'ITI-62', 'ITI-86', 'ITI-92'])
    assert.ok(called.includes(transaction), transaction);
});
