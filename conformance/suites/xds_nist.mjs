// Units of the NIST XDS toolkit for registry, repository, metadata update, restricted update, removal, on-demand and
// document recipient, played through real sockets, and the kit's test data, each submitted. Every unit of the kit is
// played but those of another actor, which xds_nist_elsewhere.json names with the reason; sections that contradict
// themselves or the current Technical Framework are named in xds_nist_refuted.json.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, field } from '../mllp.mjs';
import { ask, start } from '../server.mjs';
import { Player, supported } from '../xds/player.mjs';
import { isSource, playSource } from '../xds/source.mjs';
import { validator } from '../xds/schema.mjs';
import { listen } from '../xds/soap.mjs';

export const folder = 'xds-nist-testkit';

const here = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
const refuted = here('./xds_nist_refuted.json');
const others = Object.entries(here('./xds_nist_elsewhere.json')).map(([why, names]) => [why, names.map((name) => new RegExp(name))]);
const authority = '1.3.6.1.4.1.21367.13.20.1000';
const repositoryId = '1.3.182.2.4.1';
const home = 'urn:oid:1.3.182.2.4';

const loads = 'idc_init';  // a unit that only submits the kit's test data
const alone = { tests: [loads], utilities: ['PidFeed', 'ProvideAndRetrieve'] };  // the other utilities are forms to be filled in by hand

// Why a unit is not ours to play; nothing when it is.
const reason = (unit) => others.find(([, names]) => names.some((name) => name.test(unit)))?.[0];

// The server as the player needs it; patients come by ITI-8.
function target(server, schema, elsewhere) {
  const feed = connect(server.mllp);
  const known = new Set();
  return {
    soap: `${server.origin}/soap`, repositoryId, home, validate: schema.validate, elsewhere,
    async feed(cx) {
      if (known.has(cx)) return;
      known.add(cx);
      const ack = await feed.send(`MSH|^~\\&|KIT|NIST|ALZETTE|LU|20260101000000||ADT^A04^ADT_A01|${known.size}|P|2.3.1\rEVN||20260101000000\rPID|||${cx}||Test^Unit\rPV1||O\r`);
      if (field(ack, 'MSA', 1) !== 'AA') throw new Error(`feed of ${cx}: ${ack.replaceAll('\r', ' ')}`);
    },
    async create(path, resource) { return (await ask('POST', server.base + path, resource)).status; },
    stop() { feed.close(); },
  };
}

export async function* cases(dir) {
  const scratch = mkdtempSync(join(tmpdir(), 'xds-'));
  const domains = join(scratch, 'domains.json');
  writeFileSync(domains, JSON.stringify([{ name: 'NIST', oid: authority, uri: `urn:oid:${authority}` }]));
  const listener = await listen();
  const server = await start({ flags: ['--domains', domains, '--accept-unknown-domains', '--mllp', '127.0.0.1:0', '--allow-endpoint', listener.address] });
  const schema = validator(join(dir, '..', 'schemas'));
  const kit = target(server, schema, listener);
  try {
    const player = new Player(dir, kit, { forgiven: refuted });
    for (const unit of readdirSync(join(dir, 'tests')).sort()) {
      const not = reason(unit);
      if (unit === loads) continue;
      if (not) { yield { id: unit, skip: not }; continue; }
      if (isSource(unit)) {
        const fault = await playSource(join(dir, 'tests', unit), { ...kit, patient: await player.newPatient() });
        yield { id: unit, pass: !fault, reason: fault };
        continue;
      }
      const strange = player.kinds(unit).find((kind) => !supported.has(kind));
      const fault = strange ? `nothing plays ${strange}` : await player.play(unit).catch((error) => error.message);
      yield { id: unit, pass: !fault, reason: fault };
    }
    const data = new Player(dir, kit, { forgiven: refuted, feeds: true });
    for (const part of ['tests', 'testdata', 'testdata-registry', 'testdata-repository', 'testdata-xdr', 'utilities'])
      for (const unit of alone[part] ?? readdirSync(join(dir, part)).sort()) {
        const id = part === 'tests' ? unit : `${part}/${unit}`;
        const not = reason(id);
        if (not) { yield { id, skip: not }; continue; }
        const fault = await data.play(unit).catch((error) => error.message);
        yield { id, pass: !fault, reason: fault };
      }
  } finally {
    kit.stop();
    listener.stop();
    schema.stop();
    await server.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}
