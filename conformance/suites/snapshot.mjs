// Snapshots made by $snapshot against those of HL7's cases. The rX cases stand on R4 and are compared element by element;
// the r5 ones stand on R5's base types, so that only what the differential says, the elements that both releases have
// and the order of slices can be compared. Definitions that the server does not store for their faults come as a package.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { install } from '../package.mjs';
import { ask, start } from '../server.mjs';
import { read as readXml } from '../xml.mjs';

export const folder = 'fhir-test-cases/snapshot';

const media = (name) => `application/fhir+${name.endsWith('.xml') ? 'xml' : 'json'}`;
const bare = (canonical) => (canonical?.value ?? canonical)?.split('|')[0];
const types = (element) => (element.type ?? []).map(({ code, profile = [], targetProfile = [] }) =>
  JSON.stringify([code, profile.map(bare), targetProfile.map(bare).sort()])).sort();
const said = {
  min: (element) => element.min,
  max: (element) => element.max,
  sliceName: (element) => element.sliceName,
  type: types,
  binding: ({ binding }) => binding && [binding.strength, bare(binding.valueSet)],
  slicing: ({ slicing }) => slicing && [slicing.discriminator, slicing.ordered, slicing.rules],
  value: (element) => Object.entries(element).filter(([name]) => /^(fixed|pattern|minValue|maxValue)[A-Z]/.test(name)),
};

function differences(got, wanted, names) {
  return Object.entries(said).filter(([name]) => names(name))
    .filter(([, of]) => JSON.stringify(flat(of(got))) !== JSON.stringify(flat(of(wanted))))
    .map(([name, of]) => `${got.id} ${name}: ${JSON.stringify(of(got))?.slice(0, 120)}, wanted ${JSON.stringify(of(wanted))?.slice(0, 120)}`);
}

// XML as JSON as far as snapshots are compared; what R4 does not have, too.
const lists = { snapshot: ['element'], differential: ['element'], element: ['type'], type: ['profile', 'targetProfile'] };

function plain(node) {
  const object = Object.fromEntries(node.attributes.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]));
  if ('value' in object && !node.children.length) return object.value;
  for (const child of node.children.filter(({ name }) => name !== 'text')) {
    const known = object[child.name];
    const list = lists[node.name]?.includes(child.name) || known !== undefined;
    object[child.name] = list ? [...(Array.isArray(known) ? known : known === undefined ? [] : [known]), plain(child)] : plain(child);
  }
  return object;
}

// XML does not say what is a list or a number.
function flat(value) {
  if (Array.isArray(value)) return value.length === 1 ? flat(value[0]) : value.map(flat);
  if (value === null || typeof value !== 'object') return value === undefined ? undefined : String(value);
  return Object.fromEntries(Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1)).map(([name, of]) => [name, flat(of)]));
}

function structureOf(path) {
  const text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  return path.endsWith('.json') ? JSON.parse(text) : plain(readXml(text));
}

// Stores every definition of the folder, or adds it as a package.
async function register(server, dir, family) {
  const refused = [];
  for (const name of readdirSync(join(dir, family))) {
    if (!/\.(xml|json)$/.test(name) || /-(expected|output)\.|manifest|\.snapshot\./.test(name)) continue;
    const text = readFileSync(join(dir, family, name), 'utf8');
    const answer = await ask('POST', `${server.base}/StructureDefinition`, text, { 'Content-Type': media(name) });
    if (answer.status >= 300) refused.push({ name, text });
  }
  await install(server, family.toLowerCase(), refused);
}

function compareWhole(got, wanted) {
  const ids = (list) => list.map(({ id }) => id);
  const found = [];
  if (JSON.stringify(ids(got)) !== JSON.stringify(ids(wanted))) {
    const missing = ids(wanted).filter((id) => !ids(got).includes(id));
    const extra = ids(got).filter((id) => !ids(wanted).includes(id));
    found.push(`elements differ: missing ${missing.slice(0, 4)}, not wanted ${extra.slice(0, 4)}`);
  }
  for (const element of wanted) {
    const own = got.find(({ id }) => id === element.id);
    if (own) found.push(...differences(own, element, () => true));
  }
  return found;
}

function compareSaid(got, wanted, differential) {
  const found = [];
  const of = (list, id) => list.find((element) => element.id === id);
  for (const element of differential) {
    const names = (name) => name in element || (name === 'value' && Object.keys(element).some((key) => /^(fixed|pattern)/.test(key)));
    const [own, theirs] = [of(got, element.id), of(wanted, element.id)];
    // R5's base may say less or more than R4's; what stays is what the differential says itself.
    if (own && theirs) found.push(...(differences(own, element, names).length ? differences(own, theirs, names) : []));
    else if (theirs) found.push(`${element.id} is missing`);
  }
  const slices = (list, other) => list.filter(({ id }) => id.includes(':') && of(other, id)).map(({ id }) => id);
  if (JSON.stringify(slices(got, wanted)) !== JSON.stringify(slices(wanted, got))) {
    const at = slices(got, wanted).findIndex((id, i) => id !== slices(wanted, got)[i]);
    found.push(`the order of slices differs: ${slices(got, wanted)[at]}, wanted ${slices(wanted, got)[at]}`);
  }
  const lost = wanted.filter(({ id }) => id.includes(':') && !of(got, id) && of(got, id.replace(/:[^.]*/g, '')));
  if (lost.length) found.push(`missing: ${lost.slice(0, 4).map(({ id }) => id)}`);
  return found;
}

export async function* cases(dir) {
  const server = await start();
  try {
    for (const family of ['rX', 'r5']) {
      const manifest = readFileSync(join(dir, family, 'manifest.xml'), 'utf8');
      await register(server, dir, family);
      for (const [test] of manifest.matchAll(/<test [^>]*>/g)) {
        const id = /\bid="([^"]*)"/.exec(test)[1];
        const file = ['xml', 'json'].map((end) => join(dir, family, `${id}-input.${end}`)).find(existsSync);
        const answer = await ask('POST', `${server.base}/StructureDefinition/$snapshot`, readFileSync(file, 'utf8'), { 'Content-Type': media(file) });
        const told = answer.status === 200 ? '' : `${answer.status}: ${JSON.parse(answer.text).issue?.[0]?.diagnostics}`;
        if (/fail="true"/.test(test)) {
          yield { id: `${family} ${id}`, pass: answer.status !== 200, reason: 'must be refused' };
          continue;
        }
        if (told) { yield { id: `${family} ${id}`, pass: false, reason: told }; continue; }
        const result = JSON.parse(answer.text);
        const path = ['xml', 'json'].flatMap((end) => [`${id}-expected.${end}`, `${id}-output.${end}`])
          .map((name) => join(dir, family, name)).find(existsSync);
        const wanted = structureOf(path);
        const found = family === 'rX' ? compareWhole(result.snapshot.element, wanted.snapshot.element)
          : compareSaid(result.snapshot.element, wanted.snapshot.element, result.differential?.element ?? []);
        yield { id: `${family} ${id}`, pass: found.length === 0, reason: found.slice(0, 3).join(' | ') };
      }
    }
  } finally {
    await server.stop();
  }
}
