// Units of the NIST XDS toolkit for registry, repository, metadata update, restricted update, removal, on-demand and
// document recipient, played through real sockets. Units that need another actor (gateways, imaging, Direct, XUA token
// service, a tool's simulator) are not ours to play; those that the current Technical Framework contradicts are named
// with its clause in xds_nist_refuted.json, by section.
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, start } from '../server.mjs';
import { Player, supported } from '../xds/player.mjs';
import { validator } from '../xds/schema.mjs';

export const folder = 'xds-nist-testkit';

const refuted = JSON.parse(readFileSync(new URL('./xds_nist_refuted.json', import.meta.url), 'utf8'));
const authority = '1.3.6.1.4.1.21367.13.20.1000';
const repositoryId = '1.3.182.2.4.1';
const home = 'urn:oid:1.3.182.2.4';

// Collections whose units are for us.
const ours = /^(SQ\.b|R\.b|PR\.b|Ret\.b|reg|rep|rec|repositoryb|reg_mu|reg_rmu|reg_rm|reg_rmd_rm|reg_od|rep_rd|reg_isr|reg_cat.*|reprec)$/;

function* units(dir) {
  for (const unit of readdirSync(join(dir, 'tests')).sort()) {
    const file = join(dir, 'tests', unit, 'collections.txt');
    const collections = existsSync(file) ? readFileSync(file, 'utf8').split(/\s+/).filter(Boolean) : [];
    if (collections.some((name) => ours.test(name)) || (!collections.length && /^(12346|12374|15804|2000[2346]|RMDInit2)$/.test(unit))) yield unit;
  }
}

export async function* cases(dir) {
  const scratch = mkdtempSync(join(tmpdir(), 'xds-'));
  const domains = join(scratch, 'domains.json');
  writeFileSync(domains, JSON.stringify([{ name: 'NIST', oid: authority, uri: `urn:oid:${authority}` }]));
  const server = await start({ flags: ['--domains', domains] });
  const schema = validator(join(dir, '..', 'schemas'));
  try {
    const player = new Player(dir, {
      soap: `${server.origin}/soap`,
      repositoryId,
      home,
      validate: schema.validate,
      async feed(cx) {
        const answer = await ask('POST', `${server.base}/Patient`, JSON.stringify({
          resourceType: 'Patient', identifier: [{ system: `urn:oid:${authority}`, value: cx.split('^')[0] }], name: [{ family: 'Test' }] }));
        if (answer.status !== 201) throw new Error(`feed: ${answer.status} ${answer.text}`);
      },
    }, refuted);
    for (const unit of units(dir)) {
      if (player.kinds(unit).some((kind) => !supported.has(kind))) continue;
      const fault = await player.play(unit).catch((error) => error.message);
      yield { id: unit, pass: !fault, reason: fault };
    }
  } finally {
    schema.stop();
    await server.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}
