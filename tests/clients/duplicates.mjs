// The identity unit's work-list: pairs that matching holds for one person become Tasks, which are accepted, rejected
// and undone by their status; certain pairs are linked at once where that is wanted; all of it survives kill -9.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect, field } from '../../conformance/mllp.mjs';
import { ask, run, start } from '../../conformance/server.mjs';

const folder = mkdtempSync(join(tmpdir(), 'alzette-duplicates-'));
const domains = join(folder, 'domains.json');
const flags = ['--mllp', '127.0.0.1:0', '--domains', domains];
let server;
let client;
let counter = 0;

before(async () => {
  writeFileSync(domains, JSON.stringify([{ name: 'A', oid: '1.2.3.1' }, { name: 'B', oid: '1.2.3.2' }]));
  server = await start({ flags });
  client = connect(server.mllp);
});
after(async () => {
  client.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const message = (event, rest) => `MSH|^~\\&|APP|HOSPITAL|ALZETTE|LU|20260101||ADT^${event}|D${++counter}|P|2.5\rEVN|${event}|20260101\r${rest}\r`;
async function feed(id, name, { event = 'A28', birth = '19800311', address = '', to = client } = {}) {
  const answer = await to.send(message(event, `PID|||${id}||${name}||${birth}|F|||${address}`));
  assert.equal(field(answer, 'MSA', 1), 'AA', answer);
}
const json = async (method, url, body, type) => {
  const answer = await ask(method, url, body && JSON.stringify(body), type ? { 'Content-Type': type } : {});
  return { status: answer.status, body: answer.text ? JSON.parse(answer.text) : null };
};
const patient = async (value, at = server) => (await json('GET', `${at.base}/Patient?identifier=${value}&active:not=false`)).body.entry[0].resource;
const tasks = async (value, at = server) => {
  const reference = `Patient/${(await patient(value, at)).id}`;
  const found = await Promise.all(['subject', 'focus'].map((side) => json('GET', `${at.base}/Task?${side}=${reference}`)));
  return found.flatMap(({ body }) => (body.entry ?? []).map(({ resource }) => resource));
};
// A Task on this patient, once its status is that.
async function task(value, status, at = server) {
  for (;;) {
    const found = (await tasks(value, at)).find((one) => one.status === status);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
const judge = (one, status) => json('PATCH', `${server.base}/Task/${one.id}`,
  [{ op: 'replace', path: '/status', value: status }], 'application/json-patch+json');
const others = async (source, at = server) => {
  const found = await json('GET', `${at.base}/Patient/$ihe-pix?sourceIdentifier=urn:oid:${source}`);
  return (found.body.parameter ?? []).filter(({ name }) => name === 'targetIdentifier').map(({ valueIdentifier }) => valueIdentifier.value);
};

test('a probable pair of two sources is proposed; accepting links it, undoing unlinks it', async () => {
  await feed('L1^^^A', 'WEBER^ANNA');
  await feed('L2^^^B', 'WEBER^ANNA');
  const proposed = await task('L2', 'requested');
  const [older, newer] = [await patient('L1'), await patient('L2')];
  assert.deepEqual([proposed.focus.reference, proposed.for.reference], [`Patient/${older.id}`, `Patient/${newer.id}`]);
  assert.equal(proposed.intent, 'proposal');
  assert.equal(proposed.code.coding[0].code, 'link');
  assert.equal(proposed.input[0].type.coding[0].code, 'probable');
  assert.ok(proposed.input[0].valueDecimal >= 0.8 && proposed.input[0].valueDecimal < 0.95);
  assert.deepEqual(await others('1.2.3.1|L1'), []);
  assert.equal((await judge(proposed, 'completed')).status, 200);
  assert.deepEqual(await others('1.2.3.1|L1'), ['L2']);
  assert.deepEqual(await others('1.2.3.2|L2'), ['L1']);
  assert.equal((await judge(proposed, 'requested')).status, 200);
  assert.deepEqual(await others('1.2.3.1|L1'), []);
  const told = (await json('GET', `${server.base}/Provenance?target=Patient/${newer.id}`)).body.entry.map(({ resource }) => resource.activity.coding[0].code);
  assert.deepEqual(told.sort(), ['link', 'unlink']);
});

test('a pair of one source is proposed for a merge; accepting merges it, undoing takes the merge back', async () => {
  await feed('M1^^^A', 'THILL^JEANNE', { birth: '19510722' });
  await feed('M2^^^A', 'THILL^JEANNE', { birth: '19510722' });
  const proposed = await task('M2', 'requested');
  assert.equal(proposed.code.coding[0].code, 'merge');
  const subsumed = (await patient('M2')).id;
  assert.equal((await judge(proposed, 'completed')).status, 200);
  const merged = (await json('GET', `${server.base}/Patient/${subsumed}`)).body;
  assert.deepEqual([merged.active, merged.link[0].type, merged.link[0].other.reference], [false, 'replaced-by', proposed.focus.reference]);
  assert.equal((await patient('M2')).id, (await patient('M1')).id);
  assert.equal((await judge(proposed, 'requested')).status, 200);
  assert.equal((await patient('M2')).id, subsumed);
  assert.equal((await patient('M2')).link, undefined);
});

test('what was rejected is not proposed again, and can be undone', async () => {
  await feed('R1^^^A', 'KIEFFER^MARIE', { birth: '19630430' });
  await feed('R2^^^B', 'KIEFFER^MARIE', { birth: '19630430' });
  const proposed = await task('R2', 'requested');
  assert.equal((await judge(proposed, 'rejected')).status, 200);
  await feed('R2^^^B', 'KIEFFER^MARIE^ROSE', { birth: '19630430', event: 'A31' });
  await feed('R3^^^A', 'SCHROEDER^LOUISE', { birth: '19910101' });
  await feed('R4^^^B', 'SCHROEDER^LOUISE', { birth: '19910101' });
  await task('R4', 'requested');  // changes are looked at in their order
  assert.deepEqual((await tasks('R2')).map(({ status }) => status), ['rejected']);
  assert.equal((await judge(proposed, 'completed')).status, 200);
  assert.deepEqual(await others('1.2.3.1|R1'), ['R2']);
});

test('a pair that becomes one person in another way is settled', async () => {
  await feed('S1^^^A', 'WAGNER^CHRISTINE', { birth: '19441212' });
  await feed('S2^^^B', 'WAGNER^CHRISTINE', { birth: '19441212' });
  await task('S2', 'requested');
  const answer = await client.send(message('A24', 'PID|||S1^^^A\rPID|||S2^^^B'));
  assert.equal(field(answer, 'MSA', 1), 'AA', answer);
  await task('S2', 'cancelled');
});

test('patients of no known domain are no concern of the index', async () => {
  for (const value of ['x', 'y'])
    await json('POST', `${server.base}/Patient`, { resourceType: 'Patient', identifier: [{ system: 'urn:x', value: `N${value}` }],
      name: [{ family: 'Nobody', given: ['Nora'] }], gender: 'female', birthDate: '1970-05-05' });
  await feed('N1^^^A', 'ANYBODY^ANN', { birth: '19200202' });
  await feed('N2^^^B', 'ANYBODY^ANN', { birth: '19200202' });
  await task('N2', 'requested');
  assert.deepEqual(await tasks('Nx'), []);
});

test('what cannot be is refused, and nothing of it is done', async () => {
  await feed('F1^^^A', 'FALTZ^EVE', { birth: '19770707' });
  const id = (await patient('F1')).id;
  const made = (more) => json('POST', `${server.base}/Task`, { resourceType: 'Task', instantiatesUri: 'urn:x-alzette:potential-duplicate',
    status: 'completed', intent: 'proposal', code: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle', code: 'link' }] },
    focus: { reference: `Patient/${id}` }, for: { reference: 'Patient/nobody' }, ...more });
  assert.equal((await made({})).status, 422);
  assert.equal((await made({ for: { reference: `Patient/${id}` } })).status, 422);
  assert.equal((await made({ for: undefined })).status, 422);
  assert.equal((await made({ code: { text: 'x' } })).status, 422);
  assert.deepEqual(await tasks('F1'), []);
  await feed('F2^^^B', 'FALTZER^EVA', { birth: '19790901' });
  const other = { reference: `Patient/${(await patient('F2')).id}` };
  assert.equal((await made({ for: other })).status, 201);  // the unit may find a pair itself
  assert.deepEqual(await others('1.2.3.1|F1'), ['F2']);
});

test('certain pairs are linked at once where that is wanted, which can be undone; kill -9 loses and repeats nothing', async () => {
  const data = mkdtempSync(join(tmpdir(), 'alzette-links-'));
  const home = '1 RUE DE LA GARE^^LUXEMBOURG^^1611';
  const more = ['--match-links', 'link'];
  let second;
  try {
    const first = await start({ data, flags: [...flags, ...more] });
    const to = connect(first.mllp);
    for (let n = 0; n < 8; n++)
      for (const domain of ['A', 'B'])
        await feed(`C${n}${domain}^^^${domain}`, `HOFFMANN${String.fromCharCode(65 + n)}^SUZANNE`, { birth: `19${50 + n}0${n + 1}2${n}`, address: home, to });
    to.close();
    await first.kill();
    second = await start({ data, flags: [...flags, ...more] });
    for (let n = 0; n < 8; n++) {
      const done = await task(`C${n}B`, 'completed', second);
      assert.equal(done.input[0].type.coding[0].code, 'certain');
      assert.equal((await tasks(`C${n}B`, second)).length, 1);
      assert.deepEqual(await others(`1.2.3.1|C${n}A`, second), [`C${n}B`]);
    }
    const one = await task('C0B', 'completed', second);
    const undone = await json('PUT', `${second.base}/Task/${one.id}`, { ...one, status: 'requested' });
    assert.equal(undone.status, 200);
    assert.deepEqual(await others('1.2.3.1|C0A', second), []);
  } finally {
    await second?.stop();
    rmSync(data, { recursive: true, force: true });
  }
});

test('patients that were loaded while no server ran are looked at by the first that starts', async () => {
  const data = mkdtempSync(join(tmpdir(), 'alzette-loaded-'));
  const file = join(folder, 'Patient.ndjson');
  const person = (domain, value) => JSON.stringify({ resourceType: 'Patient', id: value, identifier: [{ system: `urn:oid:1.2.3.${domain}`, value }],
    name: [{ family: 'Konsbruck', given: ['Octavie'] }], gender: 'female', birthDate: '1933-11-13' });
  writeFileSync(file, `${person(1, 'loaded1')}\n${person(2, 'loaded2')}\n`);
  let loaded;
  try {
    assert.equal(run('load', '--data', data, file).status, 0);
    loaded = await start({ data, flags });
    const { focus, for: other } = await task('loaded2', 'requested', loaded);
    assert.deepEqual([focus.reference, other.reference].sort(), ['Patient/loaded1', 'Patient/loaded2']);
  } finally {
    await loaded?.stop();
    rmSync(data, { recursive: true, force: true });
  }
});

test('weights of a file decide; a damaged file stops the start', async () => {
  const data = mkdtempSync(join(tmpdir(), 'alzette-weights-'));
  const weights = join(folder, 'weights.json');
  try {
    // Every agreement says the same of each field: enough for a pair that agrees in all of them.
    const levels = { same: { m: 0.9, u: 0.01 }, close: { m: 0.05, u: 0.02 }, part: { m: 0.03, u: 0.05 }, other: { m: 0.02, u: 0.92 } };
    const fields = Object.fromEntries(['family', 'given', 'birth', 'gender', 'national', 'address', 'telecom'].map((name) => [name, levels]));
    const make = (certain) => writeFileSync(weights, JSON.stringify({ ...fields, rareName: 0.001, certain, probable: certain - 1, possible: certain - 2 }));
    const described = { resourceType: 'Patient', name: [{ family: 'Majerus', given: ['Lou'] }], gender: 'male', birthDate: '1961-04-04' };
    const grade = async () => {
      const one = await start({ data, flags: ['--match-weights', weights] });
      await json('PUT', `${one.base}/Patient/majerus`, { ...described, id: 'majerus' });
      const matched = await json('POST', `${one.base}/Patient/$match`, { resourceType: 'Parameters', parameter: [{ name: 'resource', resource: described }] });
      await one.stop();
      return matched.body.entry?.[0].search.extension[0].valueCode;
    };
    make(20);
    assert.equal(await grade(), 'probable');
    make(1000);
    assert.equal(await grade(), undefined);
    writeFileSync(weights, '{}');
    assert.equal(run('serve', '--data', data, '--http', '127.0.0.1:0', '--match-weights', weights).status, 1);
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
});
