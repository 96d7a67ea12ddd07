// Snapshots made by $snapshot against those of HL7's cases. The rX cases stand on R4 and are compared element by element;
// the r5 ones stand on R5's base types, so that only what the differential says, the elements that both releases have
// and the order of slices can be compared.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ask, start } from '../server.mjs';

export const folder = 'fhir-test-cases/snapshot';

const media = (name) => `application/fhir+${name.endsWith('.xml') ? 'xml' : 'json'}`;
const bare = (canonical) => canonical?.split('|')[0];
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
    .filter(([, of]) => JSON.stringify(of(got)) !== JSON.stringify(of(wanted)))
    .map(([name, of]) => `${got.id} ${name}: ${JSON.stringify(of(got))?.slice(0, 120)}, wanted ${JSON.stringify(of(wanted))?.slice(0, 120)}`);
}

// A resource of a file as JSON, by way of the server: what it reads as XML it writes as JSON.
async function read(server, path) {
  const text = readFileSync(path, 'utf8');
  if (path.endsWith('.json')) return JSON.parse(text.replace(/^\uFEFF/, ''));
  const place = `${server.base}/StructureDefinition/to-be-read`;
  const withId = /<id\s+value="[^"]*"/.test(text) ? text.replace(/<id\s+value="[^"]*"/, '<id value="to-be-read"')
    : text.replace(/(<StructureDefinition[^>]*>)/, '$1<id value="to-be-read"/>');
  const answer = await ask('PUT', place, withId, { 'Content-Type': media(path) });
  if (answer.status >= 300) throw new Error(`${path}: ${answer.text.slice(0, 300)}`);
  const back = JSON.parse((await ask('GET', place)).text);
  await ask('DELETE', place);
  return back;
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
    if (own && theirs) found.push(...differences(own, theirs, names));
    else if (theirs) found.push(`${element.id} is missing`);
  }
  const slices = (list, other) => list.filter(({ id }) => id.includes(':') && of(other, id)).map(({ id }) => id);
  if (JSON.stringify(slices(got, wanted)) !== JSON.stringify(slices(wanted, got))) found.push('the order of slices differs');
  const lost = wanted.filter(({ id }) => id.includes(':') && !of(got, id) && of(got, id.replace(/:[^.]*/g, '')));
  if (lost.length) found.push(`missing: ${lost.slice(0, 4).map(({ id }) => id)}`);
  return found;
}

export async function* cases(dir) {
  const server = await start();
  const definitions = (family) => readdirSync(join(dir, family)).filter((name) =>
    /\.(xml|json)$/.test(name) && !/-(expected|output)\.|manifest|\.snapshot\./.test(name));
  try {
    for (const family of ['rX', 'r5']) {
      const manifest = readFileSync(join(dir, family, 'manifest.xml'), 'utf8');
      let number = 0;
      for (const name of definitions(family)) {
        const definition = await read(server, join(dir, family, name)).catch(() => null);
        if (definition?.resourceType !== 'StructureDefinition') continue;
        const id = `known-${family}-${number++}`;
        await ask('PUT', `${server.base}/StructureDefinition/${id}`, JSON.stringify({ ...definition, id }));
      }
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
        const wanted = await read(server, path).catch((error) => ({ error }));
        if (wanted.error) { yield { id: `${family} ${id}`, pass: false, reason: wanted.error.message }; continue; }
        const found = family === 'rX' ? compareWhole(result.snapshot.element, wanted.snapshot.element)
          : compareSaid(result.snapshot.element, wanted.snapshot.element, result.differential?.element ?? []);
        yield { id: `${family} ${id}`, pass: found.length === 0, reason: found.slice(0, 3).join(' | ') };
      }
    }
  } finally {
    await server.stop();
  }
}
