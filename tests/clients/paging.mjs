// Pages are pinned to the moment of the first one: while patients are created, renamed and deleted, every patient that
// was there at the start is seen exactly once, and none that came later.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ask, run, start } from '../../conformance/server.mjs';

const patients = Number(process.env.ALZETTE_PAGING_PATIENTS ?? 100000);
const data = mkdtempSync(join(tmpdir(), 'alzette-paging-'));
let server;

before(async () => {
  const made = run('generate', '--patients', String(patients), '--only', 'Patient', '--seed', '7', '--data', data);
  assert.equal(made.status, 0, made.stderr);
  server = await start({ data });
});

after(async () => {
  await server.stop();
  rmSync(data, { recursive: true, force: true });
});

async function* pages(url) {
  while (url) {
    const answer = await ask('GET', url);
    assert.equal(answer.status, 200, answer.text);
    const bundle = JSON.parse(answer.text);
    yield (bundle.entry ?? []).map((entry) => entry.resource);
    url = bundle.link.find((link) => link.relation === 'next')?.url;
    if (url) assert.ok(url.length < 2000, `a next link of ${url.length} characters`);
  }
}

// Creates, renames and deletes until told to stop; returns how many of each were acknowledged.
async function disturb(ids, stopped) {
  let writes = 0;
  for (let i = 0; !stopped(); i++) {
    const id = ids[(i * 7919) % ids.length];
    const renamed = JSON.stringify({ resourceType: 'Patient', id, name: [{ family: `Renamed${i}` }] });
    const answers = await Promise.all([
      ask('POST', `${server.base}/Patient`, JSON.stringify({ resourceType: 'Patient', name: [{ family: `Aaa${i}` }] })),
      ask('PUT', `${server.base}/Patient/${id}`, renamed),
      ask('DELETE', `${server.base}/Patient/${ids[(i * 104729 + 1) % ids.length]}`),
    ]);
    for (const answer of answers) assert.ok(answer.status < 300, `${answer.status} ${answer.text}`);
    writes += answers.length;
  }
  return writes;
}

for (const order of ['', '&_sort=family', '&_sort=-_lastUpdated'])
  test(`${patients} patients${order && `, ${order.slice(1)}`}, while others write`, async () => {
    const expected = new Set();
    for await (const page of pages(`${server.base}/Patient?_count=1000&_elements=id`)) for (const { id } of page) expected.add(id);
    const ids = [...expected];
    const seen = new Map();
    let stop = false;
    let writing = null;
    for await (const page of pages(`${server.base}/Patient?_count=1000&_elements=id${order}`)) {
      writing ??= disturb(ids, () => stop);
      for (const { id } of page) seen.set(id, (seen.get(id) ?? 0) + 1);
    }
    stop = true;
    assert.ok(await writing > 0, 'nothing was written meanwhile');
    assert.equal(seen.size, expected.size);
    for (const id of ids) assert.equal(seen.get(id), 1, id);
  });
