// `alzette xds`, the client side of document sharing: against our own server, by TLS, and against a server of this file
// that writes its answers in its own way, wrong ones among them.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ask, program, start } from '../../conformance/server.mjs';
import { descendants, read } from '../../conformance/xds/soap.mjs';

const folder = mkdtempSync(join(tmpdir(), 'xds-client-'));
const file = (name, content) => { writeFileSync(join(folder, name), content); return join(folder, name); };
const patient = 'client-1^^^&1.2.3.1&ISO';
const pdf = Buffer.concat([Buffer.from('%PDF-1.4\r\n--MIME\r\n'), Buffer.from(Array.from({ length: 100_000 }, (_, at) => at & 255))]);
let server;

before(async () => {
  server = await start({ flags: ['--domains', file('domains.json', JSON.stringify([{ name: 'A', oid: '1.2.3.1' }]))] });
  const answer = await ask('POST', `${server.base}/Patient`, JSON.stringify({ resourceType: 'Patient', identifier: [{ system: 'urn:oid:1.2.3.1', value: 'client-1' }] }));
  assert.equal(answer.status, 201, answer.text);
  file('letter.pdf', pdf);
  file('note.txt', 'a note');
});
after(async () => { await server.stop(); rmSync(folder, { recursive: true }); });

// Not spawnSync: the servers of this file must go on answering.
function xds(...argv) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['xds', ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
    const out = [], err = [];
    child.stdout.on('data', (piece) => out.push(piece));
    child.stderr.on('data', (piece) => err.push(piece));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, bytes: Buffer.concat(out), err: Buffer.concat(err).toString(),
      rows: Buffer.concat(out).toString().split('\n').filter(Boolean).map((line) => line.split('\t')) }));
  });
}
const soap = () => ['--to', `${server.origin}/soap`];
const provide = (...argv) => xds('provide', ...soap(), '--patient', patient, ...argv);
const query = (...argv) => xds('query', ...soap(), ...argv);
async function done(result) { const told = await result; assert.equal(told.code, 0, told.err); return told.rows; }
const only = (rows, kind) => rows.filter((row) => row[0] === kind);

test('a document is provided, found, and retrieved byte for byte', async () => {
  const [entry] = only(await done(provide(join(folder, 'letter.pdf'), '--title', "L'été", '--author', '^Weber^Anna')), 'DocumentEntry');
  const found = await done(query('GetDocuments', `UniqueId=${entry[2]}`));
  assert.deepEqual(found, [['DocumentEntry', entry[1], 'Approved', entry[2], 'application/pdf', "L'été"]]);
  assert.ok(only(await done(query('FindDocuments', `PatientId=${patient}`, 'AuthorPerson=%Weber%')), 'DocumentEntry').some((row) => row[1] === entry[1]));
  assert.equal((await done(query('FindDocuments', `$XDSDocumentEntryPatientId=${patient}`, 'AuthorPerson=%Muller%'))).length, 0);
  const out = mkdtempSync(join(folder, 'out-'));
  const [kept] = await done(xds('retrieve', ...soap(), '--out', out, entry[2]));
  assert.deepEqual(kept.slice(0, 3), [entry[2], 'application/pdf', String(pdf.length)]);
  assert.ok(readFileSync(join(out, entry[2])).equals(pdf));
  assert.equal((await xds('retrieve', ...soap(), '--out', out, entry[2])).code, 1);  // nothing is written over
  assert.ok((await xds('retrieve', ...soap(), '--out', '-', entry[2])).bytes.equals(pdf));
});

