// One index, three doors: patients fed by HL7 v2, HL7 v3 and FHIR, some merged and some of those parted again, some
// linked by a message, by FHIR or by their national number, are looked up at random by ITI-9, 45 and 83, and by ITI-21,
// 47 and 78. The answers name the same identifiers and the same patients.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect } from '../../conformance/mllp.mjs';
import { ask, start } from '../../conformance/server.mjs';
import { envelope, feed, pdqQuery, pixQuery, post, v3 } from '../../conformance/soap.mjs';

const count = Number(process.env.ALZETTE_PATIENTS ?? 120);
const lookups = Number(process.env.ALZETTE_LOOKUPS ?? 1000);
const at_once = 16;
const national = '1.3.182.4.4';
const numbers = ['1970010100101', '2001053104251', '2012123177747', '1984022912336', '1893120105732', '1918090138700'];
const domains = ['1.2.3.4.1', '1.2.3.4.2', '1.2.3.4.3'];
const families = ['Weber', 'Muller', 'Schmit', 'Da Silva', 'Reuter'];
const givens = ['Anna', 'Marie', 'Zoe'];
let server;
let client;
let control = 0;

// A small generator of its own, so that a failure can be repeated: Park and Miller's.
let state = Number(process.env.ALZETTE_SEED ?? 1);
const random = (below) => { state = (state * 48271) % 2147483647; return state % below; };
const pick = (list) => list[random(list.length)];

before(async () => {
  server = await start({ flags: ['--mllp', '127.0.0.1:0', '--accept-unknown-domains', '--match-links', 'off'] });
  client = connect(server.mllp);
});
after(async () => { client.close(); await server.stop(); });

// Some at a time: each door has its own connections, and v2 answers in order.
async function all(list, work) {
  let next = 0;
  await Promise.all([...Array(at_once)].map(async () => { while (next < list.length) await work(list[next], next++); }));
}

const header = (type) => `MSH|^~\\&|APP|FAC|ALZETTE|LU|20260102030405||${type}|${++control}|P|2.5\r`;
const cx = ({ value, oid }) => `${value}^^^&${oid}&ISO`;
const v3_id = ({ value, oid }) => `${value}@${oid}`;
const token = ({ value, oid }) => `urn:oid:${oid}|${value}`;

async function by_v2(event, rest) {
  const answer = await client.send(`${header(`ADT^${event}`)}EVN|${event}|20260101\r${rest}\r`);
  assert.match(answer, /MSA\|AA/, answer);
}

async function by_v3(name, ids, person, more) {
  const answer = await post(server, envelope(v3(name), feed(name, ids.map(v3_id), person, more)));
  assert.equal(answer.acknowledgement, 'AA', answer.text);
}

async function by_fhir(id, body) {
  const answer = await ask('PUT', `${server.base}/Patient?identifier=${token(id)}`, JSON.stringify(body));
  assert.ok([200, 201].includes(answer.status), answer.text);
}

const resource = ({ ids, family, given, birth }) => ({
  resourceType: 'Patient', identifier: ids.map(({ oid, value }) => ({ system: `urn:oid:${oid}`, value })), name: [{ family, given: [given] }],
  gender: 'female', birthDate: birth.replace(/(....)(..)(..)/, '$1-$2-$3') });

async function feed_by(door, patient) {
  const { ids, family, given, birth } = patient;
  if (door === 0) await by_v2('A01', `PID|||${ids.map(cx).join('~')}||${family}^${given}||${birth}|F\rPV1||O`);
  if (door === 1)
    await by_v3('PRPA_IN201301UV02', ids,
      `<name><family>${family}</family><given>${given}</given></name><administrativeGenderCode code="F"/><birthTime value="${birth}"/>`);
  if (door === 2) await by_fhir(ids[0], resource(patient));
}

async function merge_by(door, survivor, subsumed) {
  const [one, other] = [survivor.ids[0], subsumed.ids[0]];
  if (door === 0) await by_v2('A40^ADT_A39', `PID|||${cx(one)}||X^X\rMRG|${cx(other)}`);
  if (door === 1) await by_v3('PRPA_IN201304UV02', [one], '<name><family>X</family></name>', { replaced: v3_id(other) });
  if (door === 2)
    await by_fhir(other, { ...resource(subsumed), active: false,
      link: [{ type: 'replaced-by', other: { identifier: { system: `urn:oid:${one.oid}`, value: one.value } } }] });
}

const sorted = (ids) => [...new Set(ids)].sort().join(' ');
const pids = (answer) => answer.split('\r').filter((line) => line.startsWith('PID'))
  .map((line) => sorted(line.split('|')[3].split('~').filter(Boolean).map((one) => `${one.split('^')[0]}@${one.split('&')[1]}`)));

async function cross_references(id, target) {
  const [v2, three, fhir] = await Promise.all([
    client.send(`${header('QBP^Q23^QBP_Q21')}QPD|IHE PIX Query|t${control}|${cx(id)}|^^^&${target}&ISO\rRCP|I\r`),
    post(server, envelope(v3('PRPA_IN201309UV02'), pixQuery(v3_id(id), [target]))),
    ask('GET', `${server.base}/Patient/$ihe-pix?sourceIdentifier=${token(id)}&targetSystem=urn:oid:${target}`)]);
  const parameters = fhir.status === 200 ? JSON.parse(fhir.text).parameter ?? [] : [];
  return {
    'ITI-9': /MSA\|AA/.test(v2) ? pids(v2).join('') : 'unknown',
    'ITI-45': three.acknowledgement === 'AA' ? sorted(three.patients.flat()) : 'unknown',
    'ITI-83': fhir.status === 200 ? sorted(parameters.filter(({ name }) => name === 'targetIdentifier')
      .map(({ valueIdentifier }) => `${valueIdentifier.value}@${valueIdentifier.system.slice(8)}`)) : 'unknown',
  };
}

