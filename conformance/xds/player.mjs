// Plays units of the NIST XDS toolkit against a server: sections in their order, steps with their transaction, the
// status, codes, counts and assertions that they expect.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import xpath from 'xpath';
import { newUid, prepare, serialize } from './metadata.mjs';
import { descendants, elements, parse, post, send, verdict } from './soap.mjs';

const action = {
  Register: 'urn:ihe:iti:2007:RegisterDocumentSet-b',
  RegisterODDE: 'urn:ihe:iti:2010:RegisterOnDemandDocumentEntry',
  ProvideAndRegister: 'urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b',
  XDRProvideAndRegister: 'urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b',
  StoredQuery: 'urn:ihe:iti:2007:RegistryStoredQuery',
  Mpq: 'urn:ihe:iti:2009:MultiPatientStoredQuery',
  Mu: 'urn:ihe:iti:2010:UpdateDocumentSet',
  Rmu: 'urn:ihe:iti:2018:RestrictedUpdateDocumentSet',
  RemoveMetadata: 'urn:ihe:iti:2010:DeleteDocumentSet',
  Rd: 'urn:ihe:iti:2017:RemoveDocuments',
  Retrieve: 'urn:ihe:iti:2007:RetrieveDocumentSet',
};
export const supported = new Set([...Object.keys(action), 'PatientIdentityFeed', 'Null', 'Http', 'FhirCreate']);
// A unit that the kit names but does not hold, and one that provides a document as well (as text, not as PDF).
const sameAs = { 12029: '12028' };

const text = (element) => element?.textContent.trim() ?? '';
const only = (element, name) => elements(element).find((child) => child.localName === name);
const all = (element, name) => elements(element).filter((child) => child.localName === name);
const dtm = (date) => date.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14);

function select(expression, node) {
  const found = xpath.parse(expression).evaluate({ node, isHtml: false, caseInsensitive: false });
  return found;
}
const valueOf = (expression, node) => {
  const found = select(expression, node);
  return found instanceof xpath.XNodeSet ? found.first()?.nodeValue ?? found.first()?.textContent.trim() ?? '' : found.stringValue();
};

// The patients that metadata are of.
const patientsOf = (request) => new Set((request ? descendants(request, 'ExternalIdentifier') : [])
  .filter((id) => /^urn:uuid:(58a6f841|6b5aea1a|f64ffdf0)-/.test(id.getAttribute('identificationScheme'))).map((id) => id.getAttribute('value')));

const kindOf = (transaction) => transaction.localName.replace(/Transaction$/, '');

// The bytes of one DocumentResponse, beside the message or in it.
function bytesOf(answer, response) {
  const include = descendants(response, 'Include')[0];
  if (!include) return Buffer.from(text(only(response, 'Document')), 'base64');
  return answer.parts[decodeURIComponent(include.getAttribute('href').replace(/^cid:/, ''))];
}

// What assertions may ask of the documents that came: $hash_doc1$, $size_doc1$, $mimetype_doc1$, $repuid_doc1$.
function describeDocuments(answer, table) {
  for (const [at, response] of descendants(answer.body, 'DocumentResponse').entries()) {
    const bytes = bytesOf(answer, response);
    if (!bytes) continue;
    table.set(`$hash_doc${at + 1}$`, createHash('sha1').update(bytes).digest('hex'));
    table.set(`$size_doc${at + 1}$`, String(bytes.length));
    table.set(`$mimetype_doc${at + 1}$`, text(only(response, 'mimeType')));
    table.set(`$repuid_doc${at + 1}$`, text(only(response, 'RepositoryUniqueId')));
  }
}

