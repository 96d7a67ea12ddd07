// HL7's official R4 example instances: stored from JSON, read as XML, stored from that, read as JSON: the same again.
// Those that break a rule are converted to XML and back without being stored.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { difference, parse } from '../lossless.mjs';
import { ask, start } from '../server.mjs';

export const folder = 'r4-examples-json';

const xml = { 'Content-Type': 'application/fhir+xml', Accept: 'application/fhir+xml' };
const refused = JSON.parse(readFileSync(new URL('./r4_examples_refused.json', import.meta.url), 'utf8'));

async function converted(server, text) {
  const document = await ask('POST', `${server.base}/$convert`, text, { Accept: 'application/fhir+xml' });
  const back = await ask('POST', `${server.base}/$convert`, document.text, { 'Content-Type': 'application/fhir+xml' });
  const at = back.status === 200 ? difference(parse(text), parse(back.text)) : back.text.slice(0, 300);
  return { pass: at === null, reason: at && `differs at ${at}` };
}

export async function* cases(dir) {
  const server = await start();
  try {
    for (const name of readdirSync(dir).filter((file) => file.endsWith('.json')).sort()) {
      const text = readFileSync(join(dir, name), 'utf8');
      if (name in refused) { yield { id: name, ...await converted(server, text) }; continue; }
      const { resourceType, id } = parse(text);
      const place = `${server.base}/${resourceType}/${id}`;
      await ask('PUT', place, text);
      const before = parse((await ask('GET', place)).text);
      const document = await ask('GET', place, undefined, xml);
      await ask('DELETE', place);
      const again = await ask('PUT', place, document.text, xml);
      const after = parse((await ask('GET', place)).text);
      for (const resource of [before, after]) delete resource.meta?.lastUpdated, delete resource.meta?.versionId;
      const at = again.status < 300 ? difference(before, after) : again.text.slice(0, 300);
      yield { id: name, pass: at === null, reason: at && `differs at ${at}` };
    }
  } finally {
    await server.stop();
  }
}
