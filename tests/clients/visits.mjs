// ITI-22, Patient Demographics and Visit Query: visits are fed by ITI-8 and ITI-31, asked for by fields of PID and PV1,
// page by page, and are Encounters in FHIR.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect, field, segments } from '../../conformance/mllp.mjs';
import { ask, start } from '../../conformance/server.mjs';

const folder = mkdtempSync(join(tmpdir(), 'alzette-visits-'));
const domains = join(folder, 'domains.json');
let server;
let client;
let counter = 0;

before(async () => {
  writeFileSync(domains, JSON.stringify([{ name: 'A', oid: '1.2.3.1' }, { name: 'B', oid: '1.2.3.2' }, { name: 'VISITS', oid: '1.2.3.9' }]));
  server = await start({ flags: ['--mllp', '127.0.0.1:0', '--domains', domains, '--match-links', 'off'] });
  client = connect(server.mllp);
});
after(async () => { client.close(); await server.stop(); rmSync(folder, { recursive: true, force: true }); });

const msh = (type) => `MSH|^~\\&|ADT|HOSPITAL|ALZETTE|LU|20260101||${type}|V${++counter}|P|2.5\r`;
async function event(code, patient, name, pv1) {
  const answer = await client.send(`${msh(`ADT^${code}`)}EVN|${code}|20260101\rPID|||${patient}||${name}||19700101|F\rPV1|1|${pv1}\r`);
  assert.equal(field(answer, 'MSA', 1), 'AA', answer);
}
// Class, location, attending doctor, service, number, admission and discharge of a visit.
const visit = (number, { kind = 'I', place = 'W1^101^A^H', doctor = 'D1^HOUSE^GREGORY', service = 'MED', from = '20260102083000+0100', to = '' } = {}) =>
  `${kind}|${place}||||${doctor}|||${service}|||||||||${number}|||||||||||||||||||||||||${from}|${to}`;
const query = (parameters, { asked = '', count = '', pointer = '' } = {}) => client.send(
  `${msh('QBP^ZV1^QBP_Q21')}QPD|IHE PDQ Query|T${counter}|${parameters}|||||${asked}\rRCP|I|${count}\r${pointer ? `DSC|${pointer}|I\r` : ''}`);
const numbers = (answer) => segments(answer, 'PV1').map((pv1) => pv1.split('|')[19].split('^')[0]).sort();
const find = async (parameters, more) => {
  const answer = await query(parameters, more);
  assert.equal(field(answer, 'MSA', 1), 'AA', answer);
  return numbers(answer);
};
const errors = (answer) => segments(answer, 'ERR').map((err) => `${err.split('|')[2]} ${err.split('|')[3].split('^')[0]}`);
const encounter = async (number) => JSON.parse((await ask('GET', `${server.base}/Encounter?identifier=${number}`)).text).entry[0].resource;

test('a visit is fed, moved and ended; it is an Encounter', async () => {
  await event('A01', '1^^^A', 'WEBER^ANNA', visit('V1^^^VISITS'));
  const fed = await encounter('V1');
  assert.deepEqual([fed.status, fed.class.code, fed.serviceType.coding[0].code, fed.period.start], ['in-progress', 'IMP', 'MED', '2026-01-02T08:30:00+01:00']);
  assert.deepEqual([fed.location[0].location.display, fed.participant[0].individual.display], ['W1 101 A H', 'HOUSE, GREGORY']);
  await event('A02', '1^^^A', 'WEBER^ANNA', visit('V1^^^VISITS', { place: 'W2^202^B^H', doctor: '', service: '' }));
  const moved = await encounter('V1');
  assert.deepEqual([moved.status, moved.location[0].location.display, moved.participant[0].individual.display], ['in-progress', 'W2 202 B H', 'HOUSE, GREGORY']);
  await event('A03', '1^^^A', 'WEBER^ANNA', visit('V1^^^VISITS', { place: 'W2^202^B^H', to: '20260105' }));
  assert.deepEqual([(await encounter('V1')).status, (await encounter('V1')).period.end], ['finished', '2026-01-05']);
  const patient = JSON.parse((await ask('GET', `${server.base}/Patient?identifier=urn:oid:1.2.3.1|1`)).text).entry[0].resource;
  assert.equal(moved.subject.reference, `Patient/${patient.id}`);
});

