// Terminology: the general tests of the FHIR terminology ecosystem guide, https://hl7.org/fhir/uv/tx-ecosystem/.
// Resources and answers are of R5 and are put in their R4 form first, with the extensions that stand for R5's elements.
// Each suite's resources are stored; those that R4 refuses come with the request. The wording of messages is free, but
// for the words that an answer asks for; everything else is equal, nothing is missing and nothing too much.
// TX_TEXTS=1 compares the wording, too.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask, start } from '../server.mjs';

export const folder = 'tx-ecosystem';

const newer = 'http://hl7.org/fhir/5.0/StructureDefinition/extension-';

// ── R5 to R4 ──
const equivalence = {
  equivalent: 'equivalent', 'related-to': 'relatedto', 'source-is-narrower-than-target': 'wider',
  'source-is-broader-than-target': 'narrower', 'not-related-to': 'disjoint',
};

function walk(node, change) {
  if (Array.isArray(node)) return node.map((item) => walk(item, change));
  if (!node || typeof node !== 'object') return node;
  const changed = change({ ...node });
  return Object.fromEntries(Object.entries(changed).map(([key, value]) => [key, walk(value, change)]));
}

function toR4(resource) {
  const all = walk(resource, (node) => {
    for (const key of Object.keys(node)) if (key.includes(':') || key.startsWith('versionAlgorithm')) delete node[key];
    if (node.property && node.op === 'child-of') {
      delete node.op;
      node._op = { extension: [{ url: `${newer}ValueSet.compose.include.filter.op`, valueCode: 'child-of' }] };
    }
    if (node.relationship) {
      if (node.code && !node.mode) node.equivalence = equivalence[node.relationship];
      delete node.relationship;
    }
    return node;
  });
  for (const end of ['source', 'target'])
    for (const form of ['Uri', 'Canonical'])
      if (all[`${end}Scope${form}`]) {
        all[`${end}${form}`] = all[`${end}Scope${form}`];
        delete all[`${end}Scope${form}`];
      }
  return all;
}

// The properties of an expansion as extensions.
function expansionToR4(expected) {
  return walk(expected, (node) => {
    const place = node.contains || node.code ? 'ValueSet.expansion.contains.property' : 'ValueSet.expansion.property';
    if (!Array.isArray(node.property)) return node;
    const made = node.property.map(({ $optional$, code, ...rest }) => ({
      ...($optional$ === undefined ? {} : { $optional$ }),
      url: newer + (rest.uri ? 'ValueSet.expansion.property' : place),
      extension: [{ url: 'code', valueCode: code }, ...(rest.uri ? [{ url: 'uri', valueUri: rest.uri }]
        : [Object.fromEntries([['url', 'value'], ...Object.entries(rest)])])],
    }));
    delete node.property;
    node.extension = [...(node.extension ?? []), ...made];
    return node;
  });
}

// ── comparison ──
const forms = {
  id: /^[A-Za-z0-9\-.]{1,64}$/, uuid: /^(urn:uuid:)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  instant: /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/, date: /^\d{4}(-\d\d(-\d\d(T.*)?)?)?$/, url: /^[a-z]+:\S+$/,
  string: /^[\s\S]+$/, token: /^[\w.\-]+$/, version: /^[\w.\-]+$/, semver: /^\d+\.\d+(\.\d+)?(-[\w.\-]+)?$/, '': /^/,
};
const free = process.env.TX_TEXTS ? new Set(['diagnostics']) : new Set(['message', 'text', 'diagnostics']);

const optional = (value) => value && typeof value === 'object' && (Array.isArray(value) ? value.every(optional)
  : value.$optional$ === true || ['!', 'warning:', 'version:4'].some((start) => String(value.$optional$ ?? '').startsWith(start)));

// The words that a text must have where its wording is otherwise free: $fragments:a|b$, $external:1:a|b$, $external:1$.
// Instead of these words it may be message 1 of the test's `messages`.
function wordsOf(expected) {
  const found = /^\$(?:fragments:|external:[^:$]*:?)(.*)\$$/s.exec(expected);
  return found && found[1].split('|');
}
let messages = {};
const isMessage = (expected, actual) => messages[/^\$external:([^:$]*)/.exec(expected)?.[1]] === actual;

