// HL7's official R4 example instances: accepted and read back equal, or refused for a reason that the specification
// supports. Each justified refusal stands in r4_examples_refused.json with the rule that it breaks.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { difference, parse } from '../lossless.mjs';
import { ask, start } from '../server.mjs';

export const folder = 'r4-examples-json';

const refused = JSON.parse(readFileSync(new URL('./r4_examples_refused.json', import.meta.url), 'utf8'));

export async function* cases(dir) {
  const server = await start();
  try {
    for (const name of readdirSync(dir).filter((file) => file.endsWith('.json')).sort()) {
      const text = readFileSync(join(dir, name), 'utf8');
      const sent = parse(text);
      const place = `${server.base}/${sent.resourceType}/${sent.id}`;
      const answer = await ask('PUT', place, text);
      if (answer.status !== 201) {
        const issues = (JSON.parse(answer.text).issue ?? []).map((issue) => `${issue.expression?.[0] ?? ''} ${issue.diagnostics}`);
        yield { id: name, pass: name in refused, reason: refused[name] ?? `${answer.status}: ${issues.join('; ')}` };
        continue;
      }
      if (name in refused) { yield { id: name, pass: false, reason: `accepted, though ${refused[name]}` }; continue; }
      const back = parse((await ask('GET', place)).text);
      delete sent.meta;
      delete back.meta;
      const at = difference(sent, back);
      yield { id: name, pass: at === null, reason: at && `differs at ${at}` };
    }
  } finally {
    await server.stop();
  }
}
