// HL7's GraphQL tests, through $graphql: the data is equal, or an OperationOutcome where $error is wanted. A search sees
// the two patients that its answer names; what a case reads is stored for that case. The Observation of 20 minutes is not
// among the data: its sibling of 10 minutes, which contains the same patient, stands in. That case fails: it selects
// `subject` twice and expects a list of two, where GraphQL merges them into one (section 6.3.2, CollectFields).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOMParser } from '@xmldom/xmldom';
import { difference, parse } from '../lossless.mjs';
import { ask, start } from '../server.mjs';

export const folder = 'fhir-test-cases/graphql';

const always = {
  'Patient/example': '../fhirpath/input/patient-example.xml',
  'Observation/example': '../fhirpath/input/observation-example.xml',
  'Patient/xds': '../instances/patient-example-xds.xml',
};
const ofCase = {
  'Patient/glossy': '../instances/patient-glossy-example.xml',
  'Observation/20minute-apgar-score': '../../r4-examples-json/Observation-10minute-apgar-score.json',
};

async function store(server, dir, place, file) {
  const text = readFileSync(join(dir, file), 'utf8');
  const xml = file.endsWith('.xml');
  const body = xml ? text : JSON.stringify({ ...JSON.parse(text), id: place.split('/')[1] });
  const answer = await ask('PUT', `${server.base}/${place}`, body, { 'Content-Type': `application/fhir+${xml ? 'xml' : 'json'}` });
  if (answer.status > 201) throw new Error(`${place}: ${answer.status} ${answer.text.slice(0, 200)}`);
}

async function outcome(server, dir, { source, output, context }) {
  const answer = await ask('POST', `${server.base}/${context || '$graphql'}`, readFileSync(join(dir, source), 'utf8'),
    { 'Content-Type': 'application/graphql', Accept: 'application/json' });
  const body = parse(answer.text);
  if (output === '$error') return body.resourceType === 'OperationOutcome' ? null : answer.text.slice(0, 200);
  if (answer.status !== 200) return `${answer.status} ${answer.text.slice(0, 200)}`;
  return difference(parse(readFileSync(join(dir, output), 'utf8')), body.data);
}

export async function* cases(dir) {
  const server = await start();
  try {
    for (const [place, file] of Object.entries(always)) await store(server, dir, place, file);
    const manifest = new DOMParser().parseFromString(readFileSync(join(dir, 'manifest.xml'), 'utf8'), 'text/xml');
    for (const test of Array.from(manifest.getElementsByTagName('test'))) {
      const [name, source, output, context] = ['name', 'source', 'output', 'context'].map((key) => test.getAttribute(key));
      const own = context.replace('/$graphql', '');
      let reason;
      try {
        if (own in ofCase) await store(server, dir, own, ofCase[own]);
        reason = await outcome(server, dir, { source, output, context });
      } catch (error) { reason = `${error}`; }
      if (own in ofCase) await ask('DELETE', `${server.base}/${own}`);
      yield { id: name, pass: reason === null, reason };
    }
  } finally {
    await server.stop();
  }
}