export class Player {
  // `forgiven`: sections ("unit/section") whose faults do not count.
  // `server`: { soap, feed(patientId), create(type, json), elsewhere: listener for asynchronous answers,
  //             repositoryId, home, validate(xml) -> fault or null }
  // `feeds`: patients that metadata name are fed before (the kit's test data, which stand for themselves).
  constructor(root, server, { forgiven = {}, feeds = false } = {}) {
    Object.assign(this, { root, server, forgiven, feeds });
    this.done = new Map();  // "12346/single_doc" -> { step: its log }
    this.patientIds = new Map();
  }

  folder(unit) {
    return ['tests', 'deps', 'testdata', 'testdata-registry', 'testdata-repository', 'testdata-xdr', 'examples', 'utilities', 'selftest']
      .map((part) => join(this.root, part, sameAs[unit] ?? unit)).find((path) => existsSync(path));
  }

  sections(unit) {
    const folder = this.folder(unit);
    if (!folder) throw new Error(`no unit ${unit}`);
    const index = join(folder, 'index.idx');
    const named = existsSync(index) ? readFileSync(index, 'utf8').split(/\s+/).filter((line) => line && !line.startsWith('#')) : [];
    if (named.length) return named;
    return existsSync(join(folder, 'testplan.xml')) ? ['.'] : readdirSync(folder).filter((name) => existsSync(join(folder, name, 'testplan.xml')));
  }

  // Every transaction of a unit by its kind.
  kinds(unit) {
    return this.sections(unit).flatMap((section) => this.steps(unit, section).map((step) => this.kind(step)));
  }

  steps(unit, section) {
    const file = join(this.folder(unit), section, 'testplan.xml');
    return existsSync(file) ? all(parse(readFileSync(file, 'utf8').trim()).documentElement, 'TestStep') : [];
  }

  transaction(step) { return elements(step).find((child) => child.localName.endsWith('Transaction')); }
  kind(step) {
    if (only(step, 'NewPatientId')) return 'PatientIdentityFeed';
    const transaction = this.transaction(step);
    return transaction ? kindOf(transaction) : 'none';
  }

  // null, or what went wrong first.
  async play(unit) {
    for (const section of this.sections(unit)) {
      const fault = await this.section(unit, section);
      if (fault) return fault;
    }
    return null;
  }

  async section(unit, section) {
    const key = `${unit}/${section}`;
    if (this.done.has(key)) return this.done.get(key).fault ?? null;
    const logs = {};
    const entry = { logs };
    this.done.set(key, entry);
    for (const step of this.steps(unit, section)) {
      const id = step.getAttribute('id');
      const log = { id, reports: {}, uids: {}, uuids: {} };
      logs[id] = log;
      const fault = await this.step(unit, section, step, log).catch((error) => `${error.message}`);
      if (fault && key in this.forgiven) return null;
      if (fault) return (entry.fault = `${section}/${id}: ${fault}`);
    }
    return null;
  }

  // The log of a step elsewhere, its section played first when it was not yet.
  async log(unit, section, { test, testdir, section: where, step }) {
    let otherUnit = test || unit;
    let otherSection = test ? where : section;
    if (testdir) {
      const at = relative(this.root, normalize(join(this.folder(unit), section, testdir))).split('/').slice(1);
      if (sameAs[at[1]]) at.shift();
      const sibling = join(this.folder(unit), testdir);
      if (!testdir.startsWith('.') && existsSync(sibling)) at.splice(0, at.length, unit, testdir);
      [otherUnit, otherSection] = [at[0], at[1] ?? '.'];
    } else if (!test && where && where !== 'THIS') {
      otherSection = where;
    }
    if (`${otherUnit}/${otherSection}` !== `${unit}/${section}`) {
      if (otherUnit !== unit) for (const name of this.sections(otherUnit)) await this.section(otherUnit, name);
      if (!this.done.has(`${otherUnit}/${otherSection}`)) await this.section(otherUnit, otherSection);
    }
    const found = this.done.get(`${otherUnit}/${otherSection}`)?.logs[step];
    if (!found) throw new Error(`nothing is known of ${otherUnit}/${otherSection}/${step}`);
    return found;
  }

