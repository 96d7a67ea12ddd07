// One index, three doors: patients fed by HL7 v2, HL7 v3 and FHIR, some merged, are looked up at random by ITI-9, 45
// and 83, and by ITI-21, 47 and 78. The answers name the same identifiers and the same patients.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect } from '../../conformance/mllp.mjs';
import { ask, start } from '../../conformance/server.mjs';
import { envelope, feed, pdqQuery, pixQuery, post, v3 } from '../../conformance/soap.mjs';

const count = Number(process.env.ALZETTE_PATIENTS ?? 40);
const lookups = Number(process.env.ALZETTE_LOOKUPS ?? 60);
const domains = ['1.2.3.4.1', '1.2.3.4.2', '1.2.3.4.3'];
const families = ['Weber', 'Muller', 'Schmit', 'Da Silva', 'Reuter'];
let server;
let client;
let control = 0;

// A small generator of its own, so that a failure can be repeated: Park and Miller's.
let state = Number(process.env.ALZETTE_SEED ?? 1);
const random = (below) => { state = (state * 48271) % 2147483647; return state % below; };
const pick = (list) => list[random(list.length)];

before(async () => {
  server = await start({ flags: ['--mllp', '127.0.0.1:0', '--accept-unknown-domains'] });
  client = connect(server.mllp);
});
after(async () => { client.close(); await server.stop(); });

const header = (type) => `MSH|^~\\&|APP|FAC|ALZETTE|LU|20260102030405||${type}|${++control}|P|2.5\r`;
const cx = ({ value, oid }) => `${value}^^^&${oid}&ISO`;

async function feedBy(door, patient) {
  const { ids, family, given, birth } = patient;
  if (door === 0) {
    const answer = await client.send(`${header('ADT^A01^ADT_A01').replace('|2.5\r', '|2.3.1\r')}EVN|A01|20260102\rPID|||${ids.map(cx).join('~')}||${family}^${given}||${birth}|F\rPV1||O\r`);
    assert.match(answer, /MSA\|AA/);
  } else if (door === 1) {
    const person = `<name><family>${family}</family><given>${given}</given></name><administrativeGenderCode code="F"/><birthTime value="${birth}"/>`;
    const answer = await post(server, envelope(v3('PRPA_IN201301UV02'), feed('PRPA_IN201301UV02', ids.map(({ value, oid }) => `${value}@${oid}`), person)));
    assert.equal(answer.acknowledgement, 'AA', answer.text);
  } else {
    const body = { resourceType: 'Patient', identifier: ids.map(({ value, oid }) => ({ system: `urn:oid:${oid}`, value })), name: [{ family, given: [given] }],
      gender: 'female', birthDate: birth.replace(/(....)(..)(..)/, '$1-$2-$3') };
    const answer = await ask('PUT', `${server.base}/Patient?identifier=urn:oid:${ids[0].oid}|${ids[0].value}`, JSON.stringify(body));
    assert.ok([200, 201].includes(answer.status), answer.text);
  }
}

const sorted = (ids) => [...new Set(ids)].sort().join(' ');

async function crossReferences(id, target) {
  const v2 = await client.send(`${header('QBP^Q23^QBP_Q21')}QPD|IHE PIX Query|t${control}|${cx(id)}|^^^&${target}&ISO\rRCP|I\r`);
  const found = (v2.split('\r').find((line) => line.startsWith('PID')) ?? '').split('|')[3] ?? '';
  const three = await post(server, envelope(v3('PRPA_IN201309UV02'), pixQuery(`${id.value}@${id.oid}`, [target])));
  const fhir = await ask('GET', `${server.base}/Patient/$ihe-pix?sourceIdentifier=urn:oid:${id.oid}|${id.value}&targetSystem=urn:oid:${target}`);
  const parameters = fhir.status === 200 ? JSON.parse(fhir.text).parameter ?? [] : [];
  return {
    'ITI-9': /MSA\|AA/.test(v2) ? sorted(found.split('~').filter(Boolean).map((one) => `${one.split('^')[0]}@${one.split('&')[1]}`)) : 'unknown',
    'ITI-45': three.acknowledgement === 'AA' ? sorted(three.patients.flat()) : 'unknown',
    'ITI-83': fhir.status === 200 ? sorted(parameters.filter(({ name }) => name === 'targetIdentifier')
      .map(({ valueIdentifier }) => `${valueIdentifier.value}@${valueIdentifier.system.slice(8)}`)) : 'unknown',
  };
}

// Each patient by one identifier of those shown: the first in order.
async function demographics(family, given) {
  const v2 = await client.send(`${header('QBP^Q22^QBP_Q21')}QPD|IHE PDQ Query|t${control}|@PID.5.1^${family}~@PID.5.2^${given}\rRCP|I\r`);
  const three = await post(server, envelope(v3('PRPA_IN201305UV02'),
    pdqQuery({ livingSubjectName: `<value><family>${family}</family><given>${given}</given></value>` })));
  const fhir = JSON.parse((await ask('GET', `${server.base}/Patient?family:exact=${encodeURIComponent(family)}&given:exact=${given}&active:not=false&_count=1000`)).text);
  const shown = (identifiers) => sorted(identifiers.filter(({ use }) => use !== 'old').map(({ system, value }) => `${value}@${system.slice(8)}`));
  return {
    'ITI-21': v2.split('\r').filter((line) => line.startsWith('PID'))
      .map((line) => sorted(line.split('|')[3].split('~').map((one) => `${one.split('^')[0]}@${one.split('&')[1]}`))).sort().join('; '),
    'ITI-47': three.patients.map(sorted).sort().join('; '),
    'ITI-78': (fhir.entry ?? []).map(({ resource }) => shown(resource.identifier)).sort().join('; '),
  };
}

test(`${lookups} random look-ups are answered alike by three doors, merges included`, async () => {
  const patients = [];
  for (let i = 0; i < count; i++) {
    const ids = domains.filter((oid, n) => n === 0 || random(2)).map((oid) => ({ oid, value: `P${i}` }));
    const patient = { ids, family: pick(families), given: pick(['Anna', 'Marie', 'Zoe']), birth: `19${60 + random(30)}0${1 + random(9)}1${random(9)}` };
    patients.push(patient);
    await feedBy(i % 3, patient);
  }
  for (let i = 0; i + 1 < count; i += 8) {
    const [surviving, subsumed] = [patients[i].ids[0], patients[i + 1].ids[0]];
    const answer = await post(server, envelope(v3('PRPA_IN201304UV02'), feed('PRPA_IN201304UV02', [`${surviving.value}@${surviving.oid}`],
      '<name><family>X</family></name>', { replaced: `${subsumed.value}@${subsumed.oid}` })));
    assert.equal(answer.acknowledgement, 'AA', answer.text);
  }
  for (let i = 0; i < lookups; i++) {
    const id = random(10) ? pick(pick(patients).ids) : { oid: domains[0], value: 'nobody' };
    const target = pick(domains);
    const found = await crossReferences(id, target);
    assert.equal(new Set(Object.values(found)).size, 1, `${id.value}@${id.oid} -> ${target}: ${JSON.stringify(found)}`);
    const family = pick(families);
    const given = pick(['Anna', 'Marie', 'Zoe']);
    const told = await demographics(family, given);
    assert.equal(new Set(Object.values(told)).size, 1, `${family} ${given}: ${JSON.stringify(told)}`);
  }
});
