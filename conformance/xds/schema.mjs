// Validates answers against the XML schemas of a corpus by libxml2, through a Python that has lxml. Without one, nothing
// is validated and a line says so.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const script = `
import json, sys
from lxml import etree
schemas = {}
for line in sys.stdin:
    path, text = json.loads(line)
    if path not in schemas: schemas[path] = etree.XMLSchema(etree.parse(path))
    schema = schemas[path]
    schema.validate(etree.fromstring(text.encode()))
    print(json.dumps([str(e.message) for e in schema.error_log][:3]), flush=True)
`;
const files = {
  RegistryResponse: 'xds/schema/ebRS30/rs.xsd',
  AdhocQueryResponse: 'xds/schema/ebRS30/query.xsd',
  RetrieveDocumentSetResponse: null,  // its schema of the corpus refers to an element that is nowhere declared
};

export function validator(schemas) {
  const python = ['python3', '/usr/bin/python3'].find((name) => spawnSync(name, ['-c', 'import lxml']).status === 0);
  if (!existsSync(schemas) || !python) {
    console.error('answers are not validated: no schemas, or no Python with lxml');
    return { validate: async () => null, stop() {} };
  }
  const child = spawn(python, ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = [];
  child.once('exit', () => { for (const resolve of waiting.splice(0)) resolve(['the validator ended']); });
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()(JSON.parse(line)));
  return {
    async validate(xml) {
      const root = /^<(?:\w+:)?(\w+)/.exec(xml)?.[1];
      if (!(root in files)) return `<${root}> is no answer of XDS`;
      if (!files[root]) return null;
      const faults = await new Promise((resolve) => {
        waiting.push(resolve);
        child.stdin.write(`${JSON.stringify([join(schemas, files[root]), xml])}\n`);
      });
      return faults.length ? faults.join('; ') : null;
    },
    stop() { child.stdin.end(); },
  };
}