test('ITI-22 asks by fields of the patient, of the visit, and of both', async () => {
  await event('A01', '2^^^A~2^^^B', 'THILL^JEAN', visit('V2^^^VISITS', { place: 'ICU^1^1^H', doctor: 'D2^CUDDY^LISA' }));
  await event('A04', '2^^^A', 'THILL^JEAN', visit('V3^^^VISITS', { kind: 'O', place: 'ER^^^H', service: 'CAR' }));
  await event('A01', '3^^^A', 'THILL^PIERRE', visit('V4^^^VISITS', { place: 'ICU^1^2^H' }));
  await event('A04', '4^^^A', 'VISITOR^NONE', 'O');  // without a number there is no visit
  assert.deepEqual(await find('@PID.5.1.1^thill'), ['V2', 'V3', 'V4']);
  assert.deepEqual(await find('@PID.5.1.1^thill~@PV1.2^O'), ['V3']);
  assert.deepEqual(await find('@PV1.3.1^ICU'), ['V2', 'V4']);
  assert.deepEqual(await find('@PV1.3.1^ICU~@PV1.3.3^2'), ['V4']);
  assert.deepEqual(await find('@PV1.3.1^I*'), ['V2', 'V4']);
  assert.deepEqual(await find('@PV1.7.2.1^cuddy'), ['V2']);
  assert.deepEqual(await find('@PV1.10^CAR'), ['V3']);
  assert.deepEqual(await find('@PV1.19.1^V4'), ['V4']);
  assert.deepEqual(await find('@PV1.3.1^ICU', { asked: '^^^B' }), ['V2']);
  const none = await query('@PV1.3.1^NOWHERE');
  assert.deepEqual([field(none, 'MSA', 1), field(none, 'QAK', 2)], ['AA', 'NF']);
});

test('ITI-22 answers with patient and visit, as they were told', async () => {
  const answer = await query('@PV1.19.1^V2');
  assert.equal(field(answer, 'MSH', 9), 'RSP^ZV2^RSP_ZV2');
  assert.equal(field(answer, 'QAK', 4), '1');
  assert.deepEqual(answer.trim().split('\r').map((line) => line.slice(0, 3)), ['MSH', 'MSA', 'QAK', 'QPD', 'PID', 'PV1']);
  assert.match(field(answer, 'PID', 3), /^2\^\^\^A&1\.2\.3\.1&ISO~2\^\^\^B&1\.2\.3\.2&ISO$/);
  assert.deepEqual([2, 3, 7, 10, 19, 44].map((n) => field(answer, 'PV1', n)),
    ['I', 'ICU^1^1^H', 'D2^CUDDY^LISA', 'MED', 'V2^^^VISITS&1.2.3.9&ISO', '20260102083000+0100']);
});

test('ITI-22 goes on page by page, and is cancelled', async () => {
  const seen = [];
  let pointer = '';
  for (let pages = 0; pages < 3; pages++) {
    const answer = await query('@PID.5.1.1^thill', { count: '1^RD', pointer });
    seen.push(...numbers(answer));
    assert.deepEqual([4, 5, 6].map((n) => field(answer, 'QAK', n)), ['3', '1', String(2 - pages)]);
    pointer = field(answer, 'DSC', 1);
    assert.equal(pointer !== '', pages < 2);
  }
  assert.deepEqual(seen.sort(), ['V2', 'V3', 'V4']);
  const cancelled = await client.send(`${msh('QCN^J01^QCN_J01')}QID|T1|IHE PDQ Query\r`);
  assert.equal(field(cancelled, 'MSA', 1), 'AA');
});

test('cancelled visits are none, and a cancelled discharge is taken back', async () => {
  await event('A11', '3^^^A', 'THILL^PIERRE', visit('V4^^^VISITS'));
  assert.deepEqual(await find('@PID.5.1.1^thill'), ['V2', 'V3']);
  await event('A13', '1^^^A', 'WEBER^ANNA', visit('V1^^^VISITS'));
  assert.equal((await encounter('V1')).status, 'in-progress');
});

