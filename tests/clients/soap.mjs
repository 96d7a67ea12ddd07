// The SOAP door over real sockets: envelopes, packages, addressing and faults; and patient identity in HL7 v3.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { start } from '../../conformance/server.mjs';
import { continuation, envelope, feed, interaction, pdqQuery, pixQuery, post, soap11, v3 } from '../../conformance/soap.mjs';

const a = '1.2.3.4.1';
const b = '1.2.3.4.2';
const c = '1.2.3.4.3';
const d = '1.2.3.4.4';
const national = '1.3.182.4.4';
const acknowledged = '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><MCCI_IN000002UV01 xmlns="urn:hl7-org:v3" ' +
  'ITSVersion="XML_1.0"><acknowledgement><typeCode code="AA"/></acknowledgement></MCCI_IN000002UV01></s:Body></s:Envelope>';
let server;
let listener;
let folder;
const received = [];

before(async () => {
  listener = createServer((request, answer) => {
    let body = '';
    request.on('data', (part) => { body += part; });
    request.on('end', () => { received.push({ url: request.url, type: request.headers['content-type'], body }); answer.end(acknowledged); });
  });
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${listener.address().port}`;
  folder = mkdtempSync(join(tmpdir(), 'alzette-soap-'));
  writeFileSync(join(folder, 'domains.json'), JSON.stringify([{ name: 'C', oid: c }, { name: 'D', oid: d }]));
  writeFileSync(join(folder, 'consumers.json'), JSON.stringify([{ url: `${origin}/updates`, device: '1.2.3.9', domains: ['D'] }]));
  server = await start({ flags: ['--accept-unknown-domains', '--allow-endpoint', `${origin}/`, '--domains', join(folder, 'domains.json'),
    '--pix-consumers', join(folder, 'consumers.json')] });
});
after(async () => { await server.stop(); listener.close(); rmSync(folder, { recursive: true }); });

const arrived = async (url) => {
  for (let i = 0; i < 100 && !received.some((one) => one.url === url); i++) await new Promise((resolve) => setTimeout(resolve, 50));
  return received.find((one) => one.url === url);
};

const person = (family, given, more = '') =>
  `<name use="L"><family>${family}</family><given>${given}</given></name><administrativeGenderCode code="F"/><birthTime value="19700101"/>${more}`;
const send = (name, message, options) => post(server, envelope(v3(name), message, options));
const add = (ids, family, given, more) => send('PRPA_IN201301UV02', feed('PRPA_IN201301UV02', ids, person(family, given, more)));
const query = (id, targets) => send('PRPA_IN201309UV02', pixQuery(id, targets));
const demographics = (parameters, options) => send('PRPA_IN201305UV02', pdqQuery(parameters, options));
const named = (family, given = '') => ({ livingSubjectName: `<value><family>${family}</family>${given && `<given>${given}</given>`}</value>` });

test('what an answer elsewhere would repeat is bounded: the fault of a message that is too long for it comes back', async () => {
  const elsewhere = (name) => `<a:${name}><a:Address>http://127.0.0.1:${listener.address().port}/long</a:Address></a:${name}>`;
  const long = 'x'.repeat(17 << 20);
  for (const [action, options] of [[`urn:${long}`, { header: elsewhere('FaultTo') }], [v3('PRPA_IN201309UV02'), { header: elsewhere('ReplyTo'), id: long }],
    [null, { header: elsewhere('FaultTo') }]]) {
    const answer = await post(server, envelope(action, action ? pixQuery(`10@${a}`, []) : `<${long} xmlns="urn:x"/>`, options));
    assert.equal(answer.status, 400, answer.text.slice(0, 1000));
  }
  assert.equal((await fetch(`${server.origin}/health/ready`)).status, 200);
});

test('ITI-44 adds and revises a patient; FHIR reads it', async () => {
  const answer = await add([`10@${a}`, `1893120105732@${national}`], 'Weber', 'Zoé', '<addr use="HP"><streetAddressLine>1, rue A</streetAddressLine><city>Mersch</city></addr>');
  assert.equal(answer.status, 200);
  assert.equal(answer.action, v3('MCCI_IN000002UV01'));
  assert.match(answer.relatesTo, /^urn:uuid:/);
  assert.equal(answer.acknowledgement, 'AA', answer.text);
  const again = await send('PRPA_IN201302UV02', feed('PRPA_IN201302UV02', [`10@${a}`], person('Weber-Muller', 'Zoé')));
  assert.equal(again.acknowledgement, 'AA', again.text);
  const found = await (await fetch(`${server.base}/Patient?identifier=urn:oid:${a}|10`)).json();
  assert.equal(found.total, 1);
  assert.equal(found.entry[0].resource.name[0].family, 'Weber-Muller');
});

