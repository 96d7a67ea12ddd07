// The README's curl lines give what the README says.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { run, start } from '../../conformance/server.mjs';

const data = mkdtempSync(join(tmpdir(), 'alzette-readme-'));
const lines = readFileSync('README.md', 'utf8').split('\n');
let server;

before(async () => {
  const made = run('generate', '--patients', '200', '--seed', '1', '--data', data);
  assert.equal(made.status, 0, made.stderr);
  server = await start({ data });
});

after(async () => {
  await server.stop();
  rmSync(data, { recursive: true, force: true });
});

test('the README has curl lines', () => assert.ok(lines.some((line) => line.startsWith('curl '))));

for (const [index, line] of lines.entries()) {
  if (!line.startsWith('curl ')) continue;
  test(line, () => {
    const expected = lines[index + 1].replace(/^# /, '');
    const answer = spawnSync('bash', ['-c', line.replaceAll('localhost:8080', server.origin)], { encoding: 'utf8' });
    assert.equal(answer.status, 0, answer.stderr);
    assert.ok(answer.stdout.includes(expected), answer.stdout.slice(0, 2000));
  });
}
