// HL7 v3 patient identity (ITI-44, 45, 47) and XCPD requests of several projects, sent through the SOAP door: what is
// right is acknowledged, what breaks a rule is refused, every answer fits its transaction and its schema. Messages that
// must be refused stand in hl7v3_refused.json with the clause that they break.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { envelope, post, schemaFault, v3 } from '../soap.mjs';
import { start } from '../server.mjs';

export const folder = 'schemas';

const refused = JSON.parse(readFileSync(new URL('./hl7v3_refused.json', import.meta.url), 'utf8'));
const sources = ['ihe-messages-ipf', 'ihe-messages-epr-by-example', 'ihe-messages-openncp'];
const answers = {
  PRPA_IN201301UV02: 'MCCI_IN000002UV01', PRPA_IN201302UV02: 'MCCI_IN000002UV01', PRPA_IN201304UV02: 'MCCI_IN000002UV01',
  PRPA_IN201305UV02: 'PRPA_IN201306UV02', PRPA_IN201309UV02: 'PRPA_IN201310UV02', QUQI_IN000003UV01: 'PRPA_IN201306UV02',
};

function* files(dir) {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else if (entry.name.endsWith('.xml')) yield path;
  }
}

// The interaction that a file holds, whatever is around it, with the namespaces that are declared around it.
function messageOf(text) {
  const found = /<((?:[\w-]+:)?)((?:PRPA_IN2013\d\dUV02|QUQI_IN000003UV01)(?:_Cancel)?)\b[\s\S]*<\/\1\2>/.exec(text);
  if (!found || !answers[found[2]]) return null;
  const around = text.slice(0, found.index);
  const declared = [...around.matchAll(/xmlns(?::[\w-]+)?="[^"]*"/g)].map(([declaration]) => declaration)
    .filter((declaration) => !found[0].slice(0, found[0].indexOf('>')).includes(declaration.split('=')[0] + '='));
  const unique = [...new Map(declared.map((declaration) => [declaration.split('=')[0], declaration])).values()];
  return { name: found[2], xml: found[0].replace(/^<[\w:-]+/, (tag) => `${tag} ${unique.join(' ')}`) };
}

// Feeds first, so that queries may find something.
const order = (name) => (/20130[124]/.test(name) ? 0 : 1);

function judge(answer, name, id, schemas) {
  if (refused[id]) return answer.fault || /^A[ER]$/.test(answer.acknowledgement) ? null : `taken, though: ${refused[id]}`;
  if (answer.status !== 200) return `${answer.status} ${answer.text.slice(0, 200)}`;
  if (answer.action !== v3(answers[name])) return `answered with ${answer.action}`;
  const wrong = schemaFault(schemas, answer.body);
  if (wrong) return `the answer breaks its schema: ${wrong}`;
  if (answers[name] === 'MCCI_IN000002UV01')
    return answer.acknowledgement === 'AA' ? null : `refused: ${/<text>([^<]*)/.exec(answer.text)?.[1]}`;
  // Whom a query asks for is not known here, or its domain: that is an answer, too, with its code and place.
  const known = ['OK', 'NF'].includes(answer.response);
  const told = answer.response === 'AE' && /code="204"/.test(answer.text) && answer.locations.length > 0;
  return known || told ? null : `answered ${answer.response}: ${answer.text.slice(0, 300)}`;
}

export async function* cases(dir) {
  const server = await start({ flags: ['--accept-unknown-domains'] });
  try {
    const messages = [];
    for (const source of sources) {
      const root = join(dir, '..', source);
      if (!existsSync(root)) continue;
      for (const file of files(root)) {
        const message = messageOf(readFileSync(file, 'utf8'));
        if (message) messages.push({ id: join(source, relative(root, file)), ...message });
      }
    }
    messages.sort((a, b) => order(a.name) - order(b.name) || a.id.localeCompare(b.id));
    for (const { id, name, xml } of messages) {
      const action = name === 'QUQI_IN000003UV01' ? `${name}_Continue` : name;
      const reason = judge(await post(server, envelope(v3(action), xml)), name, id, dir);
      yield { id, pass: reason === null, reason };
    }
  } finally {
    await server.stop();
  }
}
