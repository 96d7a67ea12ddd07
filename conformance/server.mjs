// A server of our own on a free port with an empty store, for suites and client tests.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const program = process.env.ALZETTE ?? 'build/alzette';

export async function start({ data = null, flags = [] } = {}) {
  const folder = data ?? mkdtempSync(join(tmpdir(), 'alzette-'));
  const child = spawn(program, ['serve', '--data', folder, '--http', '127.0.0.1:0', ...flags],
    { stdio: ['ignore', 'pipe', 'ignore'] });
  const ready = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => { if (line.startsWith('ready ')) resolve(line); });
    child.once('exit', (code) => reject(new Error(`${program} serve ended with ${code}`)));
    child.once('error', reject);
  });
  const origin = /http=(\S+)/.exec(ready)[1];
  return {
    origin,
    mllp: /mllp=(\S+)/.exec(ready)?.[1],
    mllps: /mllps=(\S+)/.exec(ready)?.[1],
    pid: child.pid,
    // Seconds of processor used so far, in ticks of 10 ms: what a loaded machine does not change.
    used() {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
      return (Number(fields[11]) + Number(fields[12])) / 100;
    },
    base: `${origin}/fhir`,
    data: folder,
    async kill() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    },
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      if (!data) rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function run(...argv) {
  return spawnSync(program, argv, { encoding: 'utf8', maxBuffer: 1 << 28 });
}

const headers = { 'Content-Type': 'application/fhir+json', Accept: 'application/fhir+json' };

export async function ask(method, url, body, extra = {}) {
  const answer = await fetch(url, { method, body, headers: { ...headers, ...extra } });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}