  // What the toolkit's log of a section says so far, which is what assertions look at (DataRef THIS): of each step what
  // was sent and what came back.
  written(unit, section) {
    const steps = Object.values(this.done.get(`${unit}/${section}`).logs).filter((log) => log.kind);
    return parse('<TestResults>' + steps.map(({ id, kind, sent, answer }) => `<TestStep id="${id}"><${kind}Transaction step="${id}">` +
      (sent ? `<InputMetadata>${serialize(sent)}</InputMetadata>` : '') + (answer?.body ? `<Result>${serialize(answer.body)}</Result>` : '') +
      `</${kind}Transaction></TestStep>`).join('') + '</TestResults>');
  }

  async symbols(unit, section, holder, input) {
    // The end of a range is not in it, and its times are whole seconds: what was submitted in this second is before now.
    const table = new Map([['$now$', dtm(new Date(Date.now() + 1e3))], ['$lastyear$', dtm(new Date(Date.now() - 365 * 86400e3))],
      ['$repuid$', this.server.repositoryId], ['$repositoryuid$', this.server.repositoryId], ['$testdata_repid$', this.server.repositoryId],
      ['$repositoryUniqueId$', this.server.repositoryId], ['$home$', this.server.home], ['$configHome$', this.server.home]]);
    if (input !== undefined) for (const symbol of ['$patientid$', '$patient_id$', '$pid$']) table.set(symbol, input);
    for (const use of all(holder, 'UseReport')) {
      const name = use.getAttribute('reportName');
      const log = await this.log(unit, section, { test: use.getAttribute('test'), section: use.getAttribute('section'), step: use.getAttribute('step') });
      const value = log.reports[name];
      if (value === undefined) throw new Error(`no report ${name}`);
      table.set(use.getAttribute('useAs'), value);
    }
    for (const use of all(holder, 'UseRepositoryUniqueId')) table.set(use.getAttribute('symbol'), this.server.repositoryId);
    for (const use of all(holder, 'UseId')) {
      const log = await this.log(unit, section, { testdir: use.getAttribute('testdir'), section: '', step: use.getAttribute('step') });
      const what = use.getAttribute('section');
      const id = use.getAttribute('id');
      const value = what === 'AssignedUids' ? log.uids[id] : what === 'AssignedUuids' ? log.uuids[id]
        : what === 'AssignedSourceId' ? log.sourceIds?.[id] : log.patientId;
      if (value === undefined) throw new Error(`no ${what} of ${id}`);
      table.set(use.getAttribute('symbol'), value);
    }
    return table;
  }

  async newPatient() {
    const id = `N${process.pid}-${this.done.size}-${newUid().split('.').pop()}^^^&1.3.6.1.4.1.21367.13.20.1000&ISO`;
    await this.server.feed(id);
    return id;
  }

  async patientOf(unit) {
    if (!this.patientIds.has(unit)) this.session ??= await this.newPatient();
    return this.patientIds.get(unit) ?? this.session;
  }

  // A whole HTTP message of the kit.
  async http(unit, section, transaction) {
    const type = /content-type:\s*(.*)/i.exec(text(only(transaction, 'Headers')))[1];
    const body = readFileSync(join(this.folder(unit), section, text(only(transaction, 'BodyFile'))));
    for (const [, cx] of body.toString('latin1').matchAll(/value="([^"]*\^\^\^&amp;[^"]*)"/g)) await this.server.feed(cx.replaceAll('&amp;', '&'));
    return post(this.server.soap, type, body);
  }

