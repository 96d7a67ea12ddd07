// HL7's patch tests, through PATCH: FHIRPath Patch as it stands, but that contacts whose patch would leave pat-1 broken
// have an organization all along; JSON and XML patches, whose documents are no resources, on a place of a Patient where
// the same content may stand: a name, the narrative. What is declared for a document is declared for the Patient, as a
// narrative takes no namespaces.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOMParser, XMLSerializer } from '@xmldom/xmldom';
import { difference, parse } from '../lossless.mjs';
import { ask, start } from '../server.mjs';

export const folder = 'fhir-test-cases/patch';

const fhir = 'http://hl7.org/fhir';
const xhtml = 'http://www.w3.org/1999/xhtml';
const xml = { 'Content-Type': 'application/fhir+xml' };

const read = (file) => new DOMParser().parseFromString(readFileSync(file, 'utf8'), 'text/xml');
const elements = (node) => Array.from(node?.childNodes ?? []).filter(({ nodeType }) => nodeType === 1);
const named = (node, name) => elements(node).find(({ localName }) => localName === name);
const write = (node) => new XMLSerializer().serializeToString(node);

// Stores `text`, patches it; the resource that comes of it and the one that is wanted, or the refusal.
async function outcome(server, text, headers, patch, type, wanted) {
  const stored = async (body) => {
    const answer = await ask('POST', `${server.base}/Patient`, body, headers);
    if (answer.status !== 201) throw new Error(`cannot be stored: ${answer.status} ${answer.text.slice(0, 200)}`);
    return /Patient\/[^/]+/.exec(answer.headers.get('location'))[0];
  };
  const bare = async (place) => {
    const resource = parse((await ask('GET', `${server.base}/${place}`)).text);
    delete resource.id;
    delete resource.meta;
    if (resource.text) resource.text.div = resource.text.div.replace(/>\s+|\s+</g, (blank) => blank.trim()).replace(/><\/p>/g, '/>');
    return resource;
  };
  const place = text === null ? 'Patient/absent' : await stored(text);
  const before = text === null ? null : await bare(place);
  const answer = await ask('PATCH', `${server.base}/${place}`, patch, { 'Content-Type': type });
  const refused = answer.status >= 400 && answer.status < 500;
  if (wanted === null) {
    if (!refused) return `should be refused, answers ${answer.status}`;
    return text === null || difference(before, await bare(place)) === null ? null : 'refused, but changed';
  }
  if (answer.status !== 200) return `${answer.status} ${answer.text.slice(0, 300)}`;
  const at = difference(await bare(await stored(wanted)), await bare(place));
  return at === null ? null : `differs at ${at}`;
}

const organization = '<display value="Organization"/>';
function employ(test) {
  const bare = (contact) => !['name', 'telecom', 'address', 'organization'].some((name) => named(contact, name));
  if (!Array.from(named(test, 'output').getElementsByTagName('contact')).some(bare)) return;
  const append = (parent, text) => parent.appendChild(new DOMParser().parseFromString(text, 'text/xml').documentElement);
  for (const contact of Array.from(test.getElementsByTagName('contact')))
    append(contact, `<organization xmlns="${fhir}">${organization}</organization>`);
  for (const operation of elements(elements(named(test, 'diff'))[0])) {
    const parts = elements(operation).filter(({ localName }) => localName === 'part');
    const called = (name) => parts.find((part) => named(part, 'name').getAttribute('value') === name);
    if (called('name') && named(called('name'), 'valueString').getAttribute('value') === 'contact')
      append(called('value'), `<part xmlns="${fhir}"><name value="organization"/><valueReference>${organization}</valueReference></part>`);
  }
}

function* byPath(dir) {
  for (const test of elements(read(join(dir, 'fhir-patch-tests.xml')).documentElement)) {
    employ(test);
    const part = (name) => write(elements(named(test, name))[0]);
    yield [`fhirpath ${test.getAttribute('name')}`, part('input'), xml, part('diff'), 'application/fhir+xml', part('output')];
  }
}