test('an entry of another repository is registered, updated, deprecated and removed', async () => {
  const [entry] = only(await done(xds('register', ...soap(), '--patient', patient, '--repository', '1.2.3.77', '--unique-id', '1.2.3.78', join(folder, 'note.txt'))), 'DocumentEntry');
  assert.equal(entry[2], '1.2.3.78');
  assert.match((await xds('query', ...soap(), '--xml', 'GetDocuments', 'UniqueId=1.2.3.78')).bytes.toString(), /1\.2\.3\.77/);
  const [next] = only(await done(xds('update', ...soap(), entry[1], '--title', 'Another title', '--practice', 'PEDIATRICS^Pediatrics^1.2.9')), 'SubmissionSet');
  assert.ok(next);
  const versions = await done(query('FindDocuments', `PatientId=${patient}`, 'PracticeSettingCode=PEDIATRICS^^1.2.9'));
  assert.deepEqual(versions.map((row) => [row[2], row[3], row[5]]), [['Approved', '1.2.3.78', 'Another title']]);
  const [, now] = versions[0];
  assert.notEqual(now, entry[1]);
  await done(xds('update', ...soap(), now.slice('urn:uuid:'.length), '--status', 'deprecated'));
  assert.equal((await done(query('GetDocuments', `EntryUUID=${now}`)))[0][2], 'Deprecated');
  assert.match((await xds('update', ...soap(), entry[1], '--title', 'Too late')).err, /no entry/);  // it is an old version
  assert.equal((await xds('update', ...soap(), now)).code, 2);
  assert.equal((await xds('update', ...soap(), now, '--status', 'approved', '--title', 'x')).code, 2);
  assert.equal((await xds('update', ...soap(), now, '--class', 'x')).code, 2);
  assert.match((await xds('update', ...soap(), '00000000-0000-4000-8000-000000000000', '--title', 'x')).err, /no entry/);
});

test('documents are removed from the repository, entries from the registry', async () => {
  const rows = await done(provide(join(folder, 'note.txt')));
  const [entry] = only(rows, 'DocumentEntry');
  const [set] = only(rows, 'SubmissionSet');
  const removal = (...argv) => xds('remove-documents', ...soap(), ...argv);
  assert.match((await removal('--repository', '1.2.3.4', entry[2])).err, /XDSUnknownRepositoryId/);
  await done(removal(entry[2]));
  assert.match((await xds('retrieve', ...soap(), '--out', '-', entry[2])).err, /XDSDocumentUniqueIdError/);
  assert.match((await removal(entry[2])).err, /XDSDocumentUniqueIdError/);
  assert.match((await xds('remove', ...soap(), entry[1])).err, /Exist/);  // its set would be left dangling
  const ids = (await done(query('GetSubmissionSetAndContents', `XDSSubmissionSetEntryUUID=${set[1]}`))).map((row) => row[1]);
  assert.ok(ids.length >= 3);
  await done(xds('remove', ...soap(), ...ids));
  assert.equal((await done(query('GetDocuments', `EntryUUID=${entry[1]}`))).length, 0);
});

test('two documents, a folder, and what replaces, appends to, transforms and signs an entry', async () => {
  const rows = await done(provide(join(folder, 'letter.pdf'), join(folder, 'note.txt'), '--new-folder', 'Case 7'));
  const [entry] = only(rows, 'DocumentEntry');
  const [made] = only(rows, 'Folder');
  const inside = await done(query('GetFolderAndContents', `XDSFolderEntryUUID=${made[1]}`));
  assert.equal(only(inside, 'DocumentEntry').length, 2);
  assert.equal(only(inside, 'Association').length, 2);
  const related = {};
  for (const [flag, type] of [['--appends', 'APND'], ['--transforms', 'XFRM'], ['--signs', 'signs'], ['--replaces', 'RPLC']])
    related[type] = only(await done(provide(join(folder, 'note.txt'), flag, entry[1])), 'DocumentEntry')[0][1];
  const told = await done(query('GetRelatedDocuments', `EntryUUID=${entry[1]}`, ...Object.keys(related).map((type) => `AssociationTypes=${type}`)));
  const types = only(told, 'Association').map((row) => [row[3], row[4], row[5]]);
  for (const [type, source] of Object.entries(related)) assert.ok(types.some((row) => row[0] === type && row[1] === source && row[2] === entry[1]), type);
  assert.equal((await done(query('GetDocuments', `EntryUUID=${entry[1]}`)))[0][2], 'Deprecated');
  await done(provide(join(folder, 'note.txt'), '--folder', made[1]));
  assert.equal(only(await done(query('GetFolderAndContents', `FolderEntryUUID=${made[1]}`)), 'DocumentEntry').length, 4);  // and the replacement
  const refs = await done(query('--refs', 'FindFolders', `PatientId=${patient}`));
  assert.ok(refs.some(([id]) => id === made[1]));
});

