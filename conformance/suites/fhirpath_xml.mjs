// HL7's FHIRPath tests for R4, through $fhirpath: typed items in order, or an error where the expression is invalid.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOMParser } from '@xmldom/xmldom';
import { evaluate, xmlParameters } from '../fhirpath.mjs';
import { start } from '../server.mjs';

export const folder = 'fhir-test-cases/fhirpath';

const elements = (node, name) => Array.from(node.getElementsByTagName(name));

// Dates and times are written as literals in some outputs.
const plain = (text) => text.replace(/^@T?(?=\d)/, '').replace(/T$/, '');

// FHIR's own types where the tests name FHIRPath's: an id is a string, an instant a dateTime.
const kin = {
  string: ['string', 'id', 'uri', 'markdown', 'code', 'xhtml', 'url', 'canonical', 'oid', 'uuid'],
  code: ['code', 'string'],
  integer: ['integer', 'positiveInt', 'unsignedInt'],
  dateTime: ['dateTime', 'instant'],
};

const fits = (item, { type, text }) =>
  (!type || item.type === type || kin[type]?.includes(item.type)) && plain(item.text) === plain(text);

function judge(answer, invalid, wanted) {
  if (invalid) return answer.error ? null : `should be refused (${invalid}), answers ${show(answer)}`;
  if (answer.error) return `${answer.status} ${answer.error}`;
  const [items] = answer.results;
  const same = items.length === wanted.length && items.every((item, i) => fits(item, wanted[i]));
  return same ? null : `answers ${show(answer)} for ${wanted.map(({ text }) => text).join(', ') || 'nothing'}`;
}

const show = ({ results }) => results[0].map(({ type, text }) => `${type} ${text}`).join(', ') || 'nothing';

export async function* cases(dir) {
  const server = await start();
  const suite = new DOMParser().parseFromString(readFileSync(join(dir, 'tests-fhir-r4.xml'), 'utf8'), 'text/xml');
  try {
    for (const test of elements(suite, 'test')) {
      const file = test.getAttribute('inputfile');
      const [expression] = elements(test, 'expression');
      const wanted = elements(test, 'output').map((output) => ({ type: output.getAttribute('type'), text: output.textContent }));
      const values = { expression: expression.textContent, validate: test.getAttribute('mode') === 'strict' };
      const input = file && readFileSync(join(dir, 'input', file), 'utf8');
      const json = file?.endsWith('.json');
      const body = json
        ? JSON.stringify({ resourceType: 'Parameters', parameter: [
          { name: 'expression', valueString: values.expression }, { name: 'validate', valueBoolean: values.validate },
          { name: 'resource', resource: JSON.parse(input) }] })
        : xmlParameters(values, input);
      const answer = await evaluate(server.base, body, json ? 'application/fhir+json' : 'application/fhir+xml');
      const reason = judge(answer, expression.getAttribute('invalid'), wanted);
      yield { id: test.getAttribute('name'), pass: reason === null, reason: reason && `${values.expression.trim()}: ${reason}` };
    }
  } finally {
    await server.stop();
  }
}
