// Validates answers against the XML schemas of a corpus by libxml2, through a Python that has lxml. Without one, nothing
// is validated and a line says so.
//
// IHEXDSB.xsd and xcf.xsd are of one namespace and refer to each other by imports, which libxml2 cannot put together:
// the one includes the other here. What lies beside a message (xop:Include) is the content of its element.
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
    if path not in schemas:
        tree = etree.parse(path)
        if path.endswith('IHEXDSB.xsd'):
            tree.getroot().insert(0, etree.Element('{http://www.w3.org/2001/XMLSchema}include', schemaLocation='xcf.xsd'))
        schemas[path] = etree.XMLSchema(tree)
    schema = schemas[path]
    root = etree.fromstring(text.encode())
    etree.strip_elements(root, '{http://www.w3.org/2004/08/xop/include}Include', with_tail=False)
    schema.validate(root)
    print(json.dumps([str(e.message) for e in schema.error_log][:3]), flush=True)
`;
const files = {
  RegistryResponse: 'xds/schema/ebRS30/rs.xsd',
  AdhocQueryResponse: 'xds/schema/ebRS30/query.xsd',
  RetrieveDocumentSetResponse: 'xds/schema/IHE/IHEXDSB.xsd',
  ProvideAndRegisterDocumentSetRequest: 'xds/schema/IHE/IHEXDSB.xsd',
  RetrieveDocumentSetRequest: 'xds/schema/IHE/IHEXDSB.xsd',
  AdhocQueryRequest: 'xds/schema/ebRS30/query.xsd',
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
      const faults = await new Promise((resolve) => {
        waiting.push(resolve);
        child.stdin.write(`${JSON.stringify([join(schemas, files[root]), xml])}\n`);
      });
      return faults.length ? faults.join('; ') : null;
    },
    stop() { child.stdin.end(); },
  };
}