test('ITI-44 refuses what breaks its rules, naming the place, and stores nothing', async () => {
  const none = await send('PRPA_IN201301UV02', feed('PRPA_IN201301UV02', [], person('Nobody', 'Known')));
  assert.equal(none.acknowledgement, 'AE');
  const date = await add([`11@${a}`], 'Weber', 'Anna', '').then(() => send('PRPA_IN201301UV02',
    feed('PRPA_IN201301UV02', [`12@${a}`], '<name><family>X</family></name><birthTime value="19700230"/>')));
  assert.equal(date.acknowledgement, 'AE');
  const replaced = await send('PRPA_IN201301UV02', feed('PRPA_IN201301UV02', [`13@${a}`], person('A', 'B'), { replaced: `11@${a}` }));
  assert.equal(replaced.acknowledgement, 'AE');
  const twice = feed('PRPA_IN201301UV02', [`14@${a}`], person('A', 'B')).replace(/<subject typeCode="SUBJ">.*<\/subject>/s, '$&$&');
  assert.equal((await send('PRPA_IN201301UV02', twice)).acknowledgement, 'AE');
  // The place is one of the message.
  const event = '/controlActProcess/subject/registrationEvent';
  const merged = await send('PRPA_IN201304UV02', feed('PRPA_IN201304UV02', [`11@${a}`], person('A', 'B'), { replaced: `99@${a}` }));
  assert.deepEqual(merged.locations, [`${event}/replacementOf/priorRegistration/subject1/priorRegisteredRole/id`]);
  const number = await send('PRPA_IN201301UV02', feed('PRPA_IN201301UV02', [`15@${a}`, `1893120105733@${national}`], person('A', 'B')));
  assert.deepEqual(number.locations, [`${event}/subject1/patient/id[2]`]);
  for (const id of [12, 13, 14]) assert.equal((await query(`${id}@${a}`)).response, 'AE');
});

test('ITI-45 tells identifiers without the one asked with; what is not known has its place', async () => {
  await add([`20@${a}`, `20@${b}`], 'Schmit', 'Jos');
  const known = await query(`20@${a}`, [b]);
  assert.equal(known.action, v3('PRPA_IN201310UV02'));
  assert.equal(known.acknowledgement, 'AA');
  assert.equal(known.response, 'OK');
  assert.deepEqual(known.patients, [[`20@${b}`]]);
  assert.deepEqual((await query(`20@${a}`)).patients, [[`20@${b}`]]);
  await add([`21@${a}`], 'Schmit', 'Alone');
  const nothing = await query(`21@${a}`, [b]);
  assert.deepEqual([nothing.acknowledgement, nothing.response, nothing.patients], ['AA', 'NF', []]);
  const stranger = await query(`99@${a}`, [b]);
  assert.deepEqual([stranger.acknowledgement, stranger.response], ['AE', 'AE']);
  assert.match(stranger.locations[0], /patientIdentifier\/value$/);
  const domain = await query(`20@${a}`, [b, '1.2.3.4.77', '1.2.3.4.78']);
  assert.equal(domain.response, 'AE');
  assert.deepEqual(domain.locations.map((path) => /dataSource\[(\d)\]/.exec(path)?.[1]), ['2', '3']);
  assert.match(domain.text, /<code code="204"/);
});