test('limited metadata need no codes and no patient', async () => {
  const rows = await done(xds('provide', ...soap(), '--limited', '--class', '', '--type', '', '--format', '', '--facility', '', '--practice', '', '--confidentiality', '',
    join(folder, 'note.txt')));
  assert.equal(only(rows, 'DocumentEntry').length, 1);
});

test('alternatives and lists that must be met as well are told apart', async () => {
  const rows = await done(provide(join(folder, 'note.txt'), '--confidentiality', 'R^Restricted^2.16.840.1.113883.5.25'));
  const [entry] = only(rows, 'DocumentEntry');
  const has = async (...more) => (await done(query('FindDocuments', `PatientId=${patient}`, ...more))).some((row) => row[1] === entry[1]);
  const r = 'R^^2.16.840.1.113883.5.25', n = 'N^^2.16.840.1.113883.5.25';
  assert.ok(await has(`ConfidentialityCode=${n}`, `ConfidentialityCode=${r}`));
  assert.ok(!await has(`ConfidentialityCode=${n}`, `ConfidentialityCode+=${r}`));
  assert.ok(!await has('Status=Deprecated'));
});

test('MHD: published, found, and the same document by XDS', async () => {
  const to = ['--to', server.base];
  const rows = await done(xds('publish', ...to, '--patient', patient, '--author', '^Weber^Anna', join(folder, 'letter.pdf'), join(folder, 'note.txt'), '--new-folder', 'Case 8'));
  assert.equal(rows.filter((row) => row[0].startsWith('201')).length, rows.length);
  assert.equal(rows.length, 6);  // set, folder, two references, two Binaries
  const id = /DocumentReference\/([^/]*)/.exec(rows.map((row) => row[1]).join(' '))[1];
  const found = await done(xds('find', ...to, 'patient.identifier=urn:oid:1.2.3.1|client-1', 'status=current', `_id=${id}`));
  assert.equal(found.length, 1);
  const [entry] = await done(query('GetDocuments', `EntryUUID=urn:uuid:${id}`));
  assert.equal(found[0][2], `urn:oid:${entry[3]}`);
  assert.ok([pdf, Buffer.from('a note')].some((bytes) => bytes.equals(pdf)));
  const fetched = await xds('retrieve', ...soap(), '--out', '-', entry[3]);
  assert.ok(fetched.bytes.equals(pdf) || fetched.bytes.toString() === 'a note');
  assert.ok((await done(xds('find', ...to, '--lists', 'patient.identifier=urn:oid:1.2.3.1|client-1', 'code=folder', 'status=current'))).some((row) => row[5] === 'Case 8'));
  const replaced = await done(xds('publish', ...to, '--patient', patient, '--replaces', id, join(folder, 'note.txt')));
  assert.ok(replaced.length);
  assert.equal((await done(query('GetDocuments', `EntryUUID=urn:uuid:${id}`)))[0][2], 'Deprecated');
});

