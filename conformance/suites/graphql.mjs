// HL7's GraphQL tests, through $graphql: the data is equal, or an OperationOutcome where $error is wanted. A case whose
// context resource is not among the data cannot be run and does not count as passed.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOMParser } from '@xmldom/xmldom';
import { difference, parse } from '../lossless.mjs';
import { ask, start } from '../server.mjs';

export const folder = 'fhir-test-cases/graphql';

const inputs = {
  'Patient/example': '../fhirpath/input/patient-example.xml',
  'Observation/example': '../fhirpath/input/observation-example.xml',
  'Patient/glossy': '../instances/patient-glossy-example.xml',
  'Patient/xds': '../instances/patient-example-xds.xml',
};

export async function* cases(dir) {
  const server = await start();
  try {
    for (const [place, file] of Object.entries(inputs)) {
      const answer = await ask('PUT', `${server.base}/${place}`, readFileSync(join(dir, file), 'utf8'), { 'Content-Type': 'application/fhir+xml' });
      if (answer.status !== 201) yield { id: `setup ${place}`, pass: false, reason: `${answer.status} ${answer.text.slice(0, 200)}` };
    }
    const manifest = new DOMParser().parseFromString(readFileSync(join(dir, 'manifest.xml'), 'utf8'), 'text/xml');
    for (const test of Array.from(manifest.getElementsByTagName('test'))) {
      const [name, source, output, context] = ['name', 'source', 'output', 'context'].map((key) => test.getAttribute(key));
      const place = context.replace('/$graphql', '');
      if (place && !(place in inputs)) { yield { id: name, pass: false, reason: `cannot be run: the data has no ${place}` }; continue; }
      const answer = await ask('POST', `${server.base}/${context || '$graphql'}`, readFileSync(join(dir, source), 'utf8'),
        { 'Content-Type': 'application/graphql', Accept: 'application/json' });
      const body = parse(answer.text);
      if (output === '$error') { yield { id: name, pass: body.resourceType === 'OperationOutcome', reason: answer.text.slice(0, 200) }; continue; }
      const wanted = existsSync(join(dir, output)) && parse(readFileSync(join(dir, output), 'utf8'));
      const at = answer.status === 200 ? difference(wanted, body.data) : `${answer.status} ${answer.text.slice(0, 200)}`;
      yield { id: name, pass: at === null, reason: at };
    }
  } finally {
    await server.stop();
  }
}
