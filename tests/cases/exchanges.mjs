// Runs the exchange files of examples/ and tests/cases/ (*.http), each against a server of its own with an empty store.
//
//   ### What is shown
//   POST /fhir/Patient                            request: line, headers, blank line, body
//   Content-Type: application/fhir+json
//
//   {"resourceType":"Patient"}
//   → 201                                         answer: status, headers that matter, blank line, body
//   Location: {base}/Patient/{id}/_history/1      {name} takes a value when first met and must equal it afterwards,
//                                                 {any…} matches anything, {base} is the server's own
//   {"resourceType":"Patient","id":"{id}"}        the answer holds at least the members given; lists are whole
//
// As a program: node tests/cases/exchanges.mjs [NAME] [--accept]; --accept writes down what the server answered.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { Numeral, parse } from '../../conformance/lossless.mjs';
import { start } from '../../conformance/server.mjs';

const accept = process.argv.includes('--accept');
const wanted = process.argv.slice(2).find((word) => !word.startsWith('--'));
const files = ['examples', 'tests/cases'].flatMap((folder) =>
  readdirSync(folder).filter((name) => name.endsWith('.http')).map((name) => join(folder, name)));

// "line\nHeader: x\n\nbody" -> [line, [[name, value]…], body]
function message(text) {
  const [head, ...rest] = text.split('\n\n');
  const [first, ...headers] = head.trim().split('\n');
  return [first, headers.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]), rest.join('\n\n').trim()];
}

function read(path) {
  return readFileSync(path, 'utf8').split(/^### /m).slice(1).map((block) => {
    const title = block.slice(0, block.indexOf('\n'));
    const [request, answer] = block.slice(block.indexOf('\n') + 1).split(/^→ /m);
    assert.ok(answer, `${path}: "${title}" has no answer`);
    return { title, request: message(request), answer: message(answer) };
  });
}

const placeholder = /\{([a-z][A-Za-z0-9]*)\}/g;
const fill = (text, values) => text.replace(placeholder, (all, name) => values[name] ?? all);

function match(expected, actual, values, where) {
  const names = [];
  const pattern = expected.split(placeholder).map((part, i) => {
    if (i % 2 === 0) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    if (values[part] !== undefined) return values[part].replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    names.push(part);
    return '(.*?)';
  }).join('');
  const found = new RegExp(`^${pattern}$`, 's').exec(actual);
  assert.ok(found, `${where}: ${expected} was expected, ${actual} came`);
  names.forEach((name, i) => { if (!name.startsWith('any')) values[name] = found[i + 1]; });
}

function compare(expected, actual, values, where) {
  if (typeof expected === 'string' && typeof actual === 'string') return match(expected, actual, values, where);
  if (Array.isArray(expected)) {
    assert.ok(Array.isArray(actual) && actual.length === expected.length, `${where}: ${expected.length} items were expected, ${JSON.stringify(actual)} came`);
    return expected.forEach((item, i) => compare(item, actual[i], values, `${where}[${i}]`));
  }
  if (expected && typeof expected === 'object') {
    assert.ok(actual && typeof actual === 'object', `${where} is missing`);
    return Object.keys(expected).forEach((key) => compare(expected[key], actual[key], values, `${where}.${key}`));
  }
  return assert.deepEqual(actual, expected, where);
}

async function send([line, headers, body], values) {
  const [method, target] = fill(line, values).split(' ');
  const answer = await fetch(new URL(target, values.base), {
    method, redirect: 'manual', headers: headers.map(([name, value]) => [name, fill(value, values)]),
    body: body ? fill(body, values) : undefined });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

function check([status, headers, body], answer, values) {
  assert.equal(String(answer.status), status.split(' ')[0], answer.text);
  for (const [name, value] of headers) match(value, answer.headers.get(name) ?? '', values, name);
  if (body.startsWith('{')) compare(parse(body), parse(answer.text), values, 'body');
  else if (body) match(body, answer.text, values, 'body');
}

function pretty(value, indent = '') {
  if (value instanceof Numeral) return value.text;
  if (!value || typeof value !== 'object') return JSON.stringify(value);
  const deeper = `${indent}  `;
  const items = Array.isArray(value) ? value.map((item) => pretty(item, deeper))
    : Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${pretty(item, deeper)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${deeper}${items.join(`,\n${deeper}`)}\n${indent}${close}`;
}

// What came, with the values that differ from run to run (ids, the base) as placeholders; short ones stay as they are.
function written(answer, [, headers], values) {
  const long = Object.entries(values).filter(([, value]) => value.length > 8);
  const tame = (text) => long.reduce((all, [name, value]) => all.replaceAll(value, `{${name}}`), text)
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z/g, '{anyInstant}');
  const kept = headers.map(([name]) => `${name}: ${tame(answer.headers.get(name) ?? '')}`);
  const body = (answer.headers.get('content-type') ?? '').includes('json') ? pretty(parse(answer.text)) : answer.text;
  return `→ ${answer.status}\n${kept.join('\n')}${kept.length ? '\n' : ''}${body ? `\n${tame(body)}\n` : ''}`;
}

async function run(path) {
  const server = await start();
  const values = { base: server.base };
  const output = [];
  try {
    for (const exchange of read(path)) {
      const answer = await send(exchange.request, values);
      try {
        check(exchange.answer, answer, values);
      } catch (error) {
        if (!accept) throw new Error(`${exchange.title}: ${error.message}`);
      }
      const [line, headers, body] = exchange.request;
      output.push(`### ${exchange.title}\n${line}\n${headers.map(([name, value]) => `${name}: ${value}\n`).join('')}${body ? `\n${body}\n` : ''}${written(answer, exchange.answer, values)}`);
    }
  } finally {
    await server.stop();
  }
  if (accept) writeFileSync(path, output.join('\n'));
}

for (const file of files)
  if (!wanted || basename(file, '.http') === wanted) test(file, () => run(file));
