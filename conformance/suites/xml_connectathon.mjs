// IHE's connectathon data, XML and JSON, in and out through XML.
import { cases as files } from '../xml_files.mjs';

export const folder = 'ihe-connectathon';

const refused = {
  'mCSD_HealthcareService_101-002': 'Identifier has no display in R4',
  'mCSD_HealthcareService_101-004': 'Identifier has no display in R4',
  'mCSD_HealthcareService_101-013': 'Identifier has no display in R4',
  '/c-cda/': 'a CDA document, no FHIR resource',
  '/ips-dstu3/': 'STU3: clinicalStatus is a code there',
  'C3L-00277-Patient.json': 'JSON with a member xmlns',
  'Practitioner-Banargee-Dev.json': 'JSON with a member xmlns',
  'IMR-DX-Bundle-StoreMultimediaReportBundle.json': 'ImagingStudy.series has no system in R4',
};

export const cases = (dir) => files(dir, ['.xml', '.json'], refused);