  async step(unit, section, step, log) {
    const transaction = this.transaction(step);
    const kind = this.kind(step);
    const fill = (content, table) => {
      for (const [symbol, value] of [...table].sort((a, b) => b[0].length - a[0].length)) content = content.replaceAll(symbol, value.replaceAll('&', '&amp;'));
      return content;
    };
    if (kind === 'FhirCreate') {
      const file = [join(this.folder(unit), section), this.folder(unit)].map((path) => join(path, text(only(transaction, 'ResourceFile')))).find(existsSync);
      const status = await this.server.create(text(only(transaction, 'UrlExtension')), readFileSync(file, 'utf8'));
      return status === 201 ? null : `HTTP ${status} instead of 201`;
    }
    if (kind === 'Http') {
      log.answer = await this.http(unit, section, transaction);
      return this.judge(unit, section, step, transaction, log.answer, new Map());
    }
    if (kind === 'PatientIdentityFeed') {
      log.patientId = await this.newPatient();
      this.patientIds.set(unit, log.patientId);
      this.session = log.patientId;  // of all units without a feed of their own, as in the toolkit's test session
      log.reports.$patientid$ = log.patientId;
      return null;
    }
    const alternative = only(step, 'AltPatientId') ?? only(transaction, 'AltPatientId');
    const patientId = alternative ? `ALT${newUid()}^^^&1.3.6.1.4.1.21367.13.20.1000&ISO` : await this.patientOf(unit);
    const table = await this.symbols(unit, section, transaction, patientId);
    if (kind === 'Null') return this.assertions(unit, section, step, transaction, table);
    const folder = join(this.folder(unit), section);
    const name = text(only(transaction, 'MetadataFile'));
    const file = [join(folder, name), join(folder, '..', name)].find((path) => existsSync(path) && statSync(path).isFile());
    if (!file) throw new Error(`no file ${name}`);
    let content = fill(readFileSync(file, 'utf8').trim(), table);
    let parts = null;
    let sent = null;
    if (['Register', 'RegisterODDE', 'Mu', 'Rmu', 'ProvideAndRegister', 'XDRProvideAndRegister'].includes(kind)) {
      const keep = all(transaction, 'NoAssignUids');
      const provided = kind.endsWith('ProvideAndRegister');
      sent = prepare(content, {
        patientId: alternative ? patientId : table.get('$patientid$') ?? patientId,
        keepPatientId: only(transaction, 'NoPatientId') !== undefined,
        keepUids: keep.some((element) => !element.getAttribute('id') && !text(element)) ? true : keep.map((element) => element.getAttribute('id') || text(element)),
        assignUuids: only(transaction, 'AssignUuids') !== undefined,
      });
      Object.assign(log, { uids: sent.uids, uuids: sent.uuids, sourceIds: sent.sourceIds });
      const ids = descendants(sent.request, 'ExternalIdentifier').find((id) => /patientId$/.test(text(id)) || ['urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446'].includes(id.getAttribute('identificationScheme')));
      log.patientId = ids?.getAttribute('value') || patientId;
      for (const [id, value] of Object.entries(sent.uids)) log.reports[`${id}_uid`] = value;
      for (const [id, value] of Object.entries(sent.uuids)) log.reports[`${id}_uuid`] = value;
      log.reports.$patientid$ = log.patientId;
      if (provided) log.reports.$repositoryUniqueId$ = this.server.repositoryId;
      content = serialize(sent.request);
      if (provided) {
        const documents = all(transaction, 'Document').map((element) => [sent.uuids[element.getAttribute('id')] ?? element.getAttribute('id'), text(element)]);
        const contentOf = (path) => {
          const found = [join(folder, path), join(folder, '..', path)].find(existsSync);
          return found ? readFileSync(found) : Buffer.from(`${path}, which the kit does not hold`);
        };
        parts = Object.fromEntries(documents.map(([, path], at) => [`doc${at}@test`, contentOf(path)]));
        content = `<x:ProvideAndRegisterDocumentSetRequest xmlns:x="urn:ihe:iti:xds-b:2007">${content}` +
          documents.map(([id], at) => `<x:Document id="${id}"><i:Include xmlns:i="http://www.w3.org/2004/08/xop/include" href="cid:doc${at}@test"/></x:Document>`).join('') +
          '</x:ProvideAndRegisterDocumentSetRequest>';
      }
    }
    if (only(transaction, 'CleanParams')) content = content.replaceAll(/<(\w+:)?Slot name="[^"]*">\s*<(\w+:)?ValueList>\s*<(\w+:)?Value>[^<]*\$\w+\$[^<]*<\/(\w+:)?Value>\s*<\/(\w+:)?ValueList>\s*<\/(\w+:)?Slot>/g, '');
    content = content.replace(/^<\?xml[^>]*\?>\s*/, '');
    if (this.feeds && only(transaction, 'NoPatientId')) for (const cx of patientsOf(sent?.request)) await this.server.feed(cx);
    const elsewhere = only(transaction, 'ASync') ? this.server.elsewhere : null;
    const header = only(transaction, 'SOAPHeader');
    const answer = await send(this.server.soap, action[kind], content, kind === 'Retrieve' ? {} : parts,
      { elsewhere, header: header ? elements(header).map(serialize).join('') : '' });
    Object.assign(log, { kind, answer, sent: sent?.request });
    const faulty = answer.body?.localName !== 'Fault' && answer.body ? await this.server.validate(serialize(answer.body)) : null;
    if (faulty) return `the answer is not valid: ${faulty}`;
    for (const report of all(transaction, 'Report')) {
      const from = report.getAttribute('section') === 'InputMetadata' ? sent?.document : answer.body;
      log.reports[report.getAttribute('name')] = from ? valueOf(text(report), from.ownerDocument ?? from) : '';
    }
    const shown = answer.body && descendants(answer.body, 'ExternalIdentifier').find((id) => id.getAttribute('identificationScheme') === 'urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427');
    log.reports.$patientid$ ??= shown?.getAttribute('value') ?? patientId;
    return this.judge(unit, section, step, transaction, answer, table);
  }

