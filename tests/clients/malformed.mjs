// Good messages, damaged: cut off, with other delimiters, bytes exchanged, fields that are huge or many. Each gets its
// answer, a negative one where nothing can be understood, and costs the server less than a second of its processor.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect } from '../../conformance/mllp.mjs';
import { start } from '../../conformance/server.mjs';
import { envelope, feed, interaction, pdqQuery, pixQuery, post, v3 } from '../../conformance/soap.mjs';

let server;
let client;
before(async () => {
  server = await start({ flags: ['--mllp', '127.0.0.1:0', '--accept-unknown-domains', '--match-links', 'off'] });
  client = connect(server.mllp);
});
after(async () => { client.close(); await server.stop(); });

// A small generator of its own, so that a failure can be repeated: Park and Miller's.
let state = Number(process.env.ALZETTE_SEED ?? 7);
const random = (below) => { state = (state * 48271) % 2147483647; return state % below; };
const pick = (list) => list[random(list.length)];

const msh = (type, version = '2.5') => `MSH|^~\\&|APP|FAC|ALZETTE|LU|20260101||${type}|C1|P|${version}\r`;
const messages = [
  `${msh('ADT^A01^ADT_A01', '2.3.1')}EVN|A01|20260101\rPID|||1^^^&1.2.3&ISO~2^^^&1.2.4&ISO||WEBER^ANNA^^^^^L||19700101|F|||1 RUE^^LUX^^1111\rPV1|1|I|W^1^A|||||||||||||||||V1\r`,
  `${msh('ADT^A40^ADT_A39')}EVN|A40|20260101\rPID|||1^^^&1.2.3&ISO||X^X\rMRG|2^^^&1.2.3&ISO\r`,
  `${msh('QBP^Q23^QBP_Q21')}QPD|IHE PIX Query|t|1^^^&1.2.3&ISO|^^^&1.2.4&ISO\rRCP|I\r`,
  `${msh('QBP^Q22^QBP_Q21')}QPD|IHE PDQ Query|t|@PID.5.1.1^WEB*~@PID.8^F\rRCP|I|5^RD\r`,
  `${msh('QBP^ZV1^QBP_Q21')}QPD|IHE PDQ Query|t|@PV1.3.1^W\rRCP|I\r`,
];
const huge = (size) => pick(['A', '^', '~', '&', '\\', '\\X41\\', '\u00e9', '|']).repeat(size);
const damages = [
  (text) => text.slice(0, random(text.length)),
  (text) => text.slice(random(text.length)),
  (text) => text.replace('^~\\&', pick(['', '^', '^^^^', '|||||', '~^\\&', '\r\r\r\r', 'AAAA', '^~\\'])),
  (text) => text.replaceAll('|', pick(['^', '~', '', '||', '\r'])),
  (text) => { const at = random(text.length); return text.slice(0, at) + huge(1 + random(50_000)) + text.slice(at); },
  (text) => text.replace(/\r/g, pick(['', '\n', '\r\r\r', '\u0000', '\u000b'])),
  (text) => { const at = random(text.length); return text.slice(0, at) + String.fromCharCode(random(256)) + text.slice(at + 1); },
  (text) => text + (text.split('\r')[1] ?? '').slice(0, 200).concat('\r').repeat(1 + random(3000)),
  (text) => { const lines = text.split('\r'); return lines.sort(() => random(3) - 1).join('\r'); },
  (text) => text.replace('PID|||', `PID|||${'9^^^&1.2.3&ISO~'.repeat(random(2000))}`),
];

test('HL7 v2: each damaged message is answered at once', async () => {
  for (let i = 0; i < 300; i++) {
    let text = pick(messages);
    for (let n = random(3); n >= 0; n--) text = pick(damages)(text);
    const before_it = server.used();
    // A frame of its own begins and ends anew where the text holds such bytes.
    const framed = text.replaceAll('\u000b', '').replaceAll('\u001c', '');
    const answer = await client.send(framed);
    const spent = server.used() - before_it;
    assert.match(answer, /^MSH.*\rMSA.(A[AER]|C[AER])/s, `${i}: ${JSON.stringify(framed.slice(0, 300))}\n${answer}`);
    assert.ok(spent < 1, `${i} took ${spent} s: ${JSON.stringify(framed.slice(0, 300))}`);
  }
});

test('HL7 v2: what is no message at all is refused', async () => {
  for (const text of ['', 'MSH', 'MSH|', 'MSH|^~\\&', 'PID|||1', '\r\r\r', '{"a":1}', '<a/>', 'MSH^~\\&|', '\u0000'.repeat(100), 'x'.repeat(100_000)])
    assert.match(await client.send(text), /\rMSA.A[ER]/, JSON.stringify(text.slice(0, 20)));
});

const envelopes = [
  () => envelope(v3('PRPA_IN201301UV02'), feed('PRPA_IN201301UV02', ['1@1.2.3'], '<name><family>Weber</family></name>')),
  () => envelope(v3('PRPA_IN201309UV02'), pixQuery('1@1.2.3', ['1.2.4'])),
  () => envelope(v3('PRPA_IN201305UV02'), pdqQuery({ livingSubjectName: '<value><family>Weber</family></value>' }, { count: 3 })),
];
const xml_damages = [
  (text) => text.slice(0, random(text.length)),
  (text) => text.slice(1 + random(text.length)),
  (text) => text.replace(/extension="1"/, `extension="${'1'.repeat(1 + random(100_000))}"`),
  (text) => text.replaceAll('urn:hl7-org:v3', pick(['', 'urn:x', 'urn:hl7-org:v2'])),
  (text) => text.replace(/<(id|code|value) /, '<$1 x="&undefined;" '),
  (text) => text.replace(/<controlActProcess.*<\/controlActProcess>/s, ''),
  (text) => text.replace(/root="[^"]*"/g, pick(['', 'root=""', 'root="&lt;"', `root="${'1.'.repeat(random(5000))}1"`])),
  (text) => { const at = random(text.length); return text.slice(0, at) + String.fromCharCode(1 + random(127)) + text.slice(at + 1); },
  (text) => text.replace(/(<family>)/, `$1${'<x>'.repeat(random(300))}`),
];

test('SOAP: each damaged message is answered at once', async () => {
  for (let i = 0; i < 120; i++) {
    const text = pick(xml_damages)(pick(envelopes)());
    const before_it = server.used();
    const answer = await post(server, text);
    const spent = server.used() - before_it;
    const what = `${i}: ${answer.status} ${answer.text.slice(0, 200)} for ${text.slice(0, 600)}`;
    assert.ok(answer.fault || answer.acknowledgement || answer.status === 400, what);
    assert.ok(answer.status !== 500 || answer.fault, what);
    assert.ok(spent < 1, `${spent} s, ${what}`);
  }
});

test('SOAP: what no transaction can understand is a fault or a negative acknowledgement', async () => {
  for (const body of ['', '<a/>', interaction('PRPA_IN201301UV02', ''), '<PRPA_IN201301UV02 xmlns="urn:hl7-org:v3"/>']) {
    const answer = await post(server, envelope(v3('PRPA_IN201301UV02'), body));
    assert.ok(answer.fault || ['AE', 'AR'].includes(answer.acknowledgement), `${body}: ${answer.text}`);
  }
});
