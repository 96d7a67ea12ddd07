// HL7 v2 over MLLP and TLS: an independent client, npm node-hl7-client, feeds and merges a patient; pipelining, slow and
// broken peers, replay after kill -9, the same answer through ITI-9, ITI-21 and FHIR, audit records.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import tls from 'node:tls';
import { Client, Message } from 'node-hl7-client';
import { connect, field, segments } from '../../conformance/mllp.mjs';
import { ask, start } from '../../conformance/server.mjs';

const folder = mkdtempSync(join(tmpdir(), 'alzette-hl7v2-'));
const domains = join(folder, 'domains.json');
const cert = join(folder, 'cert.pem');
const key = join(folder, 'key.pem');
let server;
let client;

before(async () => {
  writeFileSync(domains, JSON.stringify([
    { name: 'A', oid: '1.2.3.1' }, { name: 'B', oid: '1.2.3.2' }, { name: 'C', oid: '1.2.3.3', feeders: ['OTHER|PLACE'] },
    { name: 'W', oid: '1.2.3.4', check: 'warn' }]));
  const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert,
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2']);
  assert.equal(made.status, 0);
  server = await start({ flags: ['--mllp', '127.0.0.1:0', '--mllps', '127.0.0.1:0', '--cert', cert, '--key', key,
    '--client-ca', cert, '--domains', domains] });
  client = connect(server.mllp);
});
after(async () => {
  client.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

let counter = 0;
const msh = (type, version = '2.5') =>
  `MSH|^~\\&|APP|HOSPITAL|ALZETTE|LU|20260101||${type}|M${++counter}|P|${version}`;
const adt = (event, pid, more = '') =>
  `${msh(`ADT^${event}`, '2.3.1')}\rEVN|${event}|20260101\rPID|||${pid}${more}\r`;
const pix = (id, targets = '') => `${msh('QBP^Q23^QBP_Q21')}\rQPD|IHE PIX Query|T${counter}|${id}|${targets}\rRCP|I\r`;
const pdq = (parameters, { domains: asked = '', count = '', pointer = '' } = {}) =>
  `${msh('QBP^Q22^QBP_Q21')}\rQPD|IHE PDQ Query|T${counter}|${parameters}|||||${asked}\rRCP|I|${count}\r` +
  (pointer ? `DSC|${pointer}|I\r` : '');
const ids = (answer) => segments(answer, 'PID').map((pid) => pid.split('|')[3]);
const accept = async (message) => {
  const answer = await client.send(message);
  assert.equal(field(answer, 'MSA', 1), 'AA', answer);
  return answer;
};
// The audit records of these messages, in their order: that of a question or a refusal comes some milliseconds behind its
// answer, so the count is waited for.
const records = async (count, ...messages) => {
  for (;;) {
    const { entry = [] } = JSON.parse((await ask('GET', `${server.base}/AuditEvent?_count=1000`)).text);
    const found = messages.flatMap((message) => entry.map(({ resource }) => resource)
      .filter(({ entity = [] }) => entity.some(({ what }) => what?.identifier?.value === field(message, 'MSH', 10))));
    assert.ok(found.length <= count, 'one record for each message');
    if (found.length === count) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
const errors = (answer) => segments(answer, 'ERR').map((err) => `${err.split('|')[2]} ${err.split('|')[3].split('^')[0]}`);

// Sends one message through the independent client and gives what it understood of the answer.
async function independent(address, text, tls) {
  const [host, port] = address.split(':');
  const outer = new Client({ host, tls });
  try {
    return await new Promise((resolve, reject) => {
      const connection = outer.createConnection({ port: Number(port) }, (answer) => resolve(answer.getMessage()));
      connection.on('error', reject);
      connection.sendMessage(new Message({ text: text.trim() })).catch(reject);
    });
  } finally {
    outer.closeAll?.();
  }
}

test('an independent client feeds, asks and merges by MLLP and by TLS with its certificate', async () => {
  const fed = await independent(server.mllp, adt('A01', 'I1^^^A&1.2.3.1&ISO~J1^^^B', '||MÜLLER^ZOË||19700228|F'));
  assert.equal(fed.get('MSA.1').toString(), 'AA');
  const tls = { ca: readFileSync(cert), cert: readFileSync(cert), key: readFileSync(key), rejectUnauthorized: false };
  const asked = await independent(server.mllps, pix('I1^^^A'), tls);
  assert.equal(asked.get('QAK.2').toString(), 'OK');
  assert.match(asked.toString(), /PID\|\|\|J1\^\^\^B&1\.2\.3\.2&ISO/);
  const stranger = connect(server.mllps, { rejectUnauthorized: false });
  await assert.rejects(stranger.send(pix('I1^^^A')));
});

test('ITI-8, ITI-9: a feed, its cross-reference, and the places of what is unknown', async () => {
  await accept(adt('A01', '1^^^A~1893120105732^^^&1.3.182.4.4&ISO', '||WEBER^ANNE||19700228|F'));
  await accept(adt('A04', '7^^^&1.2.3.2&ISO~18931201057^^^&1.3.182.4.4&ISO', '||WEBER^ANNE||19700228|F'));
  const answer = await client.send(pix('1^^^A', '^^^B'));
  assert.equal(field(answer, 'MSH', 9), 'RSP^K23^RSP_K23');
  assert.equal(field(answer, 'QAK', 2), 'OK');
  assert.deepEqual(ids(answer), ['7^^^B&1.2.3.2&ISO']);
  assert.equal(segments(answer, 'PID')[0].split('|')[5], '~^^^^^^S');
  const none = await client.send(pix('1^^^A', '^^^C'));
  assert.deepEqual([field(none, 'MSA', 1), field(none, 'QAK', 2), segments(none, 'PID').length], ['AA', 'NF', 0]);
  const cases = [[pix('9^^^A'), ['QPD^1^3^1^1 204']], [pix('9^^^X'), ['QPD^1^3^1^4 204']],
    [pix('1^^^A', '^^^B~^^^X~^^^&9.9&ISO'), ['QPD^1^4^2 204', 'QPD^1^4^3 204']]];
  for (const [query, wanted] of cases) {
    const refused = await client.send(query);
    assert.deepEqual([field(refused, 'MSA', 1), field(refused, 'QAK', 2), errors(refused)], ['AE', 'AE', wanted]);
    assert.ok(segments(refused, 'QPD').length === 1);
  }
});

test('ITI-8 refuses unknown and foreign domains, wrong numbers and dates, and says where', async () => {
  const cases = [['1', 'PID^1^3^101'], ['1^^^X', 'PID^1^3^204'], ['1^^^C', 'PID^1^3^204'], ['', 'PID^1^3^101'],
    ['1893120105733^^^&1.3.182.4.4&ISO', 'PID^1^3^102'], ['5^^^A||X^Y||19700230|F', 'PID^1^7^102'],
    ['5^^^A||X^Y||19700228|Q', 'PID^1^8^103']];
  for (const [pid, place] of cases) {
    const answer = await client.send(adt('A01', pid));
    assert.equal(field(answer, 'MSA', 1), 'AE', pid);
    assert.ok(field(answer, 'ERR', 1).startsWith(place), `${pid}: ${field(answer, 'ERR', 1)}`);
  }
  const other = await client.send(`${msh('ORU^R01')}\rPID|||1^^^A\r`);
  assert.deepEqual([field(other, 'MSA', 1), errors(other)], ['AR', ['MSH^1^9^1^1 200']]);
});

test('a number that is suspect in a domain that warns is taken, with a warning, the same again', async () => {
  const message = adt('A01', '1985022912324^^^W', '||SUSPECT^S').replace('|2.3.1\r', '|2.5\r');
  const answer = await accept(message);
  assert.deepEqual([2, 3, 4].map((n) => field(answer, 'ERR', n).split('^')[0]), ['PID', '102', 'W']);
  assert.equal(await accept(message), answer);
  const { entry } = JSON.parse((await ask('GET', `${server.base}/AuditEvent?patient.family=suspect&_count=100`)).text);
  assert.equal(entry.filter(({ resource }) => /national number/.test(resource.outcomeDesc)).length, 1);
  assert.equal(segments(await accept(adt('A01', '1893120105732^^^W', '||GOOD^G')), 'ERR').length, 0);
});

test('ITI-8 A40: the subsumed identifier leads to the survivor through every door', async () => {
  await accept(adt('A01', 'S1^^^A~S7^^^B', '||KLEIN^TOM||19600101|M'));
  await accept(adt('A01', 'S2^^^A', '||KLEIN^THOMAS||19600101|M'));
  const merge = `${adt('A40', 'S1^^^A')}MRG|S2^^^A\r`;
  const first = await accept(merge);
  assert.equal(await client.send(merge), first, 'a replay gets the same answer');
  const again = await client.send(`${adt('A40', 'S1^^^A')}MRG|S2^^^A\r`);
  assert.equal(field(again, 'MSA', 1), 'AE');
  assert.deepEqual(ids(await client.send(pix('S2^^^A', '^^^B'))), ['S7^^^B&1.2.3.2&ISO']);
  assert.deepEqual(ids(await client.send(pix('S7^^^B', '^^^A'))), ['S1^^^A&1.2.3.1&ISO']);
  const found = await client.send(pdq('@PID.3.1^S2~@PID.3.4.1^A'));
  assert.deepEqual(ids(found), ['S1^^^A&1.2.3.1&ISO~S7^^^B&1.2.3.2&ISO']);
  const url = `${server.base}/Patient?identifier=urn:oid:1.2.3.1|S2&active:not=false`;
  const bundle = JSON.parse((await ask('GET', url)).text);
  assert.deepEqual(bundle.entry.map(({ resource }) => resource.name[0].given[0]), ['TOM']);
  assert.equal(field(await client.send(`${adt('A08', 'S1^^^A', '||KLEIN^TOM')}PID|||S7^^^B||OTHER^ONE\r`), 'MSA', 1), 'AE', 'who is meant?');
  // Nothing can be said of the patient under it any more, and what is said with it leaves the survivor its own.
  const late = await client.send(adt('A08', 'S2^^^A', '||STALE^NAME||19600101|M'));
  assert.equal(field(late, 'MSA', 1), 'AE');
  assert.match(late, /ERR\|PID\^1\^3\^204/);
  await accept(adt('A08', 'S2^^^A~S1^^^A', '||KLEIN^TOMMY||19600101|M'));
  assert.deepEqual(ids(await client.send(pdq('@PID.3.1^S2~@PID.3.4.1^A'))), ['S1^^^A&1.2.3.1&ISO~S7^^^B&1.2.3.2&ISO']);
  assert.deepEqual(ids(await client.send(pix('S2^^^A', '^^^A'))), ['S1^^^A&1.2.3.1&ISO']);
});

test('ITI-8 A40: the two are told by the domain of MRG-1, and are one in that domain', async () => {
  await accept(adt('A01', 'D1^^^A~D7^^^B', '||KLEIN^TOM'));
  await accept(adt('A01', 'D2^^^A~D8^^^B', '||KLEIN^TOM'));
  await accept(adt('A01', 'D3^^^A~D9^^^B', '||KLEIN^TOM'));
  await accept(`${adt('A40', 'D7^^^B~D1^^^A')}MRG|D2^^^A\r`);
  assert.deepEqual(ids(await client.send(pix('D1^^^A', '^^^B'))), ['D7^^^B&1.2.3.2&ISO~D8^^^B&1.2.3.2&ISO']);
  await accept(adt('A08', 'D8^^^B', '||KLEIN^THOMAS'));
  await accept(`${adt('A40', 'D7^^^B~D1^^^A')}MRG|D3^^^A~D9^^^B\r`);
  assert.deepEqual(ids(await client.send(pix('D1^^^A', '^^^B'))).join().split('~').sort(), ['D7^^^B&1.2.3.2&ISO', 'D8^^^B&1.2.3.2&ISO']);
});

test('ITI-8 A40: a number of no domain, or of the national one, in MRG-1 makes the merge none of every domain', async () => {
  for (const [n, beside] of ['77', '1970010100101^^^&1.3.182.4.4&ISO'].entries()) {
    await accept(adt('A01', `BESIDE${n}1^^^A~BESIDE${n}7^^^B`, '||KLEIN^EVA'));
    await accept(adt('A01', `BESIDE${n}2^^^A~BESIDE${n}8^^^B`, '||KLEIN^EVA'));
    await accept(`${adt('A40', `BESIDE${n}1^^^A`)}MRG|BESIDE${n}2^^^A~${beside}\r`);
    assert.deepEqual(ids(await client.send(pix(`BESIDE${n}1^^^A`, '^^^B'))), [`BESIDE${n}7^^^B&1.2.3.2&ISO~BESIDE${n}8^^^B&1.2.3.2&ISO`]);
  }
});

test('ITI-8 A40: the merge is of the domains that PID-3 and MRG-1 both name', async () => {
  for (const n of [1, 2, 3]) await accept(adt('A01', `DOM${n}^^^A~DOM${n}^^^B~DOM${n}^^^W`, '||KLEIN^ANN'));
  const in_domain = async (domain) => ids(await client.send(pix('DOM1^^^A', `^^^${domain}`))).join().split('~').map((id) => id.split('^')[0]).sort();
  await accept(`${adt('A40', 'DOM1^^^A')}MRG|DOM2^^^A~DOM2^^^B\r`);
  assert.deepEqual([await in_domain('B'), await in_domain('W')], [['DOM1', 'DOM2'], ['DOM1', 'DOM2']]);
  await accept(`${adt('A40', 'DOM1^^^W~DOM1^^^B')}MRG|DOM3^^^A~DOM3^^^B~DOM3^^^W\r`);
  assert.deepEqual([await in_domain('B'), await in_domain('W')], [['DOM1', 'DOM2'], ['DOM1', 'DOM2']]);
  assert.deepEqual(ids(await client.send(pix('DOM3^^^B', '^^^A'))).join().match(/DOM\d/g).sort(), ['DOM1', 'DOM3']);
  const own = `${adt('A40', 'DOM1^^^B~X^^^C')}MRG|DOM2^^^B~Y^^^C\r`.replace('|2.3.1', '|2.5');
  assert.deepEqual(errors(await client.send(own)), ['PID^1^3 204'], 'C is not fed by this application');
  await accept(own.replace('~X^^^C', '').replace(/\|M\d+\|/, '|own|'));
  assert.deepEqual([await in_domain('B'), await in_domain('W')], [['DOM1'], ['DOM1', 'DOM2']]);
});

test('ITI-8 A40: what both patients are called, what names nobody, and a number of no domain are passed over', async () => {
  for (const n of [1, 2]) await accept(adt('A01', `SHARED${n}^^^A`, '||KLEIN^IDA'));
  await accept(`${adt('A40', 'SHARED^^^W~77~SHARED1^^^A~2^^^NOWHERE')}MRG|SHARED^^^W~SHARED2^^^A~3^^^NOWHERE\r`);
  assert.deepEqual(ids(await client.send(pix('SHARED2^^^A', '^^^A'))), ['SHARED1^^^A&1.2.3.1&ISO']);
  for (const n of [3, 4]) await accept(adt('A01', `SHARED${n}^^^A`, '||KLEIN^LEA'));
  await accept(`${adt('A40', '77~SHARED3^^^A')}MRG|SHARED4^^^A\r`);
  assert.equal(field(await client.send(`${adt('A40', 'SHARED3^^^A')}MRG|SHARED3^^^A\r`), 'MSA', 1), 'AE');
});

test('ITI-21: fields, wildcards, domains, continuation, cancel', async () => {
  for (let n = 0; n < 5; n++)
    await accept(adt('A28', `P${n}^^^A${n % 2 ? `~Q${n}^^^B` : ''}`, `||Lëfèvre^Paul${n}||19800${n + 1}01|M|||1 Rue^^Esch^^4000^LU`));
  const all = await client.send(pdq('@PID.5.1.1^LEFEVRE~@PID.8^M'));
  assert.equal(segments(all, 'PID').length, 5);
  assert.equal(field(all, 'MSH', 9), 'RSP^K22^RSP_K21');
  assert.equal(segments((await client.send(pdq('@PID.5.1^LEFE*~@PID.11.3^esch~@PID.7^19800201'))), 'PID').length, 1);
  assert.equal(segments((await client.send(pdq('@PID.5.1^LEFE'))), 'PID').length, 0);
  const inB = await client.send(pdq('@PID.5.1.1^LEFEVRE', { domains: '^^^B' }));
  assert.deepEqual(ids(inB).sort(), ['Q1^^^B&1.2.3.2&ISO', 'Q3^^^B&1.2.3.2&ISO']);
  assert.deepEqual(errors(await client.send(pdq('@PID.5.1.1^LEFEVRE', { domains: '^^^B~^^^X' }))), ['QPD^1^8^2 204']);
  assert.equal(field(await client.send(pdq('@PID.99^X')), 'MSA', 1), 'AE');
  assert.deepEqual([field(await client.send(pdq('@PID.5.1.1^NOBODY')), 'QAK', 2)], ['NF']);
  const seen = [];
  for (let pointer = '', left = 5; left > 0;) {
    const page = await client.send(pdq('@PID.5.1.1^LEFEVRE', { count: '2^RD', pointer }));
    assert.equal(field(page, 'QAK', 4), '5');
    seen.push(...ids(page));
    left = Number(field(page, 'QAK', 6));
    pointer = field(page, 'DSC', 1);
    assert.equal(pointer === '', left === 0);
  }
  assert.equal(new Set(seen).size, 5);
  const cancel = await client.send(`${msh('QCN^J01')}\rQID|T1|IHE PDQ Query\r`);
  assert.equal(field(cancel, 'MSA', 1), 'AA');
});

test('ITI-21: a pointer leads into the answer that it came from, until the query is cancelled', async () => {
  for (let n = 0; n < 3; n++) await accept(adt('A28', `PAGE${n}^^^A`, `||PAGER^P${n}||19700101|F`));
  const ask = (parameters, pointer) => client.send(pdq(parameters, { count: '1^RD', pointer }).replace(/\|T\d+\|/, '|PAGES|'));
  const pointer = field(await ask('@PID.5.1.1^PAGER'), 'DSC', 1);
  for (const [parameters, wrong] of [['@PID.5.1.1^PAGER', 'P1'], ['@PID.5.1.1^PAGER', `${pointer}0`], ['@PID.5.1.1^PAGER', pointer.split('.')[0]],
    ['@PID.5.1.1^PAGER~@PID.8^F', pointer]])
    assert.deepEqual(errors(await ask(parameters, wrong)), ['DSC^1^1 204'], wrong);
  for (let again = 0; again < 2; again++) assert.equal(field(await ask('@PID.5.1.1^PAGER', pointer), 'QAK', 6), '1');
  await accept(`${msh('QCN^J01^QCN_J01')}\rQID|PAGES|IHE PDQ Query\r`);
  assert.deepEqual(errors(await ask('@PID.5.1.1^PAGER', pointer)), ['DSC^1^1 204']);
  assert.equal(field(await ask('@PID.5.1.1^PAGER'), 'DSC', 1), pointer, 'asked anew');
  assert.equal(field(await ask('@PID.5.1.1^PAGER', pointer), 'QAK', 6), '1');
});

test('ITI-21: with domains, who answers to the query is told with all that the domains call the person', async () => {
  await accept(adt('A28', 'QPD1^^^A', '||DOMAINS^ASKED||19700101|F'));
  await accept(adt('A28', 'QPD2^^^B', '||OTHERWISE^NAMED||19700101|F'));
  await accept(adt('A28', 'QPD3^^^B', '||DOMAINS^STRANGER||19700101|F'));
  await accept(`${adt('A24', 'QPD1^^^A')}PID|||QPD2^^^B\r`);
  const told = async (domains) => segments(await client.send(pdq('@PID.5.1.1^DOMAINS~@PID.5.2^ASKED', { domains })), 'PID').map((pid) => [3, 5].map((n) => pid.split('|')[n]));
  assert.deepEqual(await told('^^^B'), [['QPD2^^^B&1.2.3.2&ISO', 'DOMAINS^ASKED']]);
  assert.deepEqual(await told('^^^A~^^^B'), [['QPD1^^^A&1.2.3.1&ISO~QPD2^^^B&1.2.3.2&ISO', 'DOMAINS^ASKED']]);
  assert.deepEqual(await told('^^^W'), []);
});

test('character sets, both ways', async () => {
  const latin = Buffer.from(`${msh('ADT^A01')}||||||8859/1\rPID|||L1^^^A||GÉRÔME^ZOË\r`, 'latin1');
  assert.equal(field(await client.send(latin, 'latin1'), 'MSA', 1), 'AA');
  const query = `${msh('QBP^Q22^QBP_Q21')}||||||8859/1\rQPD|Q|T|@PID.3.1^L1\rRCP|I\r`;
  assert.match(await client.send(query, 'latin1'), /GÉRÔME\^ZOË/);
  assert.match(await client.send(pdq('@PID.3.1^L1')), /GÉRÔME\^ZOË/);
});

test('messages in one packet, a message in many packets, junk and broken frames', async () => {
  const both = connect(server.mllp);
  const answers = await Promise.all([...Array(20).keys()].map((n) => both.send(adt('A01', `F${n}^^^A`, '||F^F'))));
  assert.deepEqual(answers.map((answer) => field(answer, 'MSA', 1)), Array(20).fill('AA'));
  assert.deepEqual(answers.map((answer) => Number(field(answer, 'MSA', 2).slice(1))).sort((a, b) => a - b),
    answers.map((answer) => Number(field(answer, 'MSA', 2).slice(1))), 'in order');
  both.socket.write('junk\r\n');
  assert.equal(field(await both.send(''), 'MSA', 1), 'AR');
  const slow = both.answer();
  both.socket.setNoDelay(true);
  for (const byte of `\x0b${adt('A01', 'F99^^^A', '||F^F')}\x1c\r`) {
    both.socket.write(byte);
    await new Promise(setImmediate);
  }
  assert.equal(field(await slow, 'MSA', 1), 'AA');
  both.close();
});

test('many senders that speak of one patient at once make one record, and all are taken', async () => {
  const senders = [...Array(8)].map(() => connect(server.mllp));
  const answers = await Promise.all(senders.flatMap((sender) =>
    [...Array(5).keys()].map((n) => sender.send(adt('A08', 'SAME^^^A', `||SAME^N${n}`)))));
  assert.ok(answers.every((answer) => field(answer, 'MSA', 1) === 'AA'));
  const found = JSON.parse((await ask('GET', `${server.base}/Patient?identifier=urn:oid:1.2.3.1|SAME`)).text);
  assert.equal(found.total, 1);
  for (const sender of senders) sender.close();
});

test('a batch is answered by a batch, each message judged by itself, and is not carried out twice', async () => {
  const first = adt('A01', 'BATCH1^^^A', '||BATCH^A');
  const bad = adt('A01', 'BATCH2^^^NOWHERE', '||BATCH^B');
  const quiet = `${msh('ADT^A01')}|||NE|ER\rPID|||BATCH3^^^A||BATCH^C\r`;
  const stranger = `${msh('ORU^R01')}\rPID|||BATCH1^^^A\r`;
  const question = pix('BATCH1^^^A', '^^^B');
  const batch = `BHS|^~\\&|APP|HOSPITAL|ALZETTE|LU|20260101||||B7\r${first}${bad}${quiet}${stranger}${question}BTS|5\r`;
  const answer = await client.send(batch);
  assert.match(answer, /^BHS\|\^~\\&\|ALZETTE\|LU\|APP\|HOSPITAL\|\|\|\|\|\|B7\rMSH.*\rBTS\|5\r$/s);
  assert.deepEqual(segments(answer, 'MSA').map((msa) => msa.split('|').slice(1, 3)),
    [['AA', field(first, 'MSH', 10)], ['AE', field(bad, 'MSH', 10)], ['AA', field(quiet, 'MSH', 10)],
      ['AR', field(stranger, 'MSH', 10)], ['AA', field(question, 'MSH', 10)]]);
  const versions = async () => JSON.parse((await ask('GET', `${server.base}/Patient?family=batch&_sort=identifier`)).text).entry
    .map(({ resource }) => `${resource.identifier[0].value} ${resource.meta.versionId}`);
  assert.deepEqual(await versions(), ['BATCH1 1', 'BATCH3 1']);
  const acknowledgement = (text) => text.split(/(?=MSH)/)[1];
  assert.equal(acknowledgement(await client.send(batch)), acknowledgement(answer), 'a replay gets the same answer');
  assert.deepEqual(await versions(), ['BATCH1 1', 'BATCH3 1']);
  const many = [...Array(500).keys()].map((n) => `${msh('ORU^R01')}\rPID|||${n}\r`);
  assert.equal(segments(await client.send(`FHS|^~\\&|A\rBHS|^~\\&|A\r${many.join('')}BTS|500\rFTS|1\r`), 'MSA').length, 500);
  const cut_off = await client.send(`BHS|^~\\&|APP\r${first}BTS|2\r`);
  assert.deepEqual([field(cut_off, 'MSA', 1), errors(cut_off)], ['AR', [' 100']]);
});

test('B100 frames without end, of any length, nested, floods of start blocks', async () => {
  const nested = connect(server.mllp);
  const refused = nested.send(`MSH|^~\\&|A\x0bMSH|^~\\&|B`);
  assert.equal(field(await refused, 'MSA', 1), 'AR');
  await new Promise((resolve) => nested.socket.once('close', resolve));
  const long = connect(server.mllp);
  long.socket.on('error', () => {});
  const answer = long.send(`MSH|^~\\&|${'x'.repeat(5 << 20)}`).catch((error) => error);
  assert.ok(await answer);
  const flood = connect(server.mllp);
  flood.socket.write('\x0b'.repeat(200_000));
  await new Promise((resolve) => flood.socket.once('close', resolve));
  await accept(adt('A01', 'AFTER^^^A', '||X^Y'));
});

test('ITI-10: a consumer is told of all identifiers of its domains, again until it accepts, and after a restart', async () => {
  const told = [];
  let answers = 0;
  const consumer = net.createServer((socket) => socket.on('data', (data) => {
    const message = data.toString('utf8').slice(1, -2);
    const code = ++answers === 1 ? 'AR' : 'AA';
    if (code === 'AA') told.push(message);
    socket.write(`\x0bMSH|^~\\&|C|C|ALZETTE|LU|20260101||ACK^A31^ACK|${answers}|P|2.5\rMSA|${code}|${field(message, 'MSH', 10)}\r\x1c\r`);
  }));
  await new Promise((resolve) => consumer.listen(0, '127.0.0.1', resolve));
  const consumers = join(folder, 'consumers.json');
  writeFileSync(consumers, JSON.stringify([
    { address: `127.0.0.1:${consumer.address().port}`, application: 'CLINIC', facility: 'F', domains: ['A', '1.2.3.2'] }]));
  const data = mkdtempSync(join(tmpdir(), 'alzette-iti10-'));
  const flags = ['--mllp', '127.0.0.1:0', '--domains', domains, '--pix-consumers', consumers];
  const until = async (count) => { while (told.length < count) await new Promise((resolve) => setTimeout(resolve, 5)); };
  try {
    const first = await start({ data, flags });
    const feeder = connect(first.mllp);
    await feeder.send(adt('A01', 'N1^^^A~1970010100101^^^&1.3.182.4.4&ISO', '||N^N'));
    await until(1);
    await feeder.send(adt('A01', 'N2^^^B~1970010100101^^^&1.3.182.4.4&ISO', '||N^N'));
    await until(2);
    await feeder.send(adt('A08', 'N2^^^B', '||N^M'));  // no identifier changes
    feeder.close();
    await first.stop();
    assert.equal(field(told[0], 'MSH', 9), 'ADT^A31^ADT_A05');
    assert.equal(segments(told[0], 'PID')[0].split('|')[5], ' ');
    assert.deepEqual(told.map((message) => field(message, 'PID', 3)),
      ['N1^^^A&1.2.3.1&ISO', 'N1^^^A&1.2.3.1&ISO~N2^^^B&1.2.3.2&ISO']);
    const second = await start({ data, flags });
    const again = connect(second.mllp);
    await again.send(adt('A01', 'N3^^^A~1970010100101^^^&1.3.182.4.4&ISO', '||N^N'));
    await until(3);
    assert.match(field(told[2], 'PID', 3), /N3\^\^\^A&1\.2\.3\.1&ISO/);
    // Links and their end are told of both patients, a merge of the survivor.
    const [a, b] = ['N4^^^A&1.2.3.1&ISO', 'N5^^^B&1.2.3.2&ISO'];
    const events = [[adt('A01', 'N4^^^A', '||N^N'), [a]], [adt('A01', 'N5^^^B', '||N^N'), [b]],
      [`${adt('A24', 'N4^^^A')}PID|||N5^^^B\r`, [`${a}~${b}`, `${a}~${b}`]], [`${adt('A37', 'N4^^^A')}PID|||N5^^^B\r`, [a, b]],
      [adt('A01', 'N6^^^A', '||N^N'), ['N6^^^A&1.2.3.1&ISO']], [`${adt('A40', 'N6^^^A')}MRG|N4^^^A\r`, ['N6^^^A&1.2.3.1&ISO']],
      // A number that was wrong: those who were found by it are told, too.
      [adt('A01', 'N7^^^A~1918090138700^^^&1.3.182.4.4&ISO', '||N^N'), ['N7^^^A&1.2.3.1&ISO']],
      [adt('A01', 'N8^^^B~1918090138700^^^&1.3.182.4.4&ISO', '||N^N'), ['N7^^^A&1.2.3.1&ISO~N8^^^B&1.2.3.2&ISO']],
      [adt('A08', 'N8^^^B~2012123177747^^^&1.3.182.4.4&ISO', '||N^N'), ['N7^^^A&1.2.3.1&ISO', 'N8^^^B&1.2.3.2&ISO']]];
    let count = 3;
    for (const [message, expected] of events) {
      assert.equal(field(await again.send(message), 'MSA', 1), 'AA', message);
      await until(count + expected.length);
      assert.deepEqual(told.slice(count).map((text) => field(text, 'PID', 3)).sort(), expected, message);
      count += expected.length;
    }
    for (const id of ['N9^^^A', 'NX^^^B']) await again.send(adt('A01', `${id}~1893120105732^^^&1.3.182.4.4&ISO`, '||N^N'));
    await until(count + 2);
    await ask('DELETE', `${second.base}/Patient?identifier=urn:oid:1.2.3.2%7CNX`);
    await until(count + 3);
    assert.deepEqual(told.slice(count + 1).map((text) => field(text, 'PID', 3)), ['N9^^^A&1.2.3.1&ISO~NX^^^B&1.2.3.2&ISO', 'N9^^^A&1.2.3.1&ISO']);
    count += 3;
    // Each that was acknowledged leaves an audit record.
    const recorded = async () => (JSON.parse((await ask('GET', `${second.base}/AuditEvent?subtype=ITI-10&_count=1000`)).text).entry ?? []).map(({ resource }) => resource);
    while ((await recorded()).length < count) await new Promise((resolve) => setTimeout(resolve, 20));
    const records = await recorded();
    assert.equal(records.length, count);
    const [first_told] = records.filter(({ entity }) => entity.some(({ what }) => what.identifier?.value === 'NX'));
    assert.deepEqual([first_told.type.code, first_told.action, first_told.outcome, first_told.agent.map(({ type, requestor }) => [type.coding[0].code, requestor])],
      ['110110', 'R', '0', [['110152', false], ['110153', true]]]);
    assert.deepEqual(first_told.entity.filter(({ role }) => role.code === '1').map(({ what }) => what.identifier.value), ['N9', 'NX']);
    again.close();
    await second.stop();
    assert.equal(told.length, count);
  } finally {
    consumer.close();
    rmSync(data, { recursive: true, force: true });
  }
});

test('B114 what a sender writes cannot keep a message from being recorded, nor drive a terminal', async () => {
  for (const [id, kept] of [['M\u001b[31m', 'M\\x1B[31m'], ['M\u0007\u007f${jndi:ldap://e}', 'M\\x07\\x7F${jndi:ldap://e}']])
    for (const [answer, pid] of [['AA', `B${counter++}^^^A||EVIL^E`], ['AE', '^^^A||EVIL^E']]) {
      const message = `MSH|^~\\&|APP\u0001|HOSPITAL|ALZETTE|LU|20260101||ADT^A28^ADT_A05|${id}${answer}|P|2.5\rEVN|A28\rPID|||${pid}\r`;
      assert.equal(field(await client.send(message), 'MSA', 1), answer);
      let found;
      do found = JSON.parse((await ask('GET', `${server.base}/AuditEvent?_count=1000`)).text).entry.map(({ resource }) => resource)
        .filter(({ entity = [] }) => entity.some(({ what }) => what?.identifier?.value === `${kept}${answer}`)); while (found.length < 1);
      assert.equal(found[0].agent[0].who.display, 'HOSPITAL|APP\\x01');
      assert.equal(found[0].outcome, answer === 'AA' ? '0' : '4');
    }
});

test('blanks are nothing: what is required is missing, what is optional is not there', async () => {
  for (const [message, place] of [
    [adt('A28', 'K1^^^A', '||K^K').replace(/\|M\d+\|P/, '|  |P'), 'MSH^1^10^101'], [adt('A28', '  ^^^A', '||K^K'), 'PID^1^3^101'], [adt('A28', 'K1^^^ ', '||K^K'), 'PID^1^3^101'],
    [`${adt('A40', 'K1^^^A')}MRG|  \r`, 'MRG^1^1^101']])
    assert.match(await client.send(message), new RegExp(`\rMSA\\|AE.*\rERR\\|${place.replaceAll('^', '\\^')}`, 's'), message);
  await accept(adt('A28', 'K2 ^^^A ~  ', '||  ^  '));
  assert.deepEqual(ids(await client.send(pix('K2^^^A', '  '))), []);
  assert.deepEqual(errors(await client.send(pix('K2^^^A', '  '))), []);
  assert.deepEqual(errors(await client.send(pix('  '))), ['QPD^1^3 101']);
  const [found] = JSON.parse((await ask('GET', `${server.base}/Patient?identifier=urn:oid:1.2.3.1|K2`)).text).entry;
  assert.equal(found.resource.name, undefined);
  assert.equal(found.resource.identifier.length, 1);
});

test('segments that a message has no room for are not passed over in silence', async () => {
  for (const id of ['J1^^^A', 'J2^^^B', 'J3^^^A', 'J4^^^W', 'J5^^^W~J6^^^A']) await accept(adt('A28', id, '||J^J'));
  const known = async () => (await client.send(pix('J6^^^A', '^^^W'))).includes('J5^^^W');
  for (const [message, place] of [
    [`${adt('A24', 'J1^^^A')}PID|||J2^^^B\rPID|||J3^^^A\r`, 'PID^3'], [`${adt('A37', 'J1^^^A')}PID|||J2^^^B\rPID|||J3^^^A\r`, 'PID^3'],
    [`${adt('A40', 'J1^^^A')}MRG|J3^^^A\rPID|||J2^^^B\r`, 'PID^2'], [`${adt('A47', 'J9^^^A')}MRG|J1^^^A\rPID|||J8^^^A\rMRG|J3^^^A\r`, 'PID^2'],
    [`${adt('A43', 'J4^^^W~J6^^^A')}MRG|J5^^^W\rPID|||J4^^^W~J3^^^A\rMRG|J5^^^W\r`, 'PID^2'], [`${adt('A43', 'J4^^^W~J6^^^A~J2^^^B')}MRG|J5^^^W\r`, 'PID^1^3'],
    [`${adt('A44', 'J1^^^A')}MRG|J3^^^A||X\rPID|||J2^^^B\rMRG|J3^^^A||X\r`, 'PID^2']]) {
    const answer = await client.send(message);
    assert.match(answer, new RegExp(`\rMSA\\|AE.*\rERR\\|${place.replaceAll('^', '\\^')}`, 's'), message);
  }
  assert.ok(await known());
  assert.deepEqual(ids(await client.send(pix('J1^^^A', '^^^A'))), []);
  await accept(`${adt('A43', 'J4^^^W~J6^^^A')}MRG|J5^^^W\r`);
  assert.ok(!await known());
});

test('a link to a patient who is merged holds for the survivor, and can be undone', async () => {
  for (const id of ['L1^^^A', 'L2^^^A', 'L3^^^B']) await accept(adt('A01', id, '||LINK^L'));
  const linked = (event) => `${adt(event, 'L1^^^A')}PID|||L3^^^B\r`;
  await accept(linked('A24'));
  await accept(`${adt('A40', 'L2^^^A')}MRG|L1^^^A\r`);
  assert.match(ids(await client.send(pix('L2^^^A', '^^^B')))[0], /^L3\^/);
  assert.match(ids(await client.send(pix('L3^^^B', '^^^A')))[0], /^L2\^/);
  await accept(`${adt('A37', 'L2^^^A')}PID|||L3^^^B\r`);
  assert.equal(field(await client.send(pix('L2^^^A', '^^^B')), 'QAK', 2), 'NF');
});

test('ITI-10 by TLS: a consumer whose certificate is trusted is told, another one is not', async () => {
  const told = [];
  const failed = [];
  const consumer = tls.createServer({ cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(cert), requestCert: true }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => {
      const message = data.toString('utf8').slice(1, -2);
      told.push(message);
      socket.write(`\x0bMSH|^~\\&|C|C|ALZETTE|LU|20260101||ACK^A31^ACK|1|P|2.5\rMSA|AA|${field(message, 'MSH', 10)}\r\x1c\r`);
    });
  });
  consumer.on('tlsClientError', (error) => failed.push(error));
  await new Promise((resolve) => consumer.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${consumer.address().port}`;
  const other = join(folder, 'other.pem');
  assert.equal(spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', join(folder, 'other.key'), '-out', other,
    '-subj', '/CN=other', '-days', '2']).status, 0);
  const consumers = join(folder, 'tls_consumers.json');
  const flags = ['--mllp', '127.0.0.1:0', '--domains', domains, '--pix-consumers', consumers, '--https', '127.0.0.1:0', '--cert', cert, '--key', key];
  const feed = async (ca, id, done) => {
    writeFileSync(consumers, JSON.stringify([{ address, ca, domains: ['A'] }]));
    const teller = await start({ flags });
    const feeder = connect(teller.mllp);
    await feeder.send(adt('A01', `${id}^^^A`, '||N^N'));
    while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
    feeder.close();
    await teller.stop();
  };
  try {
    await feed(cert, 'TLS1', () => told.length > 0);
    assert.match(field(told[0], 'PID', 3), /^TLS1\^/);
    const so_far = told.length;
    await feed(other, 'TLS2', () => failed.length > 0);
    assert.equal(told.length, so_far);
    writeFileSync(consumers, JSON.stringify([{ address, ca: join(folder, 'none.pem'), domains: ['A'] }]));
    await assert.rejects(start({ flags }));
  } finally {
    consumer.close();
  }
});

test('SIGTERM lets a message that has arrived be answered', async () => {
  const ending = await start({ flags: ['--mllp', '127.0.0.1:0', '--domains', domains] });
  const last = connect(ending.mllp);
  await last.send(adt('A01', 'END1^^^A', '||X^Y'));
  const answer = last.send(adt('A01', 'END2^^^A', '||X^Y'));
  await Promise.all([answer.then((text) => assert.equal(field(text, 'MSA', 1), 'AA')), ending.stop()]);
});

test('each message leaves one audit record, also when it is refused', async () => {
  const sent = [adt('A01', 'AUD1^^^A', '||X^Y'), pix('AUD1^^^A'), adt('A01', 'AUD2^^^X', '||X^Y'), pix('NOBODY^^^A'), pdq('@PID.99^X')];
  for (const message of sent) await client.send(message);
  const kept = await records(5, ...sent);
  assert.deepEqual(kept.map((event) => [event.subtype[0].code, event.outcome]),
    [['ITI-8', '0'], ['ITI-9', '0'], ['ITI-8', '4'], ['ITI-9', '4'], ['ITI-21', '4']]);
  const query = kept[1].entity.find((entity) => entity.query).query;
  assert.equal(Buffer.from(query, 'base64').toString(), segments(sent[1], 'QPD')[0]);
  assert.equal(kept[2].agent[0].who.display, 'HOSPITAL|APP');
});

test('what was acknowledged survives kill -9 in the midst of a feed, again and again, and its replay has no second effect', async () => {
  const count = Number(process.env.ALZETTE_FEED ?? 300);
  const kills = Number(process.env.ALZETTE_KILLS ?? 3);
  const connections = 4;
  const data = mkdtempSync(join(tmpdir(), 'alzette-kill-'));
  const flags = ['--mllp', '127.0.0.1:0', '--domains', domains];
  const sent = [...Array(count).keys()].map((n) => adt('A01', `K${n}^^^A`, `||KILL^N${n}||19700101|F`));
  const answers = new Map();
  // All that is not answered yet; resolves when it is, or when the server is gone.
  const feed = async ({ mllp }) => {
    const open = [...Array(connections)].map(() => connect(mllp));
    await Promise.allSettled(sent.map((message, n) => answers.has(message) ? null
      : open[n % connections].send(message).then((answer) => answers.set(message, answer))));
    for (const one of open) one.close();
  };
  let server;
  try {
    for (let kill = 1; kill <= kills; kill++) {
      server = await start({ data, flags });
      let over = false;
      const sending = feed(server).then(() => { over = true; });
      while (!over && answers.size < (count * kill) / (kills + 1)) await new Promise((resolve) => setTimeout(resolve, 2));
      await server.kill();
      server = null;
      await sending;
    }
    const acknowledged = new Map(answers);
    assert.ok(acknowledged.size >= (count * kills) / (kills + 1) && [...acknowledged.values()].every((one) => field(one, 'MSA', 1) === 'AA'));
    server = await start({ data, flags });
    answers.clear();
    await feed(server);  // all of them once more
    for (const message of sent) {
      assert.equal(field(answers.get(message), 'MSA', 1), 'AA');
      if (acknowledged.has(message)) assert.equal(answers.get(message), acknowledged.get(message));
    }
    const all = [];
    for (let url = `${server.base}/Patient?name=KILL&_count=1000`; url;) {
      const page = JSON.parse((await ask('GET', url)).text);
      all.push(...page.entry);
      url = page.link.find(({ relation }) => relation === 'next')?.url;
    }
    assert.equal(all.length, count);
    assert.ok(all.every(({ resource }) => resource.meta.versionId === '1'), 'nothing was done twice');
  } finally {
    await server?.stop();
    rmSync(data, { recursive: true, force: true });
  }
});
