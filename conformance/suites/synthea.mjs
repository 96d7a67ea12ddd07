// Synthea transaction bundles: every entry is accepted, and every resource reads back as it was sent, decimals to the
// digit, with references rewritten as the transaction says. By HTTP, and by `alzette load`.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { difference, parse } from '../lossless.mjs';
import { ask, run, start } from '../server.mjs';

export const folder = 'synthea-bundles';

export const inOrder = (dir) => readdirSync(dir).filter((name) => name.endsWith('.json')).sort((a, b) => {
  const rank = (name) => (name.startsWith('hospital') ? 0 : name.startsWith('practitioner') ? 1 : 2);
  return rank(a) - rank(b) || a.localeCompare(b);
});

// References as the server must have stored them: urn:uuid by this bundle's entries (never Identifier.value), conditional
// ones by search.
async function resolved(value, places, base, found) {
  if (Array.isArray(value)) {
    for (const item of value) await resolved(item, places, base, found);
  } else if (value && typeof value === 'object') {
    for (const [name, member] of Object.entries(value)) {
      if (typeof member === 'string' && name !== 'value' && places.has(member)) value[name] = places.get(member);
      else if (name === 'reference' && typeof member === 'string' && /^[A-Z][A-Za-z]+\?/.test(member)) {
        if (!found.has(member)) {
          const entry = JSON.parse((await ask('GET', `${base}/${member}`)).text).entry ?? [];
          found.set(member, entry.length === 1 ? `${entry[0].resource.resourceType}/${entry[0].resource.id}` : member);
        }
        value[name] = found.get(member);
      } else await resolved(member, places, base, found);
    }
  }
}

export async function* cases(dir) {
  const server = await start();
  const found = new Map();
  try {
    for (const name of inOrder(dir)) {
      const text = readFileSync(join(dir, name), 'utf8');
      const answer = await ask('POST', server.base, text);
      const sent = parse(text).entry;
      const got = answer.status === 200 ? JSON.parse(answer.text).entry : [];
      const location = (i) => /[A-Z]\w+\/[^/]+(?=\/_history|$)/.exec(got[i]?.response?.location ?? '')?.[0];
      const places = new Map(sent.map((entry, i) => [entry.fullUrl, location(i)]).filter(([url, at]) => url && at));
      for (const [i, entry] of sent.entries()) {
        const id = `${name} entry[${i}] ${entry.resource.resourceType}`;
        const status = got[i]?.response?.status ?? `${answer.status} ${answer.text.slice(0, 300)}`;
        if (!/^20[01]/.test(status)) { yield { id, pass: false, reason: status }; continue; }
        const back = await ask('GET', `${server.base}/${location(i)}`);
        if (back.status !== 200) { yield { id, pass: false, reason: `read: ${back.status}` }; continue; }
        const expected = entry.resource;
        const actual = parse(back.text);
        await resolved(expected, places, server.base, found);
        for (const resource of [expected, actual]) { delete resource.id; delete resource.meta; }
        const place = difference(expected, actual);
        yield { id, pass: place === null, reason: place && `differs at ${place}` };
      }
    }
  } finally {
    await server.stop();
  }
  const data = mkdtempSync(join(tmpdir(), 'alzette-'));
  const result = run('load', '--data', data, dir);
  yield { id: 'alzette load', pass: result.status === 0, reason: result.status === 0 ? null : result.stderr.slice(-500) };
  rmSync(data, { recursive: true, force: true });
}