// doc and its children as a div with paragraphs; a narrative must not be empty, so that it begins with a letter.
const markup = { doc: 'div', foo: 'p', note: 'b' };
const attributes = { t: 'title', a: 'title', user: 'class' };
function html(node) {
  const inner = Array.from(node.childNodes).map((child) => (child.nodeType === 1 ? html(child) : write(child))).join('');
  const own = Array.from(node.attributes).filter(({ name }) => !name.startsWith('xmlns'))
    .map(({ name, value }) => ` ${attributes[name] ?? name}="${value}"`).join('');
  const first = node.localName === 'doc';
  return `<${markup[node.localName]}${first ? ` xmlns="${xhtml}"` : ''}${own}>${first ? 'x' : ''}${inner}</${markup[node.localName]}>`;
}
const declared = (doc) => Array.from(doc.attributes).filter(({ name }) => name.startsWith('xmlns:'))
  .map(({ name, value }) => ` ${name}="${value}"`).join('');
const narrative = (doc) => (doc && doc.localName in markup
  ? `<Patient xmlns="${fhir}"${declared(doc)}><text><status value="generated"/>${html(doc)}</text></Patient>` : null);

function diff(patch) {
  const operations = elements(patch).map((operation) => {
    const place = operation.getAttribute('type')?.startsWith('namespace') ? 'f:Patient' : 'f:Patient/f:text/h:div';
    const sel = operation.getAttribute('sel').replace(/\bf:doc\b/, place).replace(/\bf:(foo|note)\b/g, (_, name) => `h:${markup[name]}`)
      .replace(/@(t|a)\b/g, (_, name) => `@${attributes[name]}`);
    const rest = ['type', 'pos'].filter((name) => operation.hasAttribute(name))
      .map((name) => ` ${name}="${operation.getAttribute(name).replace('@user', '@class')}"`).join('');
    const inner = Array.from(operation.childNodes)
      .map((child) => (child.nodeType === 1 ? html(child).replace(/^<(\w+)/, `<$1 xmlns="${xhtml}"`) : write(child))).join('');
    return `<${operation.localName} sel="${sel.replaceAll('"', '&quot;')}"${rest}>${inner}</${operation.localName}>`;
  });
  return `<diff xmlns="${fhir}">${operations.join('')}</diff>`;
}

function* byXml(dir) {
  for (const test of elements(read(join(dir, 'xml-patch-tests.xml')).documentElement)) {
    const patched = named(test, 'patched');
    yield [`xml ${test.getAttribute('name')}`, narrative(elements(named(test, 'target'))[0]), xml, diff(named(test, 'patch')),
      'application/xml-patch+xml', patched ? narrative(elements(patched)[0]) : null];
  }
}

// The members of the documents as those of a HumanName.
const members = { foo: 'family', baz: 'text', q: 'period', bar: 'start' };
const member = (name, value) => (name === 'foo' && Array.isArray(value) ? 'given' : members[name] ?? name);
const humanName = (doc) => Object.fromEntries(Object.entries(doc).map(([name, value]) =>
  [member(name, value), name === 'bar' ? String(2000 + value) : value?.constructor === Object ? humanName(value) : value]));
const withName = (doc) => JSON.stringify({ resourceType: 'Patient', name: [humanName(doc)] });

function* byJson(dir) {
  for (const test of JSON.parse(readFileSync(join(dir, 'json-patch-tests.json'), 'utf8'))) {
    const operations = test.patch.map((operation) => ({
      ...operation,
      path: `/name/0${operation.path.replace(/[a-z]+/g, (name) => member(name, test.doc[name]))}`,
    }));
    yield [`json ${test.comment}`, withName(test.doc), {}, JSON.stringify(operations), 'application/json-patch+json',
      test.expected ? withName(test.expected) : null];
  }
}

export async function* cases(dir) {
  const server = await start();
  try {
    for (const list of [byPath, byXml, byJson])
      for (const [id, ...parts] of list(dir)) {
        const reason = await outcome(server, ...parts).catch((error) => error.message);
        yield { id, pass: reason === null, reason };
      }
  } finally {
    await server.stop();
  }
}