// Each patient as the identifiers that are shown of it.
async function demographics(v2_query, v3_query, fhir_query) {
  const [v2, three, fhir] = await Promise.all([
    client.send(`${header('QBP^Q22^QBP_Q21')}QPD|IHE PDQ Query|t${control}|${v2_query}\rRCP|I\r`),
    post(server, envelope(v3('PRPA_IN201305UV02'), pdqQuery(v3_query))),
    ask('GET', `${server.base}/Patient?${fhir_query}&active:not=false&_count=1000`)]);
  const shown = (identifiers) => sorted(identifiers.filter(({ use }) => use !== 'old').map(({ system, value }) => `${value}@${system.slice(8)}`));
  return {
    'ITI-21': pids(v2).sort().join('; '),
    'ITI-47': three.patients.map(sorted).sort().join('; '),
    'ITI-78': (JSON.parse(fhir.text).entry ?? []).map(({ resource: one }) => shown(one.identifier)).sort().join('; '),
  };
}

const by_id = (id) => demographics(`@PID.3.1^${id.value}~@PID.3.4.2^${id.oid}~@PID.3.4.3^ISO`,
  { livingSubjectId: `<value root="${id.oid}" extension="${id.value}"/>` }, `identifier=${token(id)}`);
const by_name = (family, given) => demographics(`@PID.5.1^${family}~@PID.5.2^${given}`,
  { livingSubjectName: `<value><family>${family}</family><given>${given}</given></value>` },
  `family:exact=${encodeURIComponent(family)}&given:exact=${given}`);
const by_birth = (family, birth) => demographics(`@PID.5.1^${family}~@PID.7^${birth}`,
  { livingSubjectName: `<value><family>${family}</family></value>`, livingSubjectBirthTime: `<value value="${birth}"/>` },
  `family:exact=${encodeURIComponent(family)}&birthdate=${birth.replace(/(....)(..)(..)/, '$1-$2-$3')}`);

function population() {
  return [...Array(count).keys()].map((i) => {
    const ids = domains.filter((oid, n) => n === 0 || random(2)).map((oid) => ({ oid, value: `P${i}` }));
    if (i % 9 === 4) ids.push({ oid: national, value: numbers[Math.floor(i / 9 / 2) % numbers.length] });  // of two records each
    return { ids, family: pick(families), given: pick(givens), birth: `19${60 + random(30)}0${1 + random(9)}1${random(9)}` };
  });
}

test(`${lookups} random look-ups are answered alike by three doors: merged, parted, linked and others`, async () => {
  const patients = population();
  await all(patients, (patient, i) => feed_by(i % 3, patient));
  const pairs = (first) => patients.filter((_, i) => i % 8 === first).map((one) => [one, patients[patients.indexOf(one) + 1]]).filter(([, other]) => other);
  const merged = pairs(0);
  await all(merged, ([survivor, subsumed], i) => merge_by(i % 3, survivor, subsumed));
  // Every other merge is taken back, by FHIR.
  await all(merged.filter((_, i) => i % 2), async ([, subsumed]) => {
    const { entry } = JSON.parse((await ask('GET', `${server.base}/Patient?identifier=${token(subsumed.ids[0])}&active=false`)).text);
    const { id } = entry[0].resource;
    const answer = await ask('PUT', `${server.base}/Patient/${id}`, JSON.stringify({ ...resource(subsumed), id, active: true }));
    assert.equal(answer.status, 200, answer.text);
  });
  // A chain: the survivor of a merge is merged itself.
  await all(pairs(7).filter(([, other]) => merged.some(([survivor]) => survivor === other)), ([survivor, other], i) => merge_by(i % 3, survivor, other));
  const linked = pairs(2);
  await all(linked, ([one, other], i) => by_v2('A24', `PID|||${cx(one.ids[0])}||X\rPID|||${cx(other.ids[0])}||X`));
  await all(linked.filter((_, i) => i % 3 === 1), ([one, other]) => by_v2('A37', `PID|||${cx(one.ids[0])}||X\rPID|||${cx(other.ids[0])}||X`));
  await all(pairs(5), async ([one, other]) => {
    const found = JSON.parse((await ask('GET', `${server.base}/Patient?identifier=${token(other.ids[0])}`)).text).entry[0].resource;
    await by_fhir(one.ids[0], { ...resource(one), link: [{ type: 'seealso', other: { reference: `Patient/${found.id}` } }] });
  });

  const asked = [...Array(lookups).keys()].map((i) => {
    const id = random(12) ? pick(pick(patients).ids) : { oid: domains[0], value: 'nobody' };
    const { family, birth } = pick(patients);
    return [() => cross_references(id, pick([...domains, national])), () => by_id(id), () => by_name(pick(families), pick(givens)), () => by_birth(family, birth)][
      [0, 0, 1, 0, 2, 0, 1, 3][i % 8]];
  });
  const answered = { nothing: 0, something: 0, unknown: 0 };
  await all(asked, async (look, i) => {
    const found = await look();
    const [answer] = Object.values(found);
    assert.equal(new Set(Object.values(found)).size, 1, `look-up ${i}: ${JSON.stringify(found)}`);
    ++answered[answer === 'unknown' ? answer : answer ? 'something' : 'nothing'];
  });
  for (const [what, times] of Object.entries(answered)) assert.ok(times > lookups / 50, `${what}: ${times} times`);
});
