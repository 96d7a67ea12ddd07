// Calls $fhirpath as its contract says, and puts answers into words that suites compare: one { type, text, value } for
// each item. http://fhir.forms-lab.com/StructureDefinition/json-value carries plain JSON.
import { Numeral, parse } from './lossless.mjs';

export const jsonValueUrl = 'http://fhir.forms-lab.com/StructureDefinition/json-value';

export const jsonValue = (name, value) => ({ name, extension: [{ url: jsonValueUrl, valueString: JSON.stringify(value) }] });

const escaped = (text) => text.replace(/[&<>"\n\r\t]/g, (c) => `&#${c.charCodeAt(0)};`);

// Parameters in XML, with the resource's own XML inside.
export function xmlParameters(values, resource) {
  const parts = Object.entries(values).map(([name, value]) =>
    `<parameter><name value="${name}"/><value${typeof value === 'boolean' ? 'Boolean' : 'String'} value="${escaped(String(value))}"/></parameter>`);
  if (resource) parts.push(`<parameter><name value="resource"/><resource>${resource.replace(/^\uFEFF?\s*<\?xml.*?\?>/s, '')}</resource></parameter>`);
  return `<Parameters xmlns="http://hl7.org/fhir">${parts.join('')}</Parameters>`;
}

export async function evaluate(base, body, contentType = 'application/fhir+json') {
  const answer = await fetch(`${base}/$fhirpath`, {
    method: 'POST', body, headers: { 'Content-Type': contentType, Accept: 'application/fhir+json' },
  });
  const text = await answer.text();
  if (answer.status !== 200) {
    const issue = JSON.parse(text).issue?.[0];
    return { status: answer.status, error: issue?.diagnostics ?? text };
  }
  const results = (parse(text).parameter ?? []).filter(({ name }) => name === 'result');
  return { status: 200, results: results.map((result) => (result.part ?? []).map(item)) };
}

function item(part) {
  if (part.name === 'empty-string') return { type: 'string', value: '', text: '' };
  const key = Object.keys(part).find((name) => name.startsWith('value'));
  const json = part.extension?.find(({ url }) => url === jsonValueUrl)?.valueString;
  const value = key ? part[key] : part.resource ?? (json === undefined ? null : parse(json));
  return { type: part.name, value, text: textOf(key, value) };
}

function textOf(key, value) {
  if (value instanceof Numeral) return value.text;
  if (key === 'valueQuantity') return quantity(value);
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

function quantity({ value, unit, code }) {
  return `${value.text ?? value} ${code === undefined ? unit : `'${code}'`}`;
}
