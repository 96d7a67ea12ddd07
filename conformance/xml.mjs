// XML documents compared by what they say, with a parser that is not ours: attributes by name, prefixes and comments
// left out, blanks counted in narratives alone, elements of one parent ordered by name (their order says nothing).
import sax from 'sax';

const xhtml = 'http://www.w3.org/1999/xhtml';

export function read(text) {
  const parser = sax.parser(true, { xmlns: true });
  const top = { children: [] };
  const open = [top];
  parser.onerror = (error) => { throw error; };
  parser.onopentag = ({ local, uri, attributes }) => {
    const kept = Object.values(attributes).filter((a) => a.name !== 'xmlns' && a.prefix !== 'xmlns' && a.prefix !== 'xsi');
    const node = { name: local, uri, attributes: kept.map((a) => `${a.local}=${a.value}`).sort(), children: [] };
    open.at(-1).children.push(node);
    open.push(node);
  };
  parser.onclosetag = () => { open.pop(); };
  parser.ontext = parser.oncdata = (value) => {
    const { children, uri } = open.at(-1);
    if (uri !== xhtml && value.trim() === '') return;
    if (typeof children.at(-1) === 'string') children.push(children.pop() + value);
    else children.push(value);
  };
  // Line ends and tabs in attributes are blanks (XML 1.0, 3.3.3), which this parser leaves to its users.
  const blanks = (value) => value.replace(/\r\n|[\r\n\t]/g, ' ');
  parser.write(text.replace(/^\uFEFF/, '').replace(/=\s*("[^"<]*"|'[^'<]*')/g, blanks)).close();
  return top.children[0];
}

const ordered = ({ uri, children }) =>
  uri === xhtml ? children : children.map((child, at) => ({ child, at }))
    .sort((a, b) => (a.child.name < b.child.name ? -1 : a.child.name > b.child.name ? 1 : a.at - b.at))
    .map(({ child }) => child);

// The first place where two elements differ, or null.
export function difference(a, b, place = '') {
  if (typeof a === 'string' || typeof b === 'string') return a === b ? null : place;
  const here = `${place}/${a.name}`;
  if (a.name !== b.name || a.uri !== b.uri || a.attributes.join('\n') !== b.attributes.join('\n')) return here;
  if (a.children.length !== b.children.length) return `${here}: ${a.children.length} and ${b.children.length} children`;
  const [left, right] = [ordered(a), ordered(b)];
  for (let i = 0; i < left.length; i++) {
    const found = difference(left[i], right[i], here);
    if (found) return found;
  }
  return null;
}

// Without what the server sets: id, meta.versionId, meta.lastUpdated.
export function without_identity(resource) {
  const keep = (node, names) => { node.children = node.children.filter((child) => !names.includes(child.name)); };
  keep(resource, ['id']);
  for (const meta of resource.children.filter(({ name }) => name === 'meta')) keep(meta, ['versionId', 'lastUpdated']);
  resource.children = resource.children.filter(({ name, children }) => name !== 'meta' || children.length);
  return resource;
}