  async judge(unit, section, step, transaction, answer, table) {
    const expected = text(only(step, 'ExpectedStatus')) || text(only(transaction, 'ExpectedStatus')) || 'Success';
    const { status, codes, texts } = verdict(answer);
    if (!expected.split('|').includes(status)) return `${status} instead of ${expected} ${texts.join('; ')}`;
    const code = text(only(step, 'ExpectedErrorCode')) || text(only(transaction, 'ExpectedErrorCode'));
    if (code && !code.split(/[,|\s]+/).some((one) => codes.includes(one))) return `codes ${codes} instead of ${code}: ${texts.join('; ')}`;
    const contents = only(transaction, 'ExpectedContents');
    if (contents) {
      const fault = await this.contents(unit, section, contents, answer);
      if (fault) return fault;
    }
    for (const reference of status === 'Failure' ? [] : all(transaction, 'ReferenceDocument')) {
      let uid = reference.getAttribute('uid');
      for (const [symbol, value] of table) uid = uid.replaceAll(symbol, value);
      const name = text(reference).replace(/^\.\.\/(\d+)\/(.*)\.pdf$/, (all, other, file) => (sameAs[other] ? `../${sameAs[other]}/${file}.txt` : all));
      const wanted = readFileSync([join(this.folder(unit), name), join(this.folder(unit), section, name)].find(existsSync));
      const response = descendants(answer.body, 'DocumentResponse').find((one) => text(only(one, 'DocumentUniqueId')) === uid);
      if (!response || !bytesOf(answer, response)?.equals(wanted)) return `the document ${uid} is not ${text(reference)}`;
    }
    if (kindOf(transaction) === 'Retrieve') describeDocuments(answer, table);
    const type = text(only(transaction, 'ExpectedMimeType'));
    const wrong = type && descendants(answer.body, 'DocumentResponse').find((one) => text(only(one, 'mimeType')) !== type);
    if (wrong) return `${text(only(wrong, 'mimeType'))} instead of ${type}`;
    return this.assertions(unit, section, step, transaction, table);
  }

