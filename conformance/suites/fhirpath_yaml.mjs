// fhirpath.js' own tests, through $fhirpath. Without a model the subject is plain JSON. Cases for other releases run
// with the types of R4, and disabled ones run as well: all 683 expressions count.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { load as readYaml } from 'js-yaml';
import { evaluate, jsonValue } from '../fhirpath.mjs';
import { Numeral } from '../lossless.mjs';
import { start } from '../server.mjs';

export const folder = 'fhirpath-js';

// [expression, case] of a file, in order.
function* expressions(node) {
  if (Array.isArray(node)) { for (const each of node) yield* expressions(each); return; }
  if (!node || typeof node !== 'object') return;
  if ('expression' in node) {
    for (const expression of [node.expression].flat()) yield [expression, node];
    return;
  }
  for (const value of Object.values(node)) if (value && typeof value === 'object') yield* expressions(value);
}

function request(expression, test, subject) {
  const typed = test.model && test.model !== 'none';
  const parameter = [{ name: 'expression', valueString: expression }, { name: 'model', valueCode: typed ? 'r4' : 'none' }];
  if (subject !== undefined)
    parameter.push(subject.resourceType && typed ? { name: 'resource', resource: subject } : jsonValue('resource', subject));
  if (test.variables)
    parameter.push({ name: 'variables', part: Object.entries(test.variables).map(([name, value]) => jsonValue(name, value)) });
  return JSON.stringify({ resourceType: 'Parameters', parameter });
}

// Numbers by value; whole values by JSON without regard to order; Long and quantities are text there.
const canonical = (value) => {
  if (value instanceof Numeral) return Number(value.text);
  if (Array.isArray(value)) return value.map(canonical);
  if (!value || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, canonical(value[key])]));
};
const same = (item, wanted) =>
  JSON.stringify(canonical(item.value)) === JSON.stringify(canonical(wanted)) || item.text === String(wanted)
  || (item.type === 'dateTime' && Date.parse(item.text) === Date.parse(wanted));

function judge(answer, test) {
  if (test.error) return answer.error ? null : `should be refused, answers ${show(answer)}`;
  if (answer.error) return `${answer.status} ${answer.error}`;
  const wanted = test.result ?? [];
  const items = answer.results[0].filter(({ value }) => value !== null);  // fhirpath.js passes over what has no value
  const right = items.length === wanted.length && items.every((item, i) => same(item, wanted[i]));
  return right ? null : `answers ${show(answer)} for ${JSON.stringify(wanted)}`;
}

const show = ({ results }) => results[0].map(({ type, text }) => `${type} ${text}`).join(', ') || 'nothing';

export async function* cases(dir) {
  const server = await start();
  try {
    for (const file of readdirSync(join(dir, 'cases')).sort()) {
      const suite = readYaml(readFileSync(join(dir, 'cases', file), 'utf8'));
      let number = 0;
      for (const [expression, test] of expressions(suite.tests)) {
        const subject = test.inputfile
          ? JSON.parse(readFileSync(join(dir, 'resources', 'r4', test.inputfile), 'utf8')) : suite.subject;
        const answer = await evaluate(server.base, request(expression, test, subject));
        const reason = judge(answer, test);
        yield { id: `${file} ${++number}`, pass: reason === null, reason: reason && `${expression}: ${reason}` };
      }
    }
  } finally {
    await server.stop();
  }
}
