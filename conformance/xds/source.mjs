// Units of the toolkit in which the actor under test is a Document Source: our own client submits, and what it sent is
// looked at as the toolkit's simulator looks at it.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from '../server.mjs';
import { serialize } from './metadata.mjs';
import { descendants, parse, read, verdict } from './soap.mjs';

export const isSource = (unit) => /^XdsDocSrcSubmissionTest-/.test(unit);

// What an operator types for each section; `had`: the first entry and the folder that sections before it made.
const flags = {
  SubmitSingleDoc: ({ one }) => [one],
  SubmitTwoDocs: ({ one, two }) => [one, two],
  SubmitRplc: ({ one, had }) => [one, '--replaces', had.DocumentEntry],
  SubmitApnd: ({ one, had }) => [one, '--appends', had.DocumentEntry],
  SubmitXfrmRplc: ({ one, had }) => [one, '--transforms-and-replaces', had.DocumentEntry],
  SubmitFolder: () => ['--new-folder', 'Folder'],
  SubmitFolderwDoc: ({ one }) => [one, '--new-folder', 'Folder'],
  AssociateNewDEwithExistingFolder: ({ one, had }) => [one, '--folder', had.Folder],
  AssociateExistingDEwithExistingFolder: ({ had }) => ['--folder', had.Folder, '--member', had.DocumentEntry],
};

// Passes messages on to `address` and keeps the last one with its answer.
async function between(address) {
  const seen = {};
  const server = createServer(async (request, response) => {
    const bytes = Buffer.concat(await request.toArray());
    const type = request.headers['content-type'];
    const answer = await fetch(address, { method: 'POST', body: bytes, headers: { 'Content-Type': type } });
    const back = Buffer.from(await answer.arrayBuffer());
    seen.request = read(bytes, type, 200);
    seen.answer = read(back, answer.headers.get('content-type'), answer.status);
    response.writeHead(answer.status, { 'Content-Type': answer.headers.get('content-type') }).end(back);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { seen, address: `http://127.0.0.1:${server.address().port}/`, stop: () => server.close() };
}

function type(argv) {
  const child = spawn(program, ['xds', 'provide', ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '', err = '';
  child.stdout.on('data', (piece) => { out += piece; });
  child.stderr.on('data', (piece) => { err += piece; });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
}

// null, or why what was sent is not what the toolkit expects by this name.
function contentFault(request, name, count) {
  const folderNode = 'urn:uuid:d9d542f3-6cc4-48b6-8870-ea235fbc94c2';
  const folders = descendants(request, 'RegistryPackage').filter((one) => descendants(one, 'Classification').some((label) => label.getAttribute('classificationNode') === folderNode));
  const counts = { SubmissionSets: descendants(request, 'RegistryPackage').length - folders.length, Folders: folders.length,
    Documents: descendants(request, 'ExtrinsicObject').length, Associations: descendants(request, 'Association').length };
  const expect = (wanted) => Object.entries(wanted).filter(([kind, number]) => counts[kind] !== number).map(([kind, number]) => `${counts[kind]} ${kind} instead of ${number}`).join(', ') || null;
  const has = (relation) => (descendants(request, 'Association').some((one) => one.getAttribute('associationType').endsWith(`:${relation}`)) ? null : `no ${relation}`);
  const rules = {
    SSwithOneDocOnly: () => expect({ SubmissionSets: 1, Documents: 1, Folders: 0 }), SSwithTwoDocOnly: () => expect({ SubmissionSets: 1, Documents: 2, Folders: 0 }),
    SSwithOneFol: () => expect({ SubmissionSets: 1, Documents: 0, Folders: 1 }), SSwithOneDocOneFol: () => expect({ SubmissionSets: 1, Documents: 1, Folders: 1 }),
    HasRPLC: () => has('RPLC'), HasAPND: () => has('APND'), HasXFRM_RPLC: () => has('XFRM_RPLC'),
    SubmissionSets: () => expect({ SubmissionSets: count }), Documents: () => expect({ Documents: count }), Associations: () => expect({ Associations: count }),
  };
  return rules[name] ? rules[name]() : `nobody knows what ${name} means`;
}

// null, or what went wrong first. `soap`, `patient` (CX), `validate`: as of the player.
export async function playSource(folder, { soap, patient, validate }) {
  const scratch = mkdtempSync(join(tmpdir(), 'source-'));
  const [one, two] = ['one.txt', 'two.txt'].map((name) => { writeFileSync(join(scratch, name), name); return join(scratch, name); });
  const proxy = await between(soap);
  const had = {};
  try {
    for (const section of readFileSync(join(folder, 'index.idx'), 'utf8').split(/\s+/).filter((line) => line && !line.startsWith('#'))) {
      if (!flags[section]) return `${section}: nobody knows how to submit this`;
      const { code, out, err } = await type(['--to', proxy.address, '--patient', patient, ...flags[section]({ one, two, had })]);
      if (code !== 0) return `${section}: ${err}`;
      for (const [kind, id] of out.split('\n').map((line) => line.split('\t'))) if (kind) had[kind] = section === 'SubmitSingleDoc' || !had[kind] ? id : had[kind];
      if (verdict(proxy.seen.answer).status !== 'Success') return `${section}: the answer is ${verdict(proxy.seen.answer).status}`;
      const request = proxy.seen.request.body;
      const invalid = await validate(serialize(request));
      if (invalid) return `${section}: what we send is not valid: ${invalid}`;
      for (const rule of descendants(parse(readFileSync(join(folder, section, 'testplan.xml'), 'utf8').trim()), 'ExpectedContentsValidater')) {
        const name = rule.getAttribute('requestMsgExpectedContent');
        const fault = name && contentFault(request, name, Number(rule.getAttribute('requestMsgECCount')));
        if (fault) return `${section}: ${fault}`;
      }
    }
    return null;
  } finally {
    proxy.stop();
    rmSync(scratch, { recursive: true });
  }
}