test('ITI-31: what an event cancels is as it was before, and a movement of the past moves nobody', async () => {
  const send = async (code, number, more, zbe = '') => {
    const answer = await client.send(`${msh(`ADT^${code}`)}EVN|${code}|20260101\rPID|||E1^^^A||EVENTS^E||19700101|F\rPV1|1|${visit(`${number}^^^VISITS`, more)}\r${zbe}`);
    assert.equal(field(answer, 'MSA', 1), 'AA', answer);
  };
  const status = async (number) => (await encounter(number)).status;
  await send('A01', 'E-1');
  for (const [code, after] of [['A21', 'onleave'], ['A52', 'in-progress'], ['A21', 'onleave'], ['A22', 'in-progress'], ['A53', 'onleave'], ['A22', 'in-progress']]) {
    await send(code, 'E-1');
    assert.equal(await status('E-1'), after, code);
  }
  await send('A03', 'E-1', { to: '20260105' });
  await send('A08', 'E-1');  // which does not speak of the discharge
  assert.equal((await encounter('E-1')).period.end, '2026-01-05');
  await send('A13', 'E-1');
  assert.deepEqual([await status('E-1'), (await encounter('E-1')).period.end], ['in-progress', undefined]);
  await send('A05', 'E-2', { kind: 'P' });
  await send('A01', 'E-2');
  await send('A02', 'E-2', { place: 'W9^1^1^H' });
  await send('A11', 'E-2');
  assert.equal(await status('E-2'), 'planned');
  await send('A38', 'E-2');
  assert.equal(await status('E-2'), 'cancelled');
  await send('A11', 'E-3');
  assert.equal(JSON.parse((await ask('GET', `${server.base}/Encounter?identifier=E-3`)).text).total, 0, 'nothing was there to cancel');
  await send('Z99', 'E-1', { place: 'OLD^1^1^H', doctor: 'D9^OLD^DOCTOR', service: 'SUR', kind: 'O', from: '20260101' }, 'ZBE|1|20260101||UPDATE|Y|A01\r');
  const kept = await encounter('E-1');
  assert.deepEqual([kept.location[0].location.display, kept.participant[0].individual.display, kept.serviceType.coding[0].code, kept.class.code, kept.period.start],
    ['W1 101 A H', 'HOUSE, GREGORY', 'MED', 'IMP', '2026-01-01']);
  await send('Z99', 'E-1', { place: 'NEW^1^1^H' }, 'ZBE|2|20260102||UPDATE|N|A02\r');
  assert.equal((await encounter('E-1')).location[0].location.display, 'NEW 1 1 H');
});

test('ITI-22: a visit is shown with what its person is called in the domains asked for, also by another record', async () => {
  await event('A01', 'ASK1^^^A', 'ASKED^VISIT', visit('ASKED-1^^^VISITS', { place: 'ASK^1^1^H' }));
  await client.send(`${msh('ADT^A28')}EVN|A28|20260101\rPID|||ASK2^^^B||ASKED^OTHERWISE\r`);
  await client.send(`${msh('ADT^A24')}EVN|A24|20260101\rPID|||ASK1^^^A\rPID|||ASK2^^^B\r`);
  const answer = await query('@PV1.3.1^ASK', { asked: '^^^B' });
  assert.deepEqual([numbers(answer), field(answer, 'PID', 3)], [['ASKED-1'], 'ASK2^^^B&1.2.3.2&ISO']);
});