function textDiffers(expected, actual, path) {
  const choice = /^\$choice:(.*)\$$/.exec(expected);
  if (choice) return choice[1].split('|').includes(actual) ? null : `${path}: ${actual} is none of ${choice[1]}`;
  const words = wordsOf(expected);
  if (words) return isMessage(expected, actual) || words.every((word) => String(actual).toLowerCase().includes(word.toLowerCase())) ? null : `${path}: ${actual} has not ${words}`;
  if (!expected.includes('$')) return expected === actual ? null : `${path}: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`;
  const pattern = expected.split(/\$([a-z]*)\$/).map((part, i) => i % 2 ? forms[part]?.source.replace(/^\^|\$$/g, '') ?? '.*'
    : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('');
  return new RegExp(`^(?:${pattern})$`).test(actual) ? null : `${path}: ${JSON.stringify(actual)} has not the form ${expected}`;
}

// What differs, or null. `loose`: what is not expected may be there.
function differs(expected, actual, path, loose) {
  if (actual === undefined) return `${path} is missing`;
  if (Array.isArray(expected)) return Array.isArray(actual) ? listDiffers(expected, actual, path, loose) : `${path} is no list`;
  if (expected && typeof expected === 'object') {
    if (!actual || typeof actual !== 'object') return `${path} is no object`;
    const may = new Set(expected['$optional-properties$'] ?? expected.$optional ?? []);
    for (const [key, value] of Object.entries(expected)) {
      if (key.startsWith('$')) continue;
      if (actual[key] === undefined && (may.has(key) || optional(value))) continue;
      const spoken = free.has(key) || (key === 'valueString' && expected.name === 'message' && free.has('message'));
      if (spoken && typeof actual[key] === 'string' && !wordsOf(value)) continue;
      const found = differs(value, actual[key], `${path}.${key}`, loose);
      if (found) return found;
    }
    for (const key of Object.keys(actual))
      if (!loose && !(key in expected) && !may.has(key)) return `${path}.${key} is too much: ${JSON.stringify(actual[key]).slice(0, 200)}`;
    return null;
  }
  return typeof expected === 'string' ? textDiffers(expected, actual, path)
    : expected === actual ? null : `${path}: ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`;
}

function listDiffers(expected, actual, path, loose) {
  const left = [...actual];
  for (const item of [...expected].sort((a, b) => Number(Boolean(optional(a))) - Number(Boolean(optional(b))))) {
    const at = left.findIndex((other) => differs(item, other, path, loose) === null);
    if (at >= 0) left.splice(at, 1);
    else if (!optional(item)) {
      const like = left.find((other) => other?.name !== undefined && other.name === item?.name) ??
        left.find((other) => other?.code !== undefined && other.code === item?.code) ?? left.find((other) => other?.url && other.url === item?.url);
      const why = like ? differs(item, like, path, loose) : JSON.stringify(item).slice(0, 300);
      return `${path} has no match for an item: ${why}`;
    }
  }
  return left.length && !loose ? `${path} has too much: ${JSON.stringify(left).slice(0, 300)}` : null;
}

// ── running ──
const operations = {
  expand: 'ValueSet/$expand', 'validate-code': 'ValueSet/$validate-code', 'cs-validate-code': 'CodeSystem/$validate-code',
  lookup: 'CodeSystem/$lookup', translate: 'ConceptMap/$translate', 'batch-validate': 'ValueSet/$batch-validate-code',
};

async function run(test, dir, server, carried) {
  const read = (name) => JSON.parse(readFileSync(join(dir, name), 'utf8').replace(/^\uFEFF/, ''));
  const extra = test['Accept-Language'] ? { 'Accept-Language': test['Accept-Language'] } : {};
  if (test.operation === 'metadata' || test.operation === 'term-caps') {
    const answer = await ask('GET', `${server.base}/metadata${test.operation === 'term-caps' ? '?mode=terminology' : ''}`, undefined, extra);
    return differs(read(test.response), JSON.parse(answer.text), 'answer', true);
  }
  const request = toR4(read(test.request));
  if (test.profile) request.parameter.push(...read(test.profile).parameter);
  request.parameter.push(...carried.map((resource) => ({ name: 'tx-resource', resource })));
  const answer = await ask('POST', `${server.base}/${operations[test.operation]}`, JSON.stringify(request), extra);
  const wanted = test['http-code'] ?? '2xx';
  if (!new RegExp(`^${wanted.replace(/x/g, '\\d')}$`).test(answer.status)) return `status ${answer.status}: ${answer.text.slice(0, 300)}`;
  const actual = JSON.parse(answer.text);
  let first = null;
  for (const name of [test.response, test['response:flat']].filter(Boolean)) {
    messages = read('messages-tx.fhir.org.json')[name] ?? {};
    const found = differs(expansionToR4(read(name)), actual, 'answer', false);
    if (!found) return null;
    first ??= found;
  }
  return first;
}

// Stores what R4 takes; the rest comes with each request.
async function setUp(files, dir, server) {
  const carried = [];
  const stored = [];
  for (const file of files) {
    const resource = toR4(JSON.parse(readFileSync(join(dir, file), 'utf8').replace(/^\uFEFF/, '')));
    const id = file.replace(/\.json$/, '').replace(/[^A-Za-z0-9\-.]/g, '-').slice(-64);
    const answer = process.env.ALZETTE_TX_CARRIED ? { status: 0 }
      : await ask('PUT', `${server.base}/${resource.resourceType}/${id}`, JSON.stringify({ ...resource, id }));
    if (answer.status === 200 || answer.status === 201) stored.push(`${resource.resourceType}/${id}`);
    else carried.push(resource);
  }
  return { carried, stored };
}

export async function* cases(dir) {
  const server = await start();
  try {
    for (const suite of JSON.parse(readFileSync(join(dir, 'test-cases.json'), 'utf8')).suites) {
      const { carried, stored } = await setUp(suite.setup, dir, server);
      for (const test of suite.tests) {
        let reason;
        try { reason = await run(test, dir, server, carried); } catch (error) { reason = `${error}`; }
        yield { id: `${suite.name}/${test.name}`, pass: reason === null, reason };
      }
      for (const address of stored) await ask('DELETE', `${server.base}/${address}`);
    }
  } finally {
    await server.stop();
  }
}
