// Scores the suites for which a corpus is present: node conformance/score.mjs CORPORA [SUITE...]
// One line per failing case (suite, id, reason), then passed/total per suite, and what is not played and why. Suites are the files of suites/.
// Why a case fails that cannot be passed stands in known_misses.json; it counts as failed.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const [corpora, ...wanted] = process.argv.slice(2);
if (!corpora || !existsSync(corpora)) {
  console.error('usage: score.mjs CORPORA [SUITE...]   CORPORA: the folder that holds the suites\' data');
  process.exit(2);
}
const suites = readdirSync(new URL('./suites/', import.meta.url)).filter((file) => file.endsWith('.mjs'));
const known = JSON.parse(readFileSync(new URL('./known_misses.json', import.meta.url), 'utf8'));
const summary = [];
for (const file of suites) {
  const name = file.slice(0, -'.mjs'.length);
  if (wanted.length && !wanted.includes(name)) continue;
  const suite = await import(`./suites/${file}`);
  const dir = join(corpora, suite.folder);
  if (!existsSync(dir)) { summary.push(`${name}: no data at ${dir}`); continue; }
  let passed = 0;
  let total = 0;
  const skipped = {};  // reason -> ids
  for await (const { id, pass, reason, skip } of suite.cases(dir)) {
    if (skip) { (skipped[skip] ??= []).push(id); continue; }
    total++;
    if (pass) passed++;
    else console.log(`${name}\t${id}\tfail\t${known[name]?.[id] ? `${known[name][id]} | ` : ''}${reason}`);
    if (process.stderr.isTTY) process.stderr.write(`\r${name} ${passed}/${total} `);
  }
  summary.push(`${name}: ${passed}/${total}`);
  for (const [why, ids] of Object.entries(skipped)) summary.push(`  not played, ${ids.length}: ${why}: ${ids.join(' ')}`);
}
console.log(summary.join('\n'));
