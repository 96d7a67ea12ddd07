// FHIR TestScript resources (R4 base: MUST, SHOULD, MAY): http://hl7.org/fhir/R4/testscript.html
// with the two private operators `matchesRegex` and `matchesMimeClass` of the collection.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ask, start } from '../server.mjs';

export const folder = 'testscripts/fhir-r4-base';

const verb = { read: 'GET', search: 'GET', capabilities: 'GET', create: 'POST', update: 'PUT', delete: 'DELETE', history: 'GET' };

function perform(operation, server) {
  const code = operation.type.code;
  const path = code === 'capabilities' ? 'metadata' : `${operation.resource ?? ''}${operation.params ?? ''}`;
  const root = operation.params?.startsWith('/') && operation.pathFromRoot ? server.origin : `${server.base}/`;
  const extra = Object.fromEntries((operation.requestHeader ?? []).map(({ field, value }) => [field, value]));
  return ask(verb[code] ?? operation.method?.toUpperCase() ?? 'GET', `${root}${path}`, undefined, extra);
}

const operators = {
  equals: (actual, wanted) => actual === wanted,
  notEquals: (actual, wanted) => actual !== wanted,
  in: (actual, wanted) => wanted.split(',').includes(actual),
  notIn: (actual, wanted) => !wanted.split(',').includes(actual),
  contains: (actual, wanted) => actual.includes(wanted),
  notContains: (actual, wanted) => !actual.includes(wanted),
  matchesRegex: (actual, wanted) => new RegExp(wanted, 'si').test(actual),
  matchesMimeClass: (actual, wanted) => actual.split(';')[0].trim().endsWith(wanted),
};

function holds(assert, answer) {
  const facts = { responseCode: String(answer.status), contentType: answer.headers.get('content-type') ?? '', responseBody: answer.text };
  const [subject] = Object.keys(facts).filter((name) => name in assert);
  return operators[assert.operator ?? 'equals'](facts[subject], assert[subject]);
}

export async function* cases(dir) {
  const server = await start();
  try {
    for (const level of readdirSync(dir))
      for (const name of readdirSync(join(dir, level)).sort()) {
        const script = JSON.parse(readFileSync(join(dir, level, name), 'utf8'));
        let answer = null;
        const broken = [];
        for (const { operation, assert } of script.test.flatMap((test) => test.action)) {
          if (operation) answer = await perform(operation, server);
          else if (!holds(assert, answer)) broken.push(`${assert.label} (${answer.status})`);
        }
        yield { id: `${level}/${name}`, pass: broken.length === 0, reason: broken.join('; ') || null };
      }
  } finally {
    await server.stop();
  }
}
