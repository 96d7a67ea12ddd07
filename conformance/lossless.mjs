// JSON with numbers kept as written, so that 1.50 and 1.5 differ: what goes in must come out.
export class Numeral {
  constructor(text) { this.text = text; }
}

const numeral = /-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;

export function parse(text) {
  let at = 0;
  const fail = (what) => { throw new SyntaxError(`${what} at ${at}`); };
  const blank = () => { while (at < text.length && ' \t\r\n'.includes(text[at])) at++; };
  const string = () => {
    const start = at++;
    while (text[at] !== '"') {
      if (at >= text.length) fail('unterminated string');
      at += text[at] === '\\' ? 2 : 1;
    }
    return JSON.parse(text.slice(start, ++at));
  };
  const list = (close, item) => {
    at++;
    blank();
    if (text[at] === close) { at++; return; }
    for (;;) {
      item();
      blank();
      if (text[at] === close) { at++; return; }
      if (text[at++] !== ',') fail('expected a comma');
      blank();
    }
  };
  const value = () => {
    blank();
    if (text[at] === '{') {
      const object = {};
      list('}', () => {
        const name = string();
        blank();
        if (text[at++] !== ':') fail('expected a colon');
        object[name] = value();
      });
      return object;
    }
    if (text[at] === '[') {
      const array = [];
      list(']', () => array.push(value()));
      return array;
    }
    if (text[at] === '"') return string();
    for (const [word, meaning] of [['true', true], ['false', false], ['null', null]])
      if (text.startsWith(word, at)) { at += word.length; return meaning; }
    numeral.lastIndex = at;
    const found = numeral.exec(text);
    if (!found) fail('unexpected character');
    at += found[0].length;
    return new Numeral(found[0]);
  };
  const result = value();
  blank();
  if (at !== text.length) fail('trailing data');
  return result;
}

export function write(value) {
  if (value instanceof Numeral) return value.text;
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  if (value && typeof value === 'object')
    return `{${Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${write(member)}`).join(',')}}`;
  return JSON.stringify(value);
}

// The first place where two values differ ("name[0].given"), or null. The order of members is free.
export function difference(a, b, place = '') {
  if (a instanceof Numeral && b instanceof Numeral) return a.text === b.text ? null : place;
  if (Array.isArray(a) && Array.isArray(b)) {
    if (a.length !== b.length) return `${place}.length`;
    for (let i = 0; i < a.length; i++) {
      const found = difference(a[i], b[i], `${place}[${i}]`);
      if (found) return found;
    }
    return null;
  }
  const objects = [a, b].every((x) => x && typeof x === 'object' && !Array.isArray(x) && !(x instanceof Numeral));
  if (!objects) return a === b ? null : place || 'root';
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const found = difference(a[name], b[name], place ? `${place}.${name}` : name);
    if (found) return found;
  }
  return null;
}