test('a negative answer is recorded as one', async () => {
  await add([`22@${a}`], 'Schmit', 'Recorded');
  await query(`22@${a}`);
  await query(`98@${a}`);
  const outcome = async (extension) => {
    for (;;) {
      const { entry = [] } = await (await fetch(`${server.origin}/fhir/AuditEvent?subtype=ITI-45&_count=1000`)).json();
      const of = ({ entity }) => Buffer.from(entity.find((one) => one.query)?.query ?? '', 'base64').toString().includes(`"${extension}"`);
      const found = entry.map(({ resource }) => resource).find(of);
      if (found) return found.outcome;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  assert.deepEqual([await outcome('22'), await outcome('98')], ['0', '4']);
});

test('ITI-44 merges: the subsumed identifier is known no more, or finds the survivor', async () => {
  await add([`30@${a}`, `30@${b}`], 'Klein', 'Eva');
  await add([`31@${a}`], 'Klein', 'Ewa');
  const merged = await send('PRPA_IN201304UV02', feed('PRPA_IN201304UV02', [`30@${a}`], person('Klein', 'Eva'), { replaced: `31@${a}` }));
  assert.equal(merged.acknowledgement, 'AA', merged.text);
  assert.deepEqual((await query(`31@${a}`, [b])).patients, [[`30@${b}`]]);
  for (const [surviving, subsumed] of [[`30@${a}`, `30@${a}`], [`30@${a}`, `31@${a}`], [`98@${a}`, `30@${a}`], [`30@${a}`, `98@${a}`]])
    assert.equal((await send('PRPA_IN201304UV02', feed('PRPA_IN201304UV02', [surviving], person('K', 'E'), { replaced: subsumed }))).acknowledgement, 'AE');
});

test('ITI-46 tells a consumer of a changed patient in its domains', async () => {
  await add([`80@${c}`], 'Untold', 'Ida');
  await add([`81@${c}`, `81@${d}`], 'Told', 'Ida');
  const update = await arrived('/updates');
  assert.ok(update, 'nothing came');
  assert.match(update.type, /PRPA_IN201302UV02/);
  assert.match(update.body, /<id root="1\.2\.3\.4\.4" extension="81" assigningAuthorityName="D"\/>/);
  assert.match(update.body, /<family>Told<\/family>/);
  assert.doesNotMatch(update.body, /<(birthTime|administrativeGenderCode|telecom|addr)\b/);
  assert.ok(!update.body.includes('1.2.3.4.3'));
});

test('ITI-47 finds by demographics and identifier, shows the domains asked for', async () => {
  await add([`40@${a}`, `40@${b}`], 'Thill', 'Marie');
  await add([`41@${a}`], 'Thill', 'Paul');
  const both = await demographics(named('thill'));
  assert.equal(both.action, v3('PRPA_IN201306UV02'));
  assert.deepEqual([both.acknowledgement, both.response, both.quantities], ['AA', 'OK', [2, 2, 0]]);
  assert.deepEqual((await demographics(named('Thill', 'Marie'))).patients, [[`40@${a}`, `40@${b}`]]);
  const one = await demographics({ livingSubjectId: `<value root="${a}" extension="40"/>` }, { domains: [b] });
  assert.deepEqual(one.patients, [[`40@${b}`]]);
  const nobody = await demographics(named('Nemo'));
  assert.deepEqual([nobody.acknowledgement, nobody.response, nobody.quantities], ['AA', 'NF', [0, 0, 0]]);
  const foreign = await demographics(named('thill'), { domains: [b, '1.2.3.4.99'] });
  assert.deepEqual([foreign.acknowledgement, foreign.response], ['AE', 'AE']);
  assert.match(foreign.locations[0], /otherIDsScopingOrganization\[2\]/);
  const begun = await demographics({ livingSubjectName: '<value use="SRCH"><family>Thi</family><given>Pa</given></value>' });
  assert.deepEqual(begun.patients, [[`41@${a}`]]);
  // Names are alternatives, as are values of one parameter; parameters must hold together.
  const names = (...all) => ({ livingSubjectName: all.map((name) => `<value><family>Thill</family><given>${name}</given></value>`).join('<semanticsText/></livingSubjectName><livingSubjectName>') });
  assert.deepEqual((await demographics(names('Marie', 'Nemo'))).patients, [[`40@${a}`, `40@${b}`]]);
  assert.deepEqual((await demographics(names('Marie', 'Paul', 'Marie'))).quantities, [2, 2, 0]);
  const gender = (...codes) => ({ livingSubjectAdministrativeGender: codes.map((code) => `<value code="${code}"/>`).join('') });
  assert.deepEqual((await demographics({ ...names('Marie', 'Paul'), ...gender('M', 'F') })).quantities, [2, 2, 0]);
  assert.deepEqual((await demographics({ ...names('Marie', 'Paul'), ...gender('M') })).response, 'NF');
  assert.equal((await demographics({ ...names('Marie'), ...gender('X') })).response, 'AE');
  assert.equal((await demographics(names(...Array(21).keys()))).response, 'AE');
  // What would not be looked at is refused, what was left blank is not asked for.
  for (const [parameter, value] of [['livingSubjectId', `<value root="${a}"/>`], ['livingSubjectBirthPlaceName', '<value><city>Luxembourg</city></value>'],
    ['livingSubjectBirthTime', '<value><width value="1" unit="a"/></value>'], ['patientAddress', '<value><county>Capellen</county></value>']]) {
    const refused = await demographics({ ...named('thill'), [parameter]: value });
    assert.deepEqual([refused.acknowledgement, refused.response, refused.patients], ['AE', 'AE', []], parameter);
    assert.ok(refused.locations[0].endsWith(`parameterList/${parameter}/value`), refused.locations[0]);
  }
  const blank = await demographics({ ...named('thill'), livingSubjectAdministrativeGender: '<value code=""/>', patientAddress: '<value><city/></value>' });
  assert.deepEqual(blank.quantities, [2, 2, 0]);
});

test('ITI-47 goes on page by page, and forgets what is cancelled', async () => {
  for (let i = 0; i < 5; i++) await add([`5${i}@${a}`], 'Page', `No${i}`);
  const queryId = 'pages';
  const seen = [];
  let answer = await demographics(named('Page'), { count: 2, queryId });
  for (let page = 0; page < 3; page++) {
    seen.push(answer.quantities.join());
    assert.ok(answer.patients.length <= 2);
    answer = await send('QUQI_IN000003UV01_Continue', continuation('QUQI_IN000003UV01_Continue', queryId, 2, 'waitContinuedQueryResponse'));
  }
  assert.deepEqual(seen, ['5,2,3', '5,2,1', '5,1,0']);
  assert.equal(answer.response, 'AE');
  await demographics(named('Page'), { count: 2, queryId });
  const cancelled = await send('QUQI_IN000003UV01_Cancel', continuation('QUQI_IN000003UV01_Cancel', queryId, 0, 'aborted'));
  assert.deepEqual([cancelled.action, cancelled.acknowledgement], [v3('MCCI_IN000002UV01'), 'AA']);
  answer = await send('QUQI_IN000003UV01_Continue', continuation('QUQI_IN000003UV01_Continue', queryId, 2, 'waitContinuedQueryResponse'));
  assert.equal(answer.response, 'AE');
});

test('B39 B40 a document type is a fault, and nothing is fetched', async () => {
  const before = received.length;
  const target = `http://127.0.0.1:${listener.address().port}/dtd`;
  const good = envelope(v3('PRPA_IN201309UV02'), pixQuery(`20@${a}`));
  for (const prologue of [`<!DOCTYPE s SYSTEM "${target}">`, `<!DOCTYPE s [<!ENTITY % p SYSTEM "${target}"> %p;]>`, '<!DOCTYPE s [<!ENTITY a "b">]>']) {
    const answer = await post(server, prologue + good);
    assert.deepEqual([answer.status, answer.fault], [400, 'Sender']);
  }
  assert.equal(received.length, before);
});

test('B41 B42 deep trees and other encodings are faults', async () => {
  const deep = envelope(v3('PRPA_IN201309UV02'), '<a>'.repeat(300) + '</a>'.repeat(300));
  assert.equal((await post(server, deep)).fault, 'Sender');
  assert.equal((await post(server, `<?xml version="1.0" encoding="UTF-16"?>${deep}`)).fault, 'Sender');
  assert.equal((await post(server, deep, { type: 'application/soap+xml; charset=utf-16' })).status, 415);
  assert.equal((await post(server, '{}', { type: 'application/json' })).status, 415);
});

test('B44 B45 B46 packages that are damaged, too large, or point elsewhere', async () => {
  const good = envelope(v3('PRPA_IN201309UV02'), pixQuery(`20@${a}`));
  const head = 'Content-Type: application/xop+xml; type="application/soap+xml"\r\nContent-ID: <r>\r\n';
  const type = 'multipart/related; boundary=b; type="application/xop+xml"; start="<r>"; start-info="application/soap+xml"';
  const answer = await post(server, `--b\r\n${head}\r\n${good}\r\n--b--\r\n`, { type });
  assert.equal(answer.status, 200);
  assert.match(answer.type, /^multipart\/related/);
  assert.match(answer.text, /PRPA_IN201310UV02/);
  for (const body of [`--c\r\n${head}\r\n${good}\r\n--c--`, `--b\r\n${head}\r\n${good}`, `--b\r\n${head}${'X: y\r\n'.repeat(10000)}\r\n${good}\r\n--b--`,
    `--b\r\n${head}\r\n${good}\r\n${'--b\r\n\r\nx\r\n'.repeat(51)}--b--`])
    assert.equal((await post(server, body, { type })).fault, 'Sender');
});

test('B47 action and body must agree; an unknown action is not supported', async () => {
  const mismatch = await post(server, envelope(v3('PRPA_IN201301UV02'), pixQuery(`20@${a}`)));
  assert.deepEqual([mismatch.status, mismatch.fault, mismatch.subcode], [400, 'Sender', 'InvalidAddressingHeader']);
  const unknown = await post(server, envelope('urn:x:Nothing', pixQuery(`20@${a}`)));
  assert.deepEqual([unknown.status, unknown.subcode], [400, 'ActionNotSupported']);
  assert.match(unknown.text, /<soap:Detail><wsa:ProblemAction><wsa:Action>urn:x:Nothing</);
  const other = await post(server, envelope(v3('PRPA_IN201309UV02'), pixQuery(`20@${a}`)), { path: '/soap/ITI-47' });
  assert.equal(other.subcode, 'ActionNotSupported');
  assert.equal((await post(server, envelope(v3('PRPA_IN201309UV02'), pixQuery(`20@${a}`)), { path: '/soap/ITI-45' })).status, 200);
  assert.equal((await post(server, envelope(v3('PRPA_IN201309UV02'), pixQuery(`20@${a}`)), { path: '/soap/ITI-0' })).status, 404);
});

test('B47 without an action a query is answered, a feed is not', async () => {
  assert.equal((await post(server, envelope(null, pixQuery(`20@${a}`)))).response, 'OK');
  const missing = await post(server, envelope(null, feed('PRPA_IN201301UV02', [`60@${a}`], person('A', 'B'))));
  assert.deepEqual([missing.fault, missing.subcode], ['Sender', 'MessageAddressingHeaderRequired']);
});

test('B48 a header block that must be understood', async () => {
  const header = '<x:Fee xmlns:x="urn:x" s:mustUnderstand="true"/>';
  const answer = await post(server, envelope(v3('PRPA_IN201309UV02'), pixQuery(`20@${a}`), { header }));
  assert.deepEqual([answer.status, answer.fault], [500, 'MustUnderstand']);
  assert.match(answer.text, /NotUnderstood/);
});

test('B49 a replayed message takes effect once', async () => {
  const message = envelope(v3('PRPA_IN201301UV02'), feed('PRPA_IN201301UV02', [`70@${a}`], person('Replay', 'Once')));
  for (let i = 0; i < 2; i++) assert.equal((await post(server, message)).acknowledgement, 'AA');
  const found = await (await fetch(`${server.base}/Patient?identifier=urn:oid:${a}|70`)).json();
  assert.deepEqual([found.total, found.entry[0].resource.meta.versionId], [1, '1']);
});

test('a security token that nobody verifies is not taken for verified', async () => {
  const wsse = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
  const header = (content) => `<w:Security xmlns:w="${wsse}">${content}</w:Security>`;
  const token = await post(server, envelope(v3('PRPA_IN201309UV02'), pixQuery(`20@${a}`), { header: header('<w:UsernameToken/>') }));
  assert.deepEqual([token.fault, token.subcode], ['Sender', 'UnsupportedSecurityToken']);
  const stamp = await post(server, envelope(v3('PRPA_IN201309UV02'), pixQuery(`20@${a}`), { header: header('<u:Timestamp xmlns:u="urn:u"/>') }));
  assert.equal(stamp.response, 'OK');
});

// Assertions as forgers arrange them: whoever learns to verify tokens has to refuse each of these as well.
const saml = 'urn:oasis:names:tc:SAML:2.0:assertion';
const dsig = 'http://www.w3.org/2000/09/xmldsig#';
const signature = (id, { inside = '', method = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', transforms = '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>', key = '' } = {}) =>
  `<ds:Signature xmlns:ds="${dsig}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><ds:SignatureMethod Algorithm="${method}"/>` +
  `<ds:Reference URI="${id && `#${id}`}"><ds:Transforms>${transforms}</ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>AAAA</ds:DigestValue></ds:Reference>` +
  `</ds:SignedInfo><ds:SignatureValue>AAAA</ds:SignatureValue>${key}${inside}</ds:Signature>`;
const conditions = '<saml:Conditions NotBefore="2020-01-01T00:00:00Z" NotOnOrAfter="2099-01-01T00:00:00Z"><saml:AudienceRestriction><saml:Audience>alzette</saml:Audience></saml:AudienceRestriction></saml:Conditions>';
const subject = (name = 'admin', method = 'bearer') => `<saml:Subject><saml:NameID>${name}</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:${method}"/></saml:Subject>`;
const statement = '<saml:AuthnStatement AuthnInstant="2026-01-01T00:00:00Z"/>';
const assertion = (id, { signed = '', who = subject(), when = conditions, says = statement, more = '', attributes = '' } = {}) =>
  `<saml:Assertion xmlns:saml="${saml}" ID="${id}" Version="2.0" IssueInstant="2026-01-01T00:00:00Z"${attributes}><saml:Issuer>idp</saml:Issuer>${signed}${who}${when}${says}${more}</saml:Assertion>`;
const original = assertion('o', { signed: signature('o') });
const bare = assertion('o');
const audience = (...names) => conditions.replace(/<saml:AudienceRestriction>.*<\/saml:AudienceRestriction>/, names.map((name) => `<saml:AudienceRestriction><saml:Audience>${name}</saml:Audience></saml:AudienceRestriction>`).join(''));
const tokens = [
  ['B82 XSW1', assertion('f', { signed: signature('o', { inside: `<ds:Object>${bare}</ds:Object>` }) })],
  ['B83 XSW2', assertion('f', { signed: bare + signature('o') })],
  ['B84 XSW3', assertion('f') + original],
  ['B85 XSW4', assertion('f', { more: original })],
  ['B86 XSW5', assertion('f', { signed: signature('o') }) + bare],
  ['B87 XSW6', assertion('f', { signed: signature('o', { inside: bare }) })],
  ['B88 XSW7', `<Extensions>${assertion('f')}</Extensions>${original}`],
  ['B89 XSW8', assertion('f', { signed: signature('o', { inside: `<ds:Object>${bare}</ds:Object>` }), attributes: ' x="1"' })],
  ['B90 unsigned', bare],
  ['B90 self-signed', assertion('o', { signed: signature('o', { key: '<ds:KeyInfo><ds:KeyName>mine</ds:KeyName></ds:KeyInfo>' }) })],
  ['B91 expired', assertion('o', { when: conditions.replace('2099', '2021'), signed: signature('o') })],
  ['B91 not yet valid', assertion('o', { when: conditions.replace('2020', '2098'), signed: signature('o') })],
  ['B91 without conditions', assertion('o', { when: '', signed: signature('o') })],
  ['B92 no audience', assertion('o', { when: audience(), signed: signature('o') })],
  ['B92 two restrictions', assertion('o', { when: audience('alzette', 'other'), signed: signature('o') })],
  ['B93 no AuthnStatement', assertion('o', { says: '', signed: signature('o') })],
  ['B93 no Subject', assertion('o', { who: '', signed: signature('o') })],
  ['B93 two assertions', original + original.replaceAll('"o"', '"p"').replaceAll('#o', '#p')],
  ['B93 encrypted', `<saml:EncryptedAssertion xmlns:saml="${saml}"/>`],
  ['B94 duplicate ID', original + assertion('o')],
  ['B94 empty URI', assertion('o', { signed: signature('') })],
  ['B94 HMAC', assertion('o', { signed: signature('o', { method: `${dsig}hmac-sha1` }) })],
  ['B94 XSLT', assertion('o', { signed: signature('o', { transforms: '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>' }) })],
  ['B94 1,000 transforms', assertion('o', { signed: signature('o', { transforms: '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'.repeat(1000) }) })],
  ['B95 comment in NameID', assertion('o', { who: subject('admin<!-- -->.x'), signed: signature('o') })],
  ['B95 relative namespace', assertion('o', { attributes: ' xmlns:r="relative/uri"', signed: signature('o') })],
  ['B96 holder of key', assertion('o', { who: subject('admin', 'holder-of-key'), signed: signature('o') })],
  ['B96 sender vouches', assertion('o', { who: subject('admin', 'sender-vouches'), signed: signature('o') })],
  ['B97 one time use', assertion('o', { when: conditions.replace('</saml:Conditions>', '<saml:OneTimeUse/></saml:Conditions>'), signed: signature('o') })],
  ['B98 break the glass', assertion('o', { more: '<saml:AttributeStatement><saml:Attribute Name="urn:oasis:names:tc:xspa:1.0:subject:purposeofuse"><saml:AttributeValue>BTG</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>', signed: signature('o') })],
];

test('B82 to B98: an assertion, forged in whatever way, is a fault and a record, and nothing is done', async () => {
  const wsse = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
  const records = async () => (await (await fetch(`${server.base}/AuditEvent?subtype=ITI-44&outcome=4&_summary=count`)).json()).total;
  const message = feed('PRPA_IN201301UV02', [`80@${a}`], person('Forged', 'Token'));
  for (const [what, token] of tokens)
    for (const must of ['', ' s:mustUnderstand="1"']) {
      const before = await records();
      const answer = await post(server, envelope(v3('PRPA_IN201301UV02'), message, { header: `<w:Security xmlns:w="${wsse}"${must}>${token}</w:Security>` }));
      assert.deepEqual([what, answer.status, answer.fault, answer.subcode], [what, 400, 'Sender', 'UnsupportedSecurityToken']);
      assert.equal(await records(), before + 1, what);
    }
  const within = await post(server, `<!DOCTYPE s [<!ENTITY a "b">]>${envelope(v3('PRPA_IN201301UV02'), message, { header: `<w:Security xmlns:w="${wsse}">${original}</w:Security>` })}`);
  assert.equal(within.fault, 'Sender', 'B95 a document type');
  const elsewhere = await post(server, envelope(v3('PRPA_IN201301UV02'), message, { replyTo: `http://127.0.0.1:${listener.address().port}/token`, header: `<w:Security xmlns:w="${wsse}">${original}</w:Security>` }));
  assert.equal(elsewhere.fault, 'Sender', 'nor is an answer promised');
  assert.equal((await (await fetch(`${server.base}/Patient?identifier=urn:oid:${a}|80`)).json()).total, 0);
});

test('SOAP 1.1 is answered in SOAP 1.1', async () => {
  const answer = await post(server, envelope(null, pixQuery(`20@${a}`), { ns: soap11 }),
    { type: 'text/xml; charset=utf-8', headers: { SOAPAction: `"${v3('PRPA_IN201309UV02')}"` } });
  assert.equal(answer.status, 200);
  assert.match(answer.type, /^text\/xml/);
  assert.ok(answer.text.includes(soap11));
  const fault = await post(server, envelope('urn:x', pixQuery(`20@${a}`), { ns: soap11 }), { type: 'text/xml' });
  assert.deepEqual([fault.status, fault.fault], [500, 'Client']);
  const strange = await post(server, envelope('urn:x', pixQuery(`20@${a}`), { ns: soap11, header: '<z:Fee xmlns:z="urn:z" s:mustUnderstand="1"/>' }), { type: 'text/xml' });
  assert.deepEqual([strange.status, strange.fault], [500, 'MustUnderstand']);
  assert.match(strange.type, /^text\/xml/);
});

test('an answer goes where ReplyTo says, if that is allowed', async () => {
  const port = listener.address().port;
  const accepted = await post(server, envelope(v3('PRPA_IN201309UV02'), pixQuery(`20@${a}`), { replyTo: `http://127.0.0.1:${port}/replies`, id: 'urn:uuid:async' }));
  assert.equal(accepted.status, 202);
  assert.equal(accepted.text, '');
  const reply = await arrived('/replies');
  assert.ok(reply, 'no answer came');
  assert.match(reply.type, /^application\/soap\+xml/);
  assert.match(reply.body, /<wsa:RelatesTo>urn:uuid:async</);
  assert.match(reply.body, /<wsa:To soap:mustUnderstand="1">http/);
  const silent = await post(server, envelope(v3('PRPA_IN201309UV02'), pixQuery(`20@${a}`), { replyTo: 'http://www.w3.org/2005/08/addressing/none' }));
  assert.equal(silent.status, 202);
});

test('faults go where FaultTo says, and answers where ReplyTo says (WS-Addressing Core 3.4)', async () => {
  const origin = `http://127.0.0.1:${listener.address().port}`;
  const at = (kind, address, more = '') => `<a:${kind}To><a:Address>${address}</a:Address>${more}</a:${kind}To>`;
  const addressing = 'http://www.w3.org/2005/08/addressing';
  const wrong = '<x:Nothing xmlns:x="urn:x"/>';
  const ask = (id, header, body = pixQuery(`20@${a}`)) => post(server, envelope(v3('PRPA_IN201309UV02'), body, { id, header }));
  // A fault elsewhere, the answer here.
  const ticket = '<a:ReferenceParameters><x:Ticket xmlns:x="urn:x">7</x:Ticket></a:ReferenceParameters>';
  const answered = await ask('urn:uuid:f1', at('Fault', `${origin}/f1`));
  assert.deepEqual([answered.status, answered.response], [200, 'OK']);
  const faulty = await ask('urn:uuid:f2', at('Fault', `${origin}/f2`, ticket), wrong);
  assert.deepEqual([faulty.status, faulty.text], [202, '']);
  const told = await arrived('/f2');
  assert.match(told.body, /<soap:Fault>.*InvalidAddressingHeader/);
  assert.match(told.body, /<wsa:RelatesTo>urn:uuid:f2</);
  assert.match(told.body, /<x:Ticket [^>]*IsReferenceParameter="true"[^>]*>7<\/x:Ticket>/);
  // The answer elsewhere, a fault here; both elsewhere; nowhere.
  const here = await ask('urn:uuid:f3', at('Reply', `${origin}/f3`) + at('Fault', `${addressing}/anonymous`), wrong);
  assert.deepEqual([here.status, here.fault], [400, 'Sender']);
  assert.equal((await ask('urn:uuid:f4', at('Reply', `${origin}/f4`) + at('Fault', `${addressing}/anonymous`))).status, 202);
  assert.match((await arrived('/f4')).body, /PRPA_IN201310UV02/);
  assert.equal((await ask('urn:uuid:f5', at('Reply', `${origin}/f5`), wrong)).status, 202);
  assert.match((await arrived('/f5')).body, /<soap:Fault>/);
  const discarded = await ask('urn:uuid:f6', at('Fault', `${addressing}/none`), wrong);
  assert.deepEqual([discarded.status, discarded.text], [202, '']);
  // Back on the connection come the reference parameters too.
  const echoed = await ask('urn:uuid:f7', at('Reply', `${addressing}/anonymous`, ticket));
  assert.match(echoed.text, /<soap:Header>.*<x:Ticket [^>]*IsReferenceParameter="true"[^>]*>7<\/x:Ticket>.*<\/soap:Header>/);
  // Where neither may be sent to, it is told here.
  const refused = await ask('urn:uuid:f8', at('Fault', 'http://10.0.0.1/'));
  assert.deepEqual([refused.status, refused.fault], [400, 'Sender']);
  const nameless = await post(server, envelope(v3('PRPA_IN201309UV02'), pixQuery(`20@${a}`), { header: at('Fault', `${origin}/f9`) }).replace(/<a:MessageID>[^<]*<\/a:MessageID>/, ''));
  assert.deepEqual([nameless.status, nameless.subcode], [400, 'MessageAddressingHeaderRequired']);
});

test('who asks in MTOM is answered in MTOM, by a fault too (Appendix V.8.1)', async () => {
  const package_of = (action, body) => `--B\r\nContent-Type: application/xop+xml; charset=UTF-8; type="application/soap+xml"\r\nContent-ID: <0>\r\n\r\n${envelope(action, body)}\r\n--B--`;
  for (const [action, status] of [[v3('PRPA_IN201309UV02'), 200], ['urn:x:Nothing', 400]]) {
    const answer = await post(server, package_of(action, pixQuery(`20@${a}`)), { type: 'multipart/related; boundary=B; type="application/xop+xml"; start="<0>"; start-info="application/soap+xml"' });
    assert.equal(answer.status, status);
    assert.match(answer.type, /^multipart\/related/);
  }
});

test('B102 an answer goes nowhere else', async () => {
  const port = listener.address().port;
  for (const replyTo of ['http://127.0.0.1:1/', `http://127.0.0.1:${port}@10.0.0.1/`, 'http://localhost/', 'http://0x7f.1/', 'http://2130706433/', 'http://[::1]/',
    'http://169.254.169.254/', 'https://10.0.0.1/', 'file:///etc/passwd', `http://user@127.0.0.1:${port}/`]) {
    const answer = await post(server, envelope(v3('PRPA_IN201309UV02'), pixQuery(`20@${a}`), { replyTo }));
    assert.deepEqual([replyTo, answer.status, answer.fault], [replyTo, 400, 'Sender']);
  }
});

test('the WSDL names every operation; other methods are refused', async () => {
  const wsdl = await (await fetch(`${server.origin}/soap?wsdl`)).text();
  for (const name of ['PRPA_IN201301UV02', 'PRPA_IN201309UV02', 'PRPA_IN201305UV02', 'QUQI_IN000003UV01_Cancel']) assert.ok(wsdl.includes(name), name);
  const one = await (await fetch(`${server.origin}/soap/ITI-45?wsdl`)).text();
  assert.ok(one.includes('PRPA_IN201309UV02') && !one.includes('PRPA_IN201305UV02'));
  assert.equal((await fetch(`${server.origin}/soap`)).status, 405);
});

test('a large body waits in its file; one that is too large is refused before it comes', async () => {
  const padded = envelope(v3('PRPA_IN201309UV02'), pixQuery(`20@${a}`)) + ' '.repeat(1 << 20);
  assert.equal((await post(server, padded)).response, 'OK');
  const { hostname, port } = new URL(server.origin);
  const socket = connect(Number(port), hostname);
  socket.write('POST /soap HTTP/1.1\r\nHost: x\r\nContent-Type: application/soap+xml\r\nContent-Length: 9000000000\r\n\r\n');
  const head = await new Promise((resolve) => socket.once('data', (data) => resolve(String(data))));
  socket.destroy();
  assert.match(head, /^HTTP\/1.1 413 /);
});

test('what is no message of HL7 v3 gets a negative acknowledgement', async () => {
  const wrong = interaction('PRPA_IN201309UV02', '').replace('extension="PRPA_IN201309UV02"', 'extension="PRPA_IN201305UV02"');
  const answer = await send('PRPA_IN201309UV02', wrong);
  assert.deepEqual([answer.status, answer.acknowledgement, answer.locations[0]], [200, 'AE', '/interactionId']);
  const empty = await send('PRPA_IN201309UV02', interaction('PRPA_IN201309UV02', ''));
  assert.deepEqual([empty.acknowledgement, empty.response], ['AE', 'AE']);
});
