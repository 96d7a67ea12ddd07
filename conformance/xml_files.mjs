// XML files of R4 resources: stored as they are, read as XML and saying the same; what is JSON beside them likewise.
// What breaks a rule of its content is not stored, but converted to JSON and back. A file that is no R4 resource, or
// not in its shape, stands in `refused` with the reason.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { difference as differs, parse } from './lossless.mjs';
import { ask, start } from './server.mjs';
import { difference, read, without_identity } from './xml.mjs';

const xml = { 'Content-Type': 'application/fhir+xml', Accept: 'application/fhir+xml' };

async function converted(server, text) {
  const json = await ask('POST', `${server.base}/$convert`, text, { 'Content-Type': 'application/fhir+xml' });
  if (json.status !== 200) return `${json.status}: ${json.text.slice(0, 300)}`;
  const back = await ask('POST', `${server.base}/$convert`, json.text, { Accept: 'application/fhir+xml' });
  const at = difference(read(text), read(back.text));
  return at && `differs at ${at}`;
}

async function check_xml(server, text) {
  const root = /<(?:\w+:)?([A-Z]\w+)[\s>]/.exec(text)?.[1] ?? 'Patient';
  const answer = await ask('POST', `${server.base}/${root}`, text, xml);
  if (answer.status !== 201) return converted(server, text);
  const place = answer.headers.get('location').replace(/\/_history\/.*/, '');
  const back = await ask('GET', place, undefined, xml);
  const at = difference(without_identity(read(text)), without_identity(read(back.text)));
  if (at) return `differs at ${at}`;
  const json = await ask('GET', place);
  if (JSON.parse(json.text).resourceType !== root) return 'is not read as JSON';
  const again = await ask('PUT', place, back.text, xml);
  return again.headers.get('etag') === back.headers.get('etag') ? null : 'what was read is not what is stored';
}

async function check_json(server, text) {
  const sent = parse(text);
  const answer = await ask('POST', `${server.base}/${sent.resourceType}`, text);
  if (answer.status !== 201) return `${answer.status}: ${answer.text.slice(0, 300)}`;
  const place = answer.headers.get('location').replace(/\/_history\/.*/, '');
  const document = await ask('GET', place, undefined, xml);
  await ask('PUT', place, document.text, xml);
  const back = parse((await ask('GET', place)).text);
  for (const resource of [sent, back]) {
    delete resource.id;
    for (const name of ['versionId', 'lastUpdated']) delete resource.meta?.[name];
    if (resource.meta && !Object.keys(resource.meta).length) delete resource.meta;
  }
  const at = differs(sent, back);
  return at && `differs at ${at}`;
}

export async function* cases(dir, endings, refused) {
  const server = await start();
  try {
    for (const name of readdirSync(dir, { recursive: true }).sort()) {
      const ending = endings.find((end) => name.endsWith(end));
      if (!ending) continue;
      const text = readFileSync(join(dir, name), 'utf8');
      const reason = await (ending === '.xml' ? check_xml : check_json)(server, text);
      const known = Object.entries(refused).find(([part]) => name.includes(part));
      if (known && /^4\d\d/.test(reason)) yield { id: name, pass: true, reason: known[1] };
      else yield { id: name, pass: reason === null && !known, reason: known ? `taken, though ${known[1]}` : reason };
    }
  } finally {
    await server.stop();
  }
}
