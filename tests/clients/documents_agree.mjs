// The same question through two doors has one answer: random queries by ITI-18 FindDocuments and by ITI-67 find the same
// documents, before and after patients are merged and documents replaced.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ask, start } from '../../conformance/server.mjs';
import { descendants, verdict } from '../../conformance/xds/soap.mjs';
import { byUnique, find, oid, provide, provided, slot, uid } from './parts/documents.mjs';

const rounds = Number(process.env.ALZETTE_AGREE_QUERIES ?? 500);
const folder = mkdtempSync(join(tmpdir(), 'agree-'));
writeFileSync(join(folder, 'domains.json'), JSON.stringify([{ name: 'A', oid }]));
let server;
let seed = 42;
const random = (below) => { seed = (seed * 1103515245 + 12345) % 2147483648; return Math.floor((seed / 2147483648) * below); };
const pick = (values) => values[random(values.length)];
const values = {
  class: ['C1', 'C2', 'C3'], type: ['T1', 'T2'], format: ['F1', 'F2'], facility: ['H1', 'H2'], setting: ['S1', 'S2'], confidentiality: ['N', 'R'],
};
const names = {
  class: ['ClassCode', 'category'], type: ['TypeCode', 'type'], format: ['FormatCode', 'format'], facility: ['HealthcareFacilityTypeCode', 'facility'],
  setting: ['PracticeSettingCode', 'setting'], confidentiality: ['ConfidentialityCode', 'security-label'],
};
const orders = ['O1', 'O2', 'O3'];
const month = (number) => String(number).padStart(2, '0');
const patients = ['1', '2', '3', '4'];
let asked = patients;
const ids = {};

before(async () => {
  server = await start({ flags: ['--domains', join(folder, 'domains.json')] });
  for (const id of patients) {
    const answer = await ask('POST', `${server.base}/Patient`, JSON.stringify({ resourceType: 'Patient', identifier: [{ system: `urn:oid:${oid}`, value: id }] }));
    ids[id] = JSON.parse(answer.text);
  }
  for (let at = 0; at < 60; at++) {
    const codes = Object.fromEntries(Object.entries(values).map(([key, list]) => [key, pick(list)]));
    codes.creation = `2024${month(1 + random(9))}02`;
    const start = `2024${month(1 + random(9))}10`;
    await provided1(pick(patients), codes, slot('serviceStartTime', start) + slot('serviceStopTime', `${start}2359`) +
      slot('urn:ihe:iti:xds:2013:referenceIdList', `${pick(orders)}^^^&amp;1.2.8&amp;ISO^urn:ihe:iti:xds:2013:order`));
  }
});
after(async () => { await server.stop(); rmSync(folder, { recursive: true }); });

async function provided1(id, codes, more, associations = '') {
  const unique = uid();
  const answer = await provide(server, provided({ id, unique, codes, more, associations }), Buffer.from(`document ${unique}`));
  assert.equal(verdict(answer).status, 'Success', answer.text);
  return unique;
}

// One question in both languages.
function question() {
  const id = pick(asked);
  const parameters = {};
  let search = `patient.identifier=urn:oid:${oid}|${id}&status=${random(5) ? 'current' : 'superseded'}`;
  if (search.endsWith('superseded')) parameters.XDSDocumentEntryStatus = "('urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated')";
  for (const key of Object.keys(values)) {
    if (random(3)) continue;
    const wanted = [...new Set([pick(values[key]), pick(values[key])])];
    parameters[`XDSDocumentEntry${names[key][0]}`] = `(${wanted.map((code) => `'${code}^^1.2.9'`).join(',')})`;
    search += `&${names[key][1]}=${wanted.map((code) => `urn:oid:1.2.9|${code}`).join(',')}`;
  }
  if (!random(4)) {  // all documents were made on the second of a month
    const [from, to] = [1 + random(9), 1 + random(9)].sort();
    Object.assign(parameters, { XDSDocumentEntryCreationTimeFrom: `2024${month(from)}`, XDSDocumentEntryCreationTimeTo: `2024${month(to)}` });
    search += `&creation=ge2024-${month(from)}-01&creation=lt2024-${month(to)}-01`;
  }
  if (!random(6)) {
    const order = pick(orders);
    parameters.XDSDocumentEntryReferenceIdList = `('${order}^^^&amp;1.2.8&amp;ISO^urn:ihe:iti:xds:2013:order')`;
    search += `&related:identifier=urn:oid:1.2.8|${order}`;
  }
  return { id, parameters, search };
}

