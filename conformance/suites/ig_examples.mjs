// The examples of the implementation guides, each validated with the definitions of all guides stored: no error.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ask, start } from '../server.mjs';

export const folder = 'igs';

const files = (dir) => (existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith('.json')).sort() : []);

export async function* cases(dir) {
  const server = await start();
  const refused = [];
  try {
    const guides = readdirSync(dir, { withFileTypes: true }).filter((one) => one.isDirectory()).map(({ name }) => name);
    for (const guide of guides) {
      for (const name of files(join(dir, guide, 'definitions'))) {
        const text = readFileSync(join(dir, guide, 'definitions', name), 'utf8');
        const { resourceType, id } = JSON.parse(text);
        const answer = await ask('PUT', `${server.base}/${resourceType}/${id}`, text);
        if (answer.status >= 300) refused.push(`${guide}/${name}: ${JSON.parse(answer.text).issue?.[0]?.diagnostics}`);
      }
    }
    for (const text of refused) console.error(`ig_examples: not stored: ${text}`);
    for (const guide of guides) {
      for (const name of files(join(dir, guide, 'examples'))) {
        const text = readFileSync(join(dir, guide, 'examples', name), 'utf8');
        const { resourceType } = JSON.parse(text);
        const body = resourceType === 'Parameters'
          ? `{"resourceType":"Parameters","parameter":[{"name":"resource","resource":${text}}]}` : text;
        const answer = await ask('POST', `${server.base}/${resourceType}/$validate`, body);
        const errors = (JSON.parse(answer.text).issue ?? []).filter(({ severity }) => severity === 'error' || severity === 'fatal');
        const told = errors.slice(0, 4).map(({ expression, diagnostics }) => `${expression?.[0] ?? ''} ${diagnostics}`);
        yield { id: `${guide}/${name}`, pass: answer.status === 200 && errors.length === 0, reason: told.join(' | ').slice(0, 600) };
      }
    }
  } finally {
    await server.stop();
  }
}