test('what goes wrong is said, and told by the exit code', async () => {
  const wrong = async (code, pattern, ...argv) => {
    const told = await xds(...argv);
    assert.equal(told.code, code, `${argv}: ${told.err}`);
    assert.match(told.err, pattern);
  };
  await wrong(2, /FindDocuments/, 'query', 'FindNothing');
  await wrong(2, /no such parameter: Colour/, 'query', 'FindDocuments', 'Colour=red');
  await wrong(2, /several parameters end so/, 'query', 'GetAll', 'Status=Approved');
  await wrong(2, /NAME=VALUE/, 'query', 'FindDocuments', 'PatientId');
  await wrong(2, /subcommand/i, 'no-such-thing');
  await wrong(1, /cannot connect/, 'query', '--to', 'http://127.0.0.1:1/soap', 'FindDocuments', `PatientId=${patient}`);
  await wrong(1, /no http or https address/, 'query', '--to', 'ftp://127.0.0.1/', 'FindDocuments', `PatientId=${patient}`);
  await wrong(1, /XDSStoredQueryMissingParam/, 'query', ...soap(), 'FindDocuments');
  await wrong(1, /XDSStoredQueryMissingParam/, 'query', ...soap(), 'FindDocuments', 'PatientId=');
  await wrong(1, /XDSUnknownPatientId/, 'provide', ...soap(), '--patient', 'nobody^^^&1.2.3.1&ISO', join(folder, 'note.txt'));
  await wrong(1, /--patient is required/, 'provide', ...soap(), join(folder, 'note.txt'));
  await wrong(1, /nothing to submit/, 'provide', ...soap(), '--patient', patient);
  await wrong(1, /cannot be opened/, 'provide', ...soap(), '--patient', patient, join(folder, 'absent.txt'));
  await wrong(1, /XDSDocumentUniqueIdError/, 'retrieve', ...soap(), '1.2.3.404');
  await wrong(1, /XDSUnknownRepositoryId/, 'retrieve', ...soap(), '--repository', '1.2.3', '1.2.3.404');
  await wrong(1, /HTTP 400[^]*surname/, 'find', '--to', server.base, 'surname=x');
});

// ── a peer that is not ours ─────────────────────────────────────────────────────────────────────────────────────────
const wsa = 'http://www.w3.org/2005/08/addressing';
const envelope = (body, relates) => `<?xml version='1.0'?><env:Envelope xmlns:env='http://www.w3.org/2003/05/soap-envelope'><env:Header>` +
  `<RelatesTo xmlns='${wsa}'>${relates}</RelatesTo></env:Header><env:Body>${body}</env:Body></env:Envelope>`;
const response = (status, documents = '', errors = '') => `<RetrieveDocumentSetResponse xmlns='urn:ihe:iti:xds-b:2007'>` +
  `<r:RegistryResponse xmlns:r='urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0' status='${status}'>${errors}</r:RegistryResponse>${documents}</RetrieveDocumentSetResponse>`;
const success = 'urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success';
const document = (id, content) => `<DocumentResponse><RepositoryUniqueId>1.2</RepositoryUniqueId><DocumentUniqueId>${id}</DocumentUniqueId>` +
  `<mimeType>text/plain</mimeType><Document>${content}</Document></DocumentResponse>`;

// `answer(message)`: { status, type, body }; the last message that came is `seen`.
async function peer(answer, options = null) {
  const seen = [];
  const handle = async (request, reply) => {
    const bytes = Buffer.concat(await request.toArray());
    const message = read(bytes, request.headers['content-type'] ?? '', 200);
    message.id = /MessageID[^>]*>([^<]*)</.exec(message.text)[1];
    message.type = request.headers['content-type'];
    seen.push(message);
    const { status = 200, type = 'application/soap+xml', body } = answer(message);
    reply.writeHead(status, { 'Content-Type': type }).end(body);
  };
  const listener = options ? createSecureServer(options, handle) : createServer(handle);
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return { to: `${options ? 'https' : 'http'}://127.0.0.1:${listener.address().port}/repository`, seen, stop: () => listener.close() };
}
async function asking(answer, ...argv) {
  const stub = await peer(answer);
  try {
    return { ...await xds(...argv, '--to', stub.to), seen: stub.seen };
  } finally {
    stub.stop();
  }
}

