// ITI-64 at the registry: documents follow the local identifier that they came under to the patient whose it is, as new
// versions, with their folder and what ties them to each other; where that would tear something apart, nothing changes.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect, field } from '../../conformance/mllp.mjs';
import { ask, start } from '../../conformance/server.mjs';
import { verdict } from '../../conformance/xds/soap.mjs';
import { ask18, byUnique, code, cx, find, identifier, oid, provide, provided, slot, uid } from './parts/documents.mjs';

const folder = mkdtempSync(join(tmpdir(), 'alzette-links-'));
const file = join(folder, 'domains.json');
const has_member = 'urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember';
let server;
let client;
let counter = 0;

before(async () => {
  writeFileSync(file, JSON.stringify([{ name: 'A', oid }, { name: 'B', oid: '1.2.3.2' }]));
  server = await start({ flags: ['--mllp', '127.0.0.1:0', '--domains', file, '--match-links', 'off'] });
  client = connect(server.mllp);
});
after(async () => { client.close(); await server.stop(); rmSync(folder, { recursive: true, force: true }); });

const send = (event, rest) => client.send(`MSH|^~\\&|1.2.3.99|PIX|ALZETTE|LU|20260101||ADT^${event}|L${++counter}|P|2.5\rEVN||20260101\r${rest}\r`);
async function accept(event, rest) {
  const answer = await send(event, rest);
  assert.equal(field(answer, 'MSA', 1), 'AA', answer);
}
const local = (value) => `${value}^^^&amp;1.2.3.2&amp;ISO`;
async function document(patient, source, associations = '') {
  const unique = uid();
  const answer = await provide(server, provided({ unique, id: patient, associations }).replace(cx('src'), local(source)), Buffer.from(`document ${unique}`));
  assert.equal(verdict(answer).status, 'Success', answer.text);
  return unique;
}
const entries = (text) => text.split('<rim:ExtrinsicObject ').slice(1).map((entry) => ({
  id: entry.match(/\bid="([^"]+)"/)[1], lid: entry.match(/\blid="([^"]+)"/)[1], version: entry.match(/versionName="(\d+)"/)[1],
  unique: entry.match(/identificationScheme="urn:uuid:2e82c1f6[^>]*value="([^"]+)"/)[1],
  status: entry.match(/ status="[^"]*:(\w+)"/)[1], source: entry.match(/sourcePatientId"[^]*?Value>([^<]+)</)[1],
}));
const found = async (patient) => entries((await find(server, patient)).text).map(({ unique }) => unique).sort();
const entry = async (unique) => entries((await byUnique(server, unique)).text).find(({ status }) => status === 'Approved');
const appended = (to) => `<Association id="AP" associationType="urn:ihe:iti:2007:AssociationType:APND" sourceObject="D" targetObject="${to}"/>`;
const into_folder = (name, ...members) => `<RegistryPackage id="F">${code('1ba97051-7806-41a8-a48b-8fce7af683c5', 'F', 'FOLDER')}<Name><LocalizedString value="Folder"/></Name>` +
  `<Classification id="f" classifiedObject="F" classificationNode="urn:uuid:d9d542f3-6cc4-48b6-8870-ea235fbc94c2"/>${identifier('75df8f67-9973-4fbe-a900-df66cefecc5a', 'F', name)}` +
  `${identifier('f64ffdf0-4b97-4e06-b79f-a52b38ec2f8a', 'F', cx('X1'))}</RegistryPackage><Association id="SF" associationType="${has_member}" sourceObject="S" targetObject="F"/>` +
  members.map((member, n) => `<Association id="FD${n}" associationType="${has_member}" sourceObject="F" targetObject="${member}"/>` +
    `<Association id="SFD${n}" associationType="${has_member}" sourceObject="S" targetObject="FD${n}"/>`).join('');
const folders = async (patient) => (await ask18(server, '958f3006-baad-4929-a4de-ff1114824431', {
  XDSFolderPatientId: `'${cx(patient)}'`, XDSFolderStatus: "('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')" })).text;

test('documents, their folder and what they are related to follow a local identifier', async () => {
  await accept('A28', 'PID|||X1^^^A~L1^^^B||LINK^X');
  await accept('A28', 'PID|||X2^^^A||LINK^Y');
  const first = await document('X1', 'L1');
  const { id: original } = await entry(first);
  const name = uid();
  const second = await document('X1', 'L1', appended(original) + into_folder(name, 'D', original));
  const stays = await document('X1', 'OTHER');
  assert.deepEqual(await found('X1'), [first, second, stays].sort());
  await accept('A43^ADT_A43', 'PID|||X2^^^A~L1^^^B\rMRG|X1^^^A');
  assert.deepEqual([await found('X1'), await found('X2')], [[stays], [first, second].sort()]);
  const moved = await entry(first);
  assert.deepEqual([moved.lid, moved.version, moved.source], [original, '2', local('L1')]);
  const before = (await ask18(server, '5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4', { XDSDocumentEntryEntryUUID: `('${original}')`, MetadataLevel: '2' })).text;
  assert.deepEqual(entries(before).map(({ version, status, source }) => [version, status, source]), [['1', 'Deprecated', local('L1')]]);
  assert.deepEqual([(await folders('X1')).includes(name), (await folders('X2')).includes(name)], [false, true]);
  const both = (await ask18(server, 'd90e5407-b356-4d91-a89f-873917b4b0e6', { XDSDocumentEntryEntryUUID: `'${moved.id}'`, AssociationTypes: "('urn:ihe:iti:2007:AssociationType:APND')" })).text;
  assert.deepEqual(entries(both).map(({ unique }) => unique).sort(), [first, second].sort());
  const sets = (await ask18(server, '51224314-5390-4169-9b91-b1980040715a', { uuid: `('${moved.id}')` })).text;
  assert.match(sets, /value="1\.2\.3\.99"/);  // who told of it
  assert.match(sets, /PreviousVersion/);
  const { id } = JSON.parse((await ask('GET', `${server.base}/Patient?identifier=urn:oid:${oid}|X2`)).text).entry[0].resource;
  const seen = JSON.parse((await ask('GET', `${server.base}/DocumentReference?patient=${id}&status=current`)).text);
  assert.equal(seen.total, 2);
});

test('what would be of two patients is left as it is, and the message is refused', async () => {
  await accept('A28', 'PID|||X3^^^A~L3^^^B||LINK^Z');
  const one = await document('X3', 'L3');
  const other = await document('X3', 'OTHER', appended((await entry(one)).id));
  const answer = await send('A43^ADT_A43', 'PID|||X2^^^A~L3^^^B\rMRG|X3^^^A');
  assert.match(answer, /\rMSA\|AE.*ITI-57/s);
  assert.deepEqual(await found('X3'), [one, other].sort());
  const pix = await client.send(`MSH|^~\\&|APP|F|ALZETTE|LU|20260101||QBP^Q23^QBP_Q21|L${++counter}|P|2.5\rQPD|IHE PIX Query|T|L3^^^B|^^^A\rRCP|I\r`);
  assert.match(field(pix, 'PID', 3), /^X3\^/);
});

test('a local identifier that was merged into another one is the source of its documents no more', async () => {
  await accept('A28', 'PID|||X4^^^A~L4^^^B||LINK^W');
  await accept('A28', 'PID|||L5^^^B||LINK^W');
  const unique = await document('X4', 'L5');
  await accept('A43^ADT_A43', 'PID|||X4^^^A~L4^^^B\rMRG|X4^^^A~L5^^^B');
  const now = await entry(unique);
  assert.deepEqual([now.version, now.source, await found('X4')], ['2', local('L4'), [unique]]);
});
