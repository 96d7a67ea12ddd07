// A FHIR package (.tgz) of resources: https://hl7.org/fhir/packages.html
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ask, run } from './server.mjs';

// One file of a tar archive: POSIX ustar.
function entry(path, text) {
  const content = Buffer.from(text);
  const header = Buffer.alloc(512);
  header.write(path, 0);
  header.write(content.length.toString(8).padStart(11, '0'), 124);
  header.write('0', 156);
  header.write('ustar', 257);
  header.fill(' ', 148, 156);
  header.write(`${header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

// `resources`: their JSON, as text. `basis`: what package.json says of the release of FHIR.
export function packageOf(name, version, resources, basis = { fhirVersions: ['4.0.1'] }) {
  return gzipSync(Buffer.concat([
    entry('package/package.json', JSON.stringify({ name, version, ...basis })),
    ...resources.map((text, at) => entry(`package/${at}.json`, text)), Buffer.alloc(1024)]));
}

// Adds the files ({ name, text }) to a running server as the package `name`. A package has JSON alone: $convert makes it
// of XML, if that is FHIR at all.
export async function install(server, name, files) {
  const resources = [];
  for (const { name: file, text } of files) {
    const made = file.endsWith('.xml') &&
      await ask('POST', `${server.base}/$convert`, text, { 'Content-Type': 'application/fhir+xml' });
    if (!made || made.status === 200) resources.push(made ? made.text : text);
  }
  const path = join(server.data, `${name}.tgz`);
  writeFileSync(path, packageOf(name, '1.0.0', resources));
  return run('package', 'add', path, '--data', server.data);
}

export const uninstall = (server, name) => run('package', 'remove', name, '--data', server.data);
