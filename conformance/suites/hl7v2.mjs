// HL7 v2 over MLLP: the OHIE-CR scenarios of patient identity, each on a server of its own; and messages of many types:
// AA for what a transaction takes, AR with code 200 or 201 for others, and the patient as it was told.
// Messages that a transaction must refuse stand in hl7v2_refused.json with the clause that they break.
import { readFileSync, readdirSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, field, segments } from '../mllp.mjs';
import { ask, start } from '../server.mjs';

export const folder = 'hl7v2';

const refused = JSON.parse(readFileSync(new URL('./hl7v2_refused.json', import.meta.url), 'utf8'));
const code = (answer) => field(answer, 'MSA', 1);
const accepted = (answer) => (code(answer) === 'AA' ? null : `answered ${answer}`);
const rejected = (answer) => (/^A[ER]$/.test(code(answer)) ? null : `answered ${answer}`);
const finds = (...values) => (answer) => {
  const wrong = accepted(answer);
  if (wrong) return wrong;
  const pids = segments(answer, 'PID');
  const found = values.every((value) => pids.some((pid) => pid.split('|')[3].includes(value)));
  return found && (values.length > 0 || field(answer, 'QAK', 2) === 'OK') ? null : `answered ${answer}`;
};

// What OpenHIE's client registry tests expect of each message, in the order of the scenarios.
const scenarios = [
  [['OHIE-CR-01-10', rejected]],
  [['OHIE-CR-02-10', accepted], ['OHIE-CR-02-20', accepted], ['OHIE-CR-02-30', accepted], ['OHIE-CR-02-40', accepted]],
  [['OHIE-CR-04-20', accepted], ['OHIE-CR-04-30', rejected]],
  [['OHIE-CR-07-10', accepted], ['OHIE-CR-07-20', accepted], ['OHIE-CR-07-30', accepted], ['OHIE-CR-07-40', finds('RJ-440')]],
  [['OHIE-CR-13-10', accepted], ['OHIE-CR-13-15', accepted], ['OHIE-CR-13-20', finds('RJ-440')], ['OHIE-CR-13-30', finds('RJ-440')]],
];
const domains = [
  { name: 'TEST', oid: '2.16.840.1.113883.3.72.5.9.1', feeders: ['TEST_HARNESS|TEST'] },
  { name: 'TEST_A', oid: '2.16.840.1.113883.3.72.5.9.2', feeders: ['TEST_HARNESS_A|TEST'] },
  { name: 'TEST_B', oid: '2.16.840.1.113883.3.72.5.9.3', feeders: ['TEST_HARNESS_B|TEST'] },
];

async function* scenario(steps, dir, flags) {
  const server = await start({ flags });
  const client = connect(server.mllp);
  try {
    for (const [id, judge] of steps) {
      const message = readFileSync(join(dir, 'openhie-cr-pixpdq', `${id}.txt`));
      const reason = judge(await client.send(message));
      yield { id, pass: reason === null, reason };
    }
  } finally {
    client.close();
    await server.stop();
  }
}

// The core of the patient that another converter makes of the same message.
function core(patient) {
  const name = patient.name?.find((one) => one.family) ?? {};
  return JSON.stringify([name.family?.toLowerCase(), name.given?.[0]?.toLowerCase(), patient.birthDate, patient.gender]);
}

async function* messages(dir) {
  const server = await start({ flags: ['--mllp', '127.0.0.1:0', '--accept-unknown-domains'] });
  const client = connect(server.mllp);
  try {
    for (const file of readdirSync(join(dir, 'msconv')).sort()) {
      const id = `msconv/${file}`;
      const bytes = readFileSync(join(dir, 'msconv', file));
      const answer = await client.send(bytes);
      const type = field(bytes.toString('utf8').replace(/[\r\n]+/g, '\r').replace(/^\uFEFF/, ''), 'MSH', 9);
      if (code(answer) === 'AR' && /(\||\^)20[01](\^|&)/.test(answer)) {
        const pass = !/^ADT/.test(type) || id in refused;
        yield { id, pass, reason: pass ? refused[id] : `${type} is not taken: ${answer}` };
        continue;
      }
      if (refused[id]) { yield { id, pass: rejected(answer) === null, reason: refused[id] }; continue; }
      const wrong = accepted(answer);
      if (wrong) { yield { id, pass: false, reason: wrong }; continue; }
      yield { id, ...await told(server, bytes.toString(), join(dir, 'msconv-expected-fhir', file.replace('.hl7', '-expected.json'))) };
    }
  } finally {
    client.close();
    await server.stop();
  }
}

async function told(server, message, expected) {
  let bundle;
  try { bundle = JSON.parse(readFileSync(expected, 'utf8')); } catch { return { pass: true, reason: null }; }
  const wanted = bundle.entry.map(({ resource }) => resource).find(({ resourceType }) => resourceType === 'Patient');
  const value = /^PID\|[^|]*\|[^|]*\|([^|^~]*)/m.exec(message.replace(/\r/g, '\n'))[1];
  const url = `${server.base}/Patient?identifier=${encodeURIComponent(value)}`;
  const stored = (JSON.parse((await ask('GET', url)).text).entry ?? []).map(({ resource }) => core(resource));
  const pass = stored.includes(core(wanted));
  return { pass, reason: pass ? null : `told ${core(wanted)}, stored ${stored}` };
}

export async function* cases(dir) {
  const place = mkdtempSync(join(tmpdir(), 'alzette-domains-'));
  const file = join(place, 'domains.json');
  writeFileSync(file, JSON.stringify(domains));
  try {
    for (const steps of scenarios) yield* scenario(steps, dir, ['--mllp', '127.0.0.1:0', '--domains', file]);
    yield* messages(dir);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