async function answers({ id, parameters, search }) {
  const byReference = parameters.XDSDocumentEntryReferenceIdList ? '12941a89-e02e-4be5-967c-ce4bfc8fe492' : undefined;
  const left = descendants((await find(server, id, parameters, byReference)).body, 'ExtrinsicObject').map((entry) => entry.getAttribute('id').slice(9)).sort();
  const answer = JSON.parse((await ask('GET', `${server.base}/DocumentReference?${search.replaceAll('|', '%7C')}&_count=200`)).text);
  const right = (answer.entry ?? []).map((entry) => entry.resource.id).sort();
  assert.deepEqual(left, right, search);
  return left.length;
}

async function agree() {
  const questions = Array.from({ length: rounds }, question);
  let found = 0;
  for (let at = 0; at < rounds; at += 8)
    for (const count of await Promise.all(questions.slice(at, at + 8).map(answers))) found += count;
  assert.ok(found > rounds / 4, `only ${found} documents were found`);
}

test('ITI-18 and ITI-67 agree', agree);

test('they agree after replacements and a merge', async () => {
  for (let at = 0; at < 5; at++) {
    const id = pick(patients);
    const entry = descendants((await find(server, id)).body, 'ExtrinsicObject')[0];
    if (!entry) continue;
    await provided1(id, { class: 'C1' }, '', `<Association id="R" associationType="urn:ihe:iti:2007:AssociationType:RPLC" sourceObject="D" targetObject="${entry.getAttribute('id')}"/>`);
  }
  const subsumed = { ...ids[2], active: false, link: [{ type: 'replaced-by', other: { reference: `Patient/${ids[1].id}` } }] };
  const merged = await ask('PUT', `${server.base}/Patient/${ids[2].id}`, JSON.stringify(subsumed));
  assert.equal(merged.status, 200, merged.text);
  // By ITI-18 the subsumed identifier leads to nothing, the surviving one to all; to FHIR both are the survivor's.
  assert.deepEqual(descendants((await find(server, '2')).body, 'ExtrinsicObject'), []);
  const by = async (id) => JSON.parse((await ask('GET', `${server.base}/DocumentReference?patient.identifier=urn:oid:${oid}%7C${id}&status=current&_summary=count`)).text).total;
  assert.equal(descendants((await find(server, '1')).body, 'ExtrinsicObject').length, await by('1'));
  assert.equal(await by('2'), await by('1'));
  asked = patients.filter((id) => id !== '2');
  await agree();
  const unique = await provided1('1', {}, '');
  assert.equal(descendants((await byUnique(server, unique)).body, 'ExtrinsicObject').length, 1);
});

test('they agree when the merge is taken back: each patient has its own documents again', async () => {
  const count = async (id) => descendants((await find(server, id)).body, 'ExtrinsicObject').length;
  const together = await count('1');
  const { link: _, ...stored } = JSON.parse((await ask('GET', `${server.base}/Patient/${ids[2].id}`)).text);
  const answer = await ask('PUT', `${server.base}/Patient/${ids[2].id}`, JSON.stringify({ ...stored, active: true }));
  assert.equal(answer.status, 200, answer.text);
  asked = patients;
  const own = await count('2');
  assert.ok(own > 0);
  assert.equal(await count('1') + own, together);
  await agree();
});