test('another peer: MTOM in its own form, inline base64, plain SOAP', async () => {
  const mtom = (message) => ({
    type: 'Multipart/Related; boundary=outer--part; type="application/xop+xml"; start="<0.x%y@peer>"; start-info="application/soap+xml"',
    body: Buffer.concat(['--outer--part\r\ncontent-id: <doc 1@peer>\r\ncontent-type: text/plain\r\n\r\n', pdf,
      '\r\n--outer--part\r\nContent-ID: <0.x%y@peer>\r\nContent-Type: application/xop+xml; charset=utf-8; type="application/soap+xml"\r\n\r\n',
      envelope(response(success, document('1.2.3', `<Include xmlns='http://www.w3.org/2004/08/xop/include' href='cid:doc%201@peer'/>`)), message.id),
      '\r\n--outer--part--'].map((piece) => Buffer.from(piece))),
  });
  const told = await asking(mtom, 'retrieve', '--repository', '1.2', '--out', '-', '1.2.3');
  assert.equal(told.code, 0, told.err);
  assert.ok(told.bytes.equals(pdf));
  const [message] = told.seen;
  assert.match(message.type, /^multipart\/related/i);
  assert.equal(descendants(message.body, 'RepositoryUniqueId')[0].textContent, '1.2');
  const inline = await asking(({ id }) => ({ body: envelope(response(success, document('1.2.3', 'YSBub3Rl')), id) }), 'retrieve', '--repository', '1.2', '--out', '-', '1.2.3');
  assert.equal(inline.bytes.toString(), 'a note');
});

