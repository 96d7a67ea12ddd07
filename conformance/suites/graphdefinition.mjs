// HL7's GraphDefinition tests, through $graph: each graph is written in the graph definition language and put in its
// resource form first. The data are the resources of the case's bundle, the organization where the patient says it is.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOMParser, XMLSerializer } from '@xmldom/xmldom';
import { evaluate } from '../fhirpath.mjs';
import { ask, start } from '../server.mjs';

export const folder = 'fhir-test-cases/graphdefinition';

// graph := start '{' links '}'; start, target := Type ['(' profile ')'] {rule} ['{' links '}'];
// link := (path | 'search' Type '?' params) ['cardinality' min..max] ['text'] (':' target {';' target} | '{' links '}')
export function graphDefinition(text, url) {
  const tokens = text.match(/'[^']*'|[{}:;,=]|(?:[^\s{}:;,='(]|\((?:[^()']|'[^']*')*\)|\{ref\}|=(?=\S))+/g);
  let at = 0;
  const peek = (...words) => words.includes(tokens[at]);
  const take = (word) => {
    if (word !== undefined && tokens[at] !== word) throw new SyntaxError(`${tokens[at]} where ${word} should be`);
    return tokens[at++];
  };
  const typed = (name, token) => {
    const [, type, profile] = /^(\w+)(?:\((.*)\))?$/.exec(token);
    return { [name]: type, ...(profile ? { profile } : {}) };
  };
  const links = () => {
    const all = [];
    take('{');
    do all.push(link()); while (peek(',') && take(','));
    take('}');
    return all;
  };
  const rules = () => {
    const all = [];
    while (peek('where', 'require')) {
      const use = take() === 'where' ? 'condition' : 'requirement';
      const rule = take();
      all.push({ use, rule, code: take(), ...(peek('=') && take('=') ? { expression: take() } : {}) });
    }
    return all.length ? { compartment: all } : {};
  };
  const target = () => ({ ...typed('type', take()), ...rules(), ...(peek('{') ? { link: links() } : {}) });
  const link = () => {
    const search = peek('search') && take() ? take().split('?') : null;
    const made = search ? {} : { path: take() };
    if (peek('cardinality') && take()) {
      const [min, max] = take().split('..');
      Object.assign(made, { min: Number(min), max });
    }
    if (tokens[at].startsWith("'")) made.description = take().slice(1, -1);
    if (search) return { ...made, target: [{ type: search[0], params: search[1], link: links() }] };
    take(':');
    made.target = [target()];
    while (peek(';') && take(';')) made.target.push(target());
    return made;
  };
  return { resourceType: 'GraphDefinition', url, name: 'Graph', status: 'active', ...typed('start', take()), link: links() };
}

async function load(server, file) {
  const bundle = new DOMParser().parseFromString(readFileSync(file, 'utf8'), 'text/xml');
  const referred = /<managingOrganization>\s*<reference value="([^"]*)"/.exec(new XMLSerializer().serializeToString(bundle))[1];
  for (const holder of Array.from(bundle.getElementsByTagName('resource'))) {
    const resource = Array.from(holder.childNodes).find(({ nodeType }) => nodeType === 1);
    const place = resource.localName === 'Organization' ? referred : `Patient/${resource.getElementsByTagName('id')[0].getAttribute('value')}`;
    resource.getElementsByTagName('id')[0].setAttribute('value', place.split('/')[1]);
    const answer = await ask('PUT', `${server.base}/${place}`, new XMLSerializer().serializeToString(resource), { 'Content-Type': 'application/fhir+xml' });
    if (answer.status > 201) throw new Error(`${place}: ${answer.status} ${answer.text.slice(0, 200)}`);
  }
}

async function outcome(server, dir, test) {
  const source = test.getAttribute('source');
  const url = `http://example.org/GraphDefinition/${test.getAttribute('name')}`;
  await load(server, join(dir, `${source}.bundle`));
  const stored = await ask('POST', `${server.base}/GraphDefinition`, JSON.stringify(graphDefinition(readFileSync(join(dir, source), 'utf8'), url)));
  if (stored.status !== 201) return `${stored.status} ${stored.text.slice(0, 300)}`;
  const answer = await ask('GET', `${server.base}/${test.getAttribute('context')}?graph=${encodeURIComponent(url)}`);
  if (answer.status !== 200) return `${answer.status} ${answer.text.slice(0, 300)}`;
  for (const rule of Array.from(test.getElementsByTagName('rule'))) {
    const { results, error } = await evaluate(server.base, JSON.stringify({ resourceType: 'Parameters', parameter: [
      { name: 'expression', valueString: rule.getAttribute('expression') }, { name: 'resource', resource: JSON.parse(answer.text) }] }));
    if (results?.[0]?.[0]?.value !== true) return `${rule.getAttribute('description')}: ${error ?? answer.text.slice(0, 300)}`;
  }
  return null;
}

export async function* cases(dir) {
  const server = await start();
  try {
    const manifest = new DOMParser().parseFromString(readFileSync(join(dir, 'manifest.xml'), 'utf8'), 'text/xml');
    for (const test of Array.from(manifest.getElementsByTagName('test'))) {
      const reason = await outcome(server, dir, test).catch((error) => `${error}`);
      yield { id: test.getAttribute('name'), pass: reason === null, reason };
    }
  } finally {
    await server.stop();
  }
}
