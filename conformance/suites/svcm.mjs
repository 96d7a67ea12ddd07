// IHE SVCM on the connectathon's sets: every code system is stored and its codes looked up (ITI-96), every value set
// expanded (ITI-97) to the codes that it lists, each of these validated (ITI-98), every concept map translated (ITI-101).
// Value sets that filter a licensed code system must be refused, not answered by halves.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ask, start } from '../server.mjs';

export const folder = 'ihe-connectathon/profile_test_data/ITI/SVCM';

const flat = (rows) => (rows ?? []).flatMap((row) => [row, ...flat(row.contains ?? row.concept)]);
const value = (parameters, name) => {
  const found = parameters.parameter?.find((one) => one.name === name) ?? {};
  return found[Object.keys(found).find((key) => key.startsWith('value'))];
};

async function store(dir, type, server) {
  const stored = [];
  for (const file of readdirSync(join(dir, type)).sort()) {
    const xml = readFileSync(join(dir, type, file), 'utf8');
    const id = /<id value="([^"]+)"/.exec(xml)?.[1];
    const answer = await ask('PUT', `${server.base}/${type}/${id}`, xml, { 'Content-Type': 'application/fhir+xml' });
    const back = answer.status < 300 ? JSON.parse((await ask('GET', `${server.base}/${type}/${id}`)).text) : null;
    stored.push({ file: `${type}/${file}`, id, back, reason: back ? null : `${answer.status} ${answer.text.slice(0, 300)}` });
  }
  return stored;
}

async function lookUp({ back }, server) {
  for (const { code, display } of flat(back.concept)) {
    const told = JSON.parse((await ask('GET', `${server.base}/CodeSystem/$lookup?system=${encodeURIComponent(back.url)}&code=${encodeURIComponent(code)}`)).text);
    if (value(told, 'display') !== (display ?? code)) return `${code}: ${JSON.stringify(told).slice(0, 300)}`;
  }
  return null;
}

async function expand({ id, back }, server) {
  const answer = await ask('GET', `${server.base}/ValueSet/${id}/$expand`);
  const includes = back.compose?.include ?? [];
  if (includes.some(({ system, filter, concept }) => /snomed|loinc/.test(system) && (filter || !concept)))
    return answer.status === 422 ? null : `${answer.status} for a value set whose codes are not here`;
  if (answer.status !== 200) return `${answer.status} ${answer.text.slice(0, 300)}`;
  const codes = new Set(flat(JSON.parse(answer.text).expansion.contains).map(({ system, code }) => `${system}|${code}`));
  for (const { system, concept } of includes)
    for (const { code } of concept ?? []) {
      if (!codes.has(`${system}|${code}`)) return `${system}|${code} is missing`;
      const told = JSON.parse((await ask('GET', `${server.base}/ValueSet/${id}/$validate-code?system=${encodeURIComponent(system)}&code=${encodeURIComponent(code)}`)).text);
      if (value(told, 'result') !== true) return `${system}|${code} is not valid: ${JSON.stringify(told).slice(0, 300)}`;
    }
  return codes.size ? null : 'no codes';
}

async function translate({ id, back }, server) {
  for (const { source, element } of back.group)
    for (const { code, target } of element) {
      const told = JSON.parse((await ask('GET', `${server.base}/ConceptMap/${id}/$translate?system=${encodeURIComponent(source)}&code=${encodeURIComponent(code)}`)).text);
      for (const wanted of target ?? [])
        if (!told.parameter.some(({ name, part }) => name === 'match' && part.some(({ valueCoding }) => valueCoding?.code === wanted.code)))
          return `${code}: ${JSON.stringify(told).slice(0, 300)}`;
    }
  return null;
}

export async function* cases(dir) {
  const server = await start();
  try {
    for (const [type, judge] of [['CodeSystem', lookUp], ['ValueSet', expand], ['ConceptMap', translate]])
      for (const one of await store(dir, type, server)) {
        let { reason } = one;
        if (one.back) {
          try { reason = await judge(one, server); } catch (error) { reason = `${error}`; }
        }
        yield { id: one.file, pass: reason === null, reason };
      }
  } finally {
    await server.stop();
  }
}