  assertions(unit, section, step, transaction, table) {
    for (const list of [...all(step, 'Assertions'), ...all(transaction, 'Assertions')])
      for (const assertion of all(list, 'Assert')) {
        let expression = text(assertion);
        for (const [symbol, value] of [...table].sort((a, b) => b[0].length - a[0].length)) expression = expression.replaceAll(symbol, value);
        if (!select(expression, this.written(unit, section)).booleanValue()) return `assertion ${assertion.getAttribute('id')} fails`;
      }
    return null;
  }

  async contents(unit, section, contents, answer) {
    const list = descendants(answer.body, 'RegistryObjectList')[0];
    const objects = list ? elements(list) : [];
    const kindOf = (object) => {
      if (object.localName !== 'RegistryPackage') return { ExtrinsicObject: 'Documents', Association: 'Associations', ObjectRef: 'ObjectRefs' }[object.localName];
      const node = descendants(object, 'Classification').find((label) => label.getAttribute('classificationNode'));
      return node?.getAttribute('classificationNode') === 'urn:uuid:d9d542f3-6cc4-48b6-8870-ea235fbc94c2' ? 'Folders' : 'SubmissionSets';
    };
    const of = (kind) => objects.filter((object) => kindOf(object) === kind);
    const counts = Object.fromEntries(['SubmissionSets', 'Documents', 'Folders', 'Associations', 'ObjectRefs'].map((kind) => [kind, of(kind).length]));
    const want = (kind, count) => (counts[kind] === count ? null : `${counts[kind]} ${kind} instead of ${count}`);
    const status = (kind, wanted) => (of(kind).every((object) => object.getAttribute('status').endsWith(wanted)) ? null : `${kind} that are not ${wanted}`);
    const set = (documents, folders) => want('SubmissionSets', 1) ?? want('Documents', documents) ?? want('Folders', folders);
    const rules = {
      NoSubmissionSet: () => want('SubmissionSets', 0), NoDocument: () => want('Documents', 0),
      None: () => (objects.length ? `${objects.length} objects instead of none` : null),
      SSwithOneDoc: () => set(1, 0), SSwithTwoDoc: () => set(2, 0), SSwithOneFol: () => set(0, 1), SSwithOneDocOneFol: () => set(1, 1),
      DocApp: () => status('Documents', 'Approved'), DocDep: () => status('Documents', 'Deprecated'), OneDocDep: () => (of('Documents').filter((object) => object.getAttribute('status').endsWith('Deprecated')).length === 1 ? null : 'not one deprecated document'),
      FolApp: () => status('Folders', 'Approved'), FolDep: () => status('Folders', 'Deprecated'), SSApproved: () => status('SubmissionSets', 'Approved'),
    };
    for (const rule of elements(contents)) {
      const counted = { SubmissionSets: 1, Documents: 1, Folders: 1, Associations: 1, ObjectRefs: 1 }[rule.localName];
      if (counted && !rule.getAttribute('count')) continue;
      if (!counted && rule.localName !== 'DocumentEntries' && !rules[rule.localName]) return `the player does not know what ${rule.localName} means`;
      const fault = counted ? want(rule.localName, Number(rule.getAttribute('count'))) : rules[rule.localName]?.();
      if (fault) return fault;
      if (rule.localName === 'DocumentEntries') {
        for (const part of elements(rule)) {
          const wanted = [];
          for (const entry of all(part, 'DocumentEntry')) for (const use of all(entry, 'UseId')) wanted.push((await this.symbols(unit, section, entry)).get(use.getAttribute('symbol')));
          const found = of('Documents').concat(of('ObjectRefs')).map((object) => object.getAttribute('id'));
          if (wanted.some((id) => !found.includes(id))) return 'an entry that must be there is not';
          if (part.localName === 'MustOnlyInclude' && found.length !== wanted.length) return `${found.length} entries instead of ${wanted.length}`;
        }
      }
    }
    return null;
  }
}
