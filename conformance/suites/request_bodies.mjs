// Request bodies of Microsoft's end-to-end tests: a name with Invalid, Missing or Unsupported is refused, others are taken.
// STU3 bodies are left out.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ask, start } from '../server.mjs';

export const folder = 'msserver-testfiles';

export async function* cases(dir) {
  const server = await start();
  try {
    for (const group of ['Data', 'Normative', 'R4'])
      for (const name of readdirSync(join(dir, group)).sort()) {
        if (!name.endsWith('.json') || name.includes('Stu3')) continue;
        const text = readFileSync(join(dir, group, name), 'utf8').replace(/^\uFEFF/, '');
        const type = /"resourceType"\s*:\s*"(\w+)"/.exec(text)?.[1] ?? 'Patient';  // the first; some are not JSON at all
        const whole = type === 'Bundle' && /"type"\s*:\s*"(batch|transaction)"/.test(text);
        const answer = await ask('POST', whole ? server.base : `${server.base}/${type}`, text);
        const wanted = /Invalid|Missing|Unsupported/.test(name) ? 4 : 2;
        const pass = Math.floor(answer.status / 100) === wanted;
        yield { id: `${group}/${name}`, pass, reason: pass ? null : `${answer.status} ${answer.text.slice(0, 300)}` };
      }
  } finally {
    await server.stop();
  }
}