test('visits of a merged patient are the survivor\'s, through every door, until the merge is taken back', async () => {
  const patient = async (value) => JSON.parse((await ask('GET', `${server.base}/Patient?identifier=urn:oid:1.2.3.1|${value}`)).text).entry.map(({ resource }) => resource);
  const merge = (survivor, subsumed) => client.send(`${msh('ADT^A40^ADT_A39')}EVN|A40|20260101\rPID|||${survivor}^^^A\rMRG|${subsumed}^^^A\r`);
  const ids = {};
  for (const value of ['M1', 'M2', 'M3']) {
    await event('A01', `${value}^^^A`, `MERGER^${value}`, visit(`VISIT-${value}^^^VISITS`));
    ids[value] = (await patient(value))[0].id;
  }
  const of = async (value) => (JSON.parse((await ask('GET', `${server.base}/Encounter?patient=${ids[value]}`)).text).entry ?? [])
    .map(({ resource }) => resource.identifier[0].value).sort();
  assert.deepEqual(await of('M1'), ['VISIT-M1']);
  for (const [survivor, subsumed] of [['M2', 'M1'], ['M3', 'M2']]) assert.equal(field(await merge(survivor, subsumed), 'MSA', 1), 'AA');
  assert.deepEqual([await of('M1'), await of('M2'), await of('M3')], [[], [], ['VISIT-M1', 'VISIT-M2', 'VISIT-M3']]);
  assert.deepEqual(await find('@PID.3.1^M1~@PID.3.4.1^A'), ['VISIT-M1', 'VISIT-M2', 'VISIT-M3']);
  await event('A03', 'M1^^^A', 'MERGER^M1', visit('VISIT-M1^^^VISITS', { to: '20260106' }));  // goes on under the old number
  assert.equal((await encounter('VISIT-M1')).status, 'finished');

  const unmerge = async (value) => {
    const { link, ...stored } = JSON.parse((await ask('GET', `${server.base}/Patient/${ids[value]}`)).text);
    const left = link.filter(({ type }) => type !== 'replaced-by');
    const answer = await ask('PUT', `${server.base}/Patient/${ids[value]}`, JSON.stringify({ ...stored, active: true, ...(left.length ? { link: left } : {}) }));
    assert.equal(answer.status, 200, answer.text);
  };
  await unmerge('M2');
  assert.deepEqual([await of('M1'), await of('M2'), await of('M3')], [[], ['VISIT-M1', 'VISIT-M2'], ['VISIT-M3']]);
  await unmerge('M1');
  assert.deepEqual([await of('M1'), await of('M2'), await of('M3')], [['VISIT-M1'], ['VISIT-M2'], ['VISIT-M3']]);
  assert.equal((await encounter('VISIT-M1')).subject.extension, undefined);
});

test('labels that a visit was given stay when it is told of again and when it moves with its patient', async () => {
  for (const n of [1, 2]) await event('A01', `LBL${n}^^^A`, 'FABER^LIA', visit(`LBL${n}^^^VISITS`));
  const { id } = await encounter('LBL2');
  const label = { system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' };
  const given = await ask('POST', `${server.base}/Encounter/${id}/$meta-add`, JSON.stringify(
    { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: { security: [label] } }] }));
  assert.equal(given.status, 200, given.text);
  await event('A02', 'LBL2^^^A', 'FABER^LIA', visit('LBL2^^^VISITS', { place: 'W9^1^A^H' }));
  assert.deepEqual((await encounter('LBL2')).meta.security, [label]);
  const answer = await client.send(`${msh('ADT^A40')}EVN|A40|20260101\rPID|||LBL1^^^A\rMRG|LBL2^^^A\r`);
  assert.equal(field(answer, 'MSA', 1), 'AA', answer);
  assert.deepEqual((await encounter('LBL2')).meta.security, [label]);
});

