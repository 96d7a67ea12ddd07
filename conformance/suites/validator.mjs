// Verdicts of HL7's validator cases that need nothing beyond R4 and the files beside them: is there an error or none, for
// the resource by itself and for the profile that the case names. What a case needs is stored before and deleted after;
// what the server does not store for its faults comes as a package, which is taken in as it is.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { install, uninstall } from '../package.mjs';
import { ask, start } from '../server.mjs';

export const folder = 'fhir-test-cases/validator';

const isXml = (name) => name.endsWith('.xml');
const media = (name) => `application/fhir+${isXml(name) ? 'xml' : 'json'}`;

const rootId = /(<[A-Z]\w+(?:\s[^>]*)?>\s*<id\s+value=")([^"]*)"/;

// Type, id and url of a file without reading it as FHIR: that is the server's part.
function facts(name, text) {
  if (!isXml(name)) {
    try {
      const { resourceType, id, url } = JSON.parse(text.replace(/^\uFEFF/, ''));
      return { type: resourceType, id, url };
    } catch {
      return { type: /"resourceType"\s*:\s*"(\w+)"/.exec(text)?.[1] ?? 'Patient' };
    }
  }
  const type = /<(?:\w+:)?([A-Z]\w+)[\s>]/.exec(text.replace(/<!--[\s\S]*?-->/g, ''))?.[1];
  const url = /^\s*<url\s+value="([^"]*)"/m.exec(text)?.[1];
  return { type, id: rootId.exec(text)?.[2], url };
}

const withId = (name, text, id) => {
  if (!isXml(name)) return JSON.stringify({ ...JSON.parse(text.replace(/^\uFEFF/, '')), id });
  return rootId.test(text) ? text.replace(rootId, `$1${id}"`) : text.replace(/(<[A-Z]\w+[^>]*>)/, `$1<id value="${id}"/>`);
};

async function load(server, dir, names, kept) {
  for (const name of names) {
    const text = readFileSync(join(dir, name), 'utf8');
    const { type, id } = facts(name, text);
    const place = `${server.base}/${type}/${/^[A-Za-z0-9.-]{1,64}$/.test(id ?? '') ? id : `case-${kept.length}`}`;
    const answer = await ask('PUT', place, withId(name, text, place.split('/').pop()), { 'Content-Type': media(name) });
    if (answer.status < 300) kept.push(place);
    else kept.refused.push({ name, text });
  }
  if (kept.refused.length) await install(server, 'case', kept.refused);
}

async function verdict(server, name, text, profile) {
  const query = profile ? `?profile=${encodeURIComponent(profile)}` : '';
  const { type } = facts(name, text);
  let body = text;
  // A Parameters resource to be validated comes inside the operation's own.
  if (type === 'Parameters') body = isXml(name)
    ? `<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="resource"/><resource>${text.replace(/<\?[\s\S]*?\?>/g, '')}</resource></parameter></Parameters>`
    : `{"resourceType":"Parameters","parameter":[{"name":"resource","resource":${text}}]}`;
  const answer = await ask('POST', `${server.base}/${type}/$validate${query}`, body, { 'Content-Type': media(name) });
  const issues = JSON.parse(answer.text).issue ?? [];
  const errors = issues.filter(({ severity }) => severity === 'error' || severity === 'fatal');
  const told = errors.slice(0, 4).map(({ expression, diagnostics }) => `${expression?.[0] ?? ''} ${diagnostics}`);
  return { verdict: errors.length ? 'invalid' : 'valid', status: answer.status, told: told.join(' | ').slice(0, 700) };
}

export async function* cases(dir) {
  const { 'test-cases': all } = JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8'));
  const server = await start();
  const seen = new Map();
  try {
    for (const test of all.filter((one) => one['x-offline'])) {
      const text = readFileSync(join(dir, test.file), 'utf8');
      const number = (seen.get(test.name) ?? 0) + 1;
      seen.set(test.name, number);
      const id = number > 1 ? `${test.name}#${number}` : test.name;
      const kept = Object.assign([], { refused: [] });
      await load(server, dir, [...(test.supporting ?? []), ...(test.profiles ?? [])], kept);
      const judge = async (wanted, what, profile) => {
        const found = await verdict(server, test.file, text, profile);
        const reason = `${wanted} wanted, ${found.verdict} found (${found.status}) ${found.told}` +
          (kept.refused.length ? ` [by package: ${kept.refused.map(({ name }) => name)}]` : '');
        return { id: `${id} ${what}`, pass: found.verdict === wanted, reason };
      };
      if (test['x-verdict']) yield await judge(test['x-verdict'], 'base');
      const { source, supporting = [] } = test.profile ?? {};
      if (test['x-profile-verdict']) {
        const file = /\.(json|xml)$/.test(source);
        await load(server, dir, file ? [...supporting, source] : supporting, kept);
        const url = file ? facts(source, readFileSync(join(dir, source), 'utf8')).url : source;
        yield await judge(test['x-profile-verdict'], 'profile', url);
      }
      for (const place of kept) await ask('DELETE', place);
      if (kept.refused.length) uninstall(server, 'case');
    }
  } finally {
    await server.stop();
  }
}
