// A FHIR package (.tgz) of resources: https://hl7.org/fhir/packages.html
import { gzipSync } from 'node:zlib';

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

// `resources`: their JSON, as text.
export function packageOf(name, version, resources) {
  return gzipSync(Buffer.concat([
    entry('package/package.json', JSON.stringify({ name, version, fhirVersions: ['4.0.1'] })),
    ...resources.map((text, at) => entry(`package/${at}.json`, text)), Buffer.alloc(1024)]));
}