test('A44 moves an account with its visits to the patient whose they are', async () => {
  const admit = (patient, number, account) => client.send(`${msh('ADT^A01')}EVN|A01|20260101\rPID|||${patient}^^^A||PAYER^P||19700101|F||||||||||${account}\rPV1|1|${visit(`${number}^^^VISITS`)}\r`);
  await admit('P1', 'PAID-1', 'ACC1^^^A');
  await admit('P1', 'PAID-2', 'ACC2^^^A');
  await event('A01', 'P2^^^A', 'PAYER^Q', visit('PAID-3^^^VISITS'));
  const of = (patient) => find(`@PID.3.1^${patient}~@PID.3.4.1^A`);
  assert.deepEqual([await of('P1'), await of('P2')], [['PAID-1', 'PAID-2'], ['PAID-3']]);
  const move = (more) => client.send(`${msh('ADT^A44^ADT_A43')}EVN|A44|20260101\r${more}`);
  assert.equal(field(await move('PID|||P2^^^A|||||||||||||||ACC9^^^A\rMRG|P1^^^A||ACC1^^^A\r'), 'MSA', 1), 'AA');
  assert.deepEqual([await of('P1'), await of('P2')], [['PAID-2'], ['PAID-1', 'PAID-3']]);
  assert.equal((await encounter('PAID-1')).account[0].identifier.value, 'ACC9');
  assert.equal(field(await move('PID|||P2^^^A\rMRG|P1^^^A||ACC2^^^A\r'), 'MSA', 1), 'AA');
  assert.deepEqual([await of('P1'), await of('P2')], [[], ['PAID-1', 'PAID-2', 'PAID-3']]);
  const payers = JSON.parse((await ask('GET', `${server.base}/Patient?identifier=urn:oid:1.2.3.1|ACC2`)).text).entry;
  assert.deepEqual(payers.map(({ resource }) => resource.identifier.map(({ value }) => value)), [['P2', 'ACC2']]);
  for (const [more, error] of [['PID|||P2^^^A\rMRG|P1^^^A||ACC1^^^A\r', 'MRG^1^3 204'], ['PID|||P2^^^A\rMRG|P1^^^A\r', 'MRG^1^3 101'],
    ['PID|||NOBODY^^^A\rMRG|P1^^^A||ACC2^^^A\r', 'PID^1^3 204'], ['PID|||P2^^^A\r', 'MRG^1 100']])
    assert.deepEqual(errors(await move(more)), [error]);
});

test('A43 moves an identifier with the visits that were told of under it to the patient whose they are', async () => {
  await event('A01', 'X1^^^A~L1^^^B', 'MOVER^M', visit('LOCAL-1^^^VISITS'));
  await event('A01', 'X1^^^A', 'MOVER^M', visit('STAYS-1^^^VISITS'));
  await event('A01', 'X2^^^A', 'MOVER^N', visit('OTHER-1^^^VISITS'));
  const of = (patient) => find(`@PID.3.1^${patient}~@PID.3.4.1^A`);
  assert.deepEqual([await of('X1'), await of('X2')], [['LOCAL-1', 'STAYS-1'], ['OTHER-1']]);
  const move = (to, from) => client.send(`${msh('ADT^A43^ADT_A43')}EVN|A43|20260101\rPID|||${to}^^^A~L1^^^B\rMRG|${from}^^^A~L1^^^B\r`);
  assert.equal(field(await move('X2', 'X1'), 'MSA', 1), 'AA');
  assert.deepEqual([await of('X1'), await of('X2')], [['STAYS-1'], ['LOCAL-1', 'OTHER-1']]);
  await event('A03', 'L1^^^B', 'MOVER^N', visit('LOCAL-1^^^VISITS', { to: '20260106' }));  // it goes on with the new patient
  assert.deepEqual([await of('X1'), await of('X2'), (await encounter('LOCAL-1')).status], [['STAYS-1'], ['LOCAL-1', 'OTHER-1'], 'finished']);
  assert.equal(field(await move('X1', 'X2'), 'MSA', 1), 'AA');
  assert.deepEqual([await of('X1'), await of('X2')], [['LOCAL-1', 'STAYS-1'], ['OTHER-1']], 'back again');
});

test('ITI-22 refuses unknown fields and domains, and says where', async () => {
  assert.deepEqual(errors(await query('@PV1.50^X')), ['QPD^1^3^1 204']);
  assert.deepEqual(errors(await query('@PV1.3.1^ICU~@XXX.1^X')), ['QPD^1^3^2 204']);
  assert.deepEqual(errors(await query('@PV1.3.1^ICU', { asked: '^^^NOWHERE' })), ['QPD^1^8^1 204']);
  assert.deepEqual(errors(await query('')), ['QPD^1^3 101']);
  const of_21 = await client.send(`${msh('QBP^Q22^QBP_Q21')}QPD|IHE PDQ Query|T|@PV1.3.1^ICU\rRCP|I\r`);
  assert.deepEqual(errors(of_21), ['QPD^1^3^1 204']);  // fields of PV1 are ITI-22's
});
