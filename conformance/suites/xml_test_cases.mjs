// The XML files among HL7's test cases, in and out.
import { cases as files } from '../xml_files.mjs';

export const folder = 'fhir-test-cases';

const r5 = 'R5: ElementDefinition.binding.additional';
const refused = {
  'ecl-tests.xml': 'not well-formed at line 87',
  'tests-fhir-r4.xml': 'a list of tests, no FHIR resource',
  'manifest.xml': 'a list of tests, no FHIR resource',
  'patch/': 'a list of tests, no FHIR resource',
  'ucum-essence.xml': 'no FHIR resource, and not in UTF-8',
  'validator/cda/': 'a CDA document, no FHIR resource',
  'myconsent-ext.xml': 'STU3: StructureDefinition.contextType',
  'capabilitystatement-measure-processor.xml': 'R5: CapabilityStatement.identifier',
  'cond-expected.xml': r5,
  'cond2-expected.xml': r5,
  'ext-mgmt-expected.xml': r5,
  'ext-mgmt2-expected.xml': r5,
  'obs-perf-expected.xml': r5,
  'obs-simple-expected.xml': r5,
  'org2a-expected.xml': r5,
  'org2b-expected.xml': r5,
  'pat-msonslice1-expected.xml': r5,
  'pattern-ext-1-expected.xml': r5,
  'sd-nested-ext-expected.xml': r5,
  'sushi1-expected.xml': r5,
  'type-slicing-exclusion-expected.xml': r5,
  'Observation-ex-pain.xml': 'wrong on purpose: attributes and elements that do not exist',
  'bundle-dual-subject.xml': 'wrong on purpose: subject twice',
  'xml-bad-entities.xml': 'wrong on purpose: entities of HTML',
};

export const cases = (dir) => files(dir, ['.xml'], refused);