test('another peer: partial success gives what there is, and the error', async () => {
  const error = `<r:RegistryErrorList><r:RegistryError errorCode='XDSDocumentUniqueIdError' codeContext='no \u001b[31m' severity='urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Error' location='9'/></r:RegistryErrorList>`.replace('\u001b', '&#9;');
  const told = await asking(({ id }) => ({ body: envelope(response('urn:ihe:iti:2007:ResponseStatusType:PartialSuccess', document('1.2.3', 'YSBub3Rl'), error), id) }),
    'retrieve', '--repository', '1.2', '--out', '-', '1.2.3', '1.2.4');
  assert.equal(told.code, 1);
  assert.equal(told.bytes.toString(), 'a note');
  assert.match(told.err, /XDSDocumentUniqueIdError: no  \[31m \(9\)/);
});

test('another peer: faults, other answers, documents that were not asked for and broken ones are refused', async () => {
  const refuse = async (pattern, answer) => {
    const out = mkdtempSync(join(folder, 'refused-'));
    const told = await asking(answer, 'retrieve', '--repository', '1.2', '--out', out, '1.2.3');
    assert.equal(told.code, 1);
    assert.match(told.err, pattern);
    assert.deepEqual(readdirSync(out), []);
  };
  const fault = "<env:Fault xmlns:env='http://www.w3.org/2003/05/soap-envelope'><env:Code><env:Value>env:Receiver</env:Value></env:Code><env:Reason><env:Text xml:lang='en'>out of paper</env:Text></env:Reason></env:Fault>";
  await refuse(/env:Receiver: out of paper/, ({ id }) => ({ status: 500, body: envelope(fault, id) }));
  await refuse(/another message/, () => ({ body: envelope(response(success), 'urn:uuid:00000000-0000-4000-8000-000000000000') }));
  await refuse(/not asked for: \.\.\/\.\.\/etc/, ({ id }) => ({ body: envelope(response(success, document('../../etc/passwd', 'YQ==')), id) }));
  await refuse(/without status/, ({ id }) => ({ body: envelope('<x/>', id) }));
  await refuse(/HTTP 502/, () => ({ status: 502, type: 'text/html', body: '<html>Bad Gateway' }));
  await refuse(/alzette: /, ({ id }) => ({ body: envelope(response(success, document('1.2.3', "<Include xmlns='http://www.w3.org/2004/08/xop/include' href='http://127.0.0.1/x'/>")), id) }));
  await refuse(/alzette: /, ({ id }) => ({ body: `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>${envelope(response(success), id).replace(/^<\?xml[^>]*\?>/, '')}` }));
});

test('another peer: what a query sends', async () => {
  const empty = ({ id }) => ({ body: envelope(`<q:AdhocQueryResponse xmlns:q='urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0' status='${success}'><RegistryObjectList xmlns='urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0'/></q:AdhocQueryResponse>`, id) });
  const told = await asking(empty, 'query', 'FindDocuments', "PatientId=o'neil^^^&1.2&ISO", 'ClassCode=a^^1', 'ClassCode=b^^1', 'EventCodeList=x^^1', 'EventCodeList+=y^^1', 'CreationTimeFrom=2024');
  assert.equal(told.code, 0, told.err);
  const slots = descendants(told.seen[0].body, 'Slot').map((slot) => [slot.getAttribute('name'), descendants(slot, 'Value').map((value) => value.textContent)]);
  assert.deepEqual(slots, [
    ['$XDSDocumentEntryPatientId', ["'o''neil^^^&1.2&ISO'"]], ['$XDSDocumentEntryClassCode', ["('a^^1')", "('b^^1')"]],
    ['$XDSDocumentEntryEventCodeList', ["('x^^1')"]], ['$XDSDocumentEntryEventCodeList', ["('y^^1')"]], ['$XDSDocumentEntryCreationTimeFrom', ['2024']],
    ['$XDSDocumentEntryStatus', ["('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')"]]]);
  const several = await asking(empty, 'query', 'FindDocumentsForMultiplePatients', 'PatientId=1^^^&1.2&ISO', 'PatientId=2^^^&1.2&ISO');
  assert.match(several.seen[0].text, /urn:ihe:iti:2009:MultiPatientStoredQuery/);
});

test('TLS: the peer must be vouched for, and asks for our certificate', async () => {
  const made = (name, subject) => {
    const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
    const run = spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', `/CN=${name}`, '-addext', `subjectAltName=${subject}`]);
    assert.equal(run.status, 0, String(run.stderr));
    return { key, cert };
  };
  const [peers, own, other] = [made('peer', 'IP:127.0.0.1'), made('client', 'DNS:client'), made('stranger', 'DNS:elsewhere.example')];
  const answer = ({ id }) => ({ body: envelope(response(success, document('1.2.3', 'YSBub3Rl')), id) });
  const listen = ({ key, cert }) => peer(answer, { key: readFileSync(key), cert: readFileSync(cert), ca: readFileSync(own.cert), requestCert: true, rejectUnauthorized: true });
  const retrieve = (stub, ...argv) => xds('retrieve', '--to', stub.to, '--repository', '1.2', '--out', '-', '1.2.3', ...argv);
  const good = await listen(peers);
  const told = await retrieve(good, '--ca', peers.cert, '--cert', own.cert, '--key', own.key);
  assert.equal(told.code, 0, told.err);
  assert.equal(told.bytes.toString(), 'a note');
  assert.match((await retrieve(good, '--cert', own.cert, '--key', own.key)).err, /TLS: .*certificate/);  // nobody vouches for it
  assert.equal((await retrieve(good, '--ca', peers.cert)).code, 1);  // we show none
  assert.equal((await retrieve(good, '--ca', join(folder, 'absent.pem'))).code, 1);
  assert.equal((await retrieve(good, '--cert', own.cert)).code, 2);
  const misnamed = await listen(other);
  assert.match((await retrieve(misnamed, '--ca', other.cert, '--cert', own.cert, '--key', own.key)).err, /TLS: /);
  assert.equal(misnamed.seen.length, 0);
  good.stop();
  misnamed.stop();
});
