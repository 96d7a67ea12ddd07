// The TestScripts of Bulk Data Access 2.0, run as those of the base are.
export { cases } from './testscripts.mjs';

export const folder = 'testscripts/bulk-data-v2';
