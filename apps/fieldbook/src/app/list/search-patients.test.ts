import { expect, test } from 'vitest';
import { type PatientRow, searchPatients } from './search-patients.ts';

const row = (name: string, phone: string | null = null): PatientRow => ({
  id: name,
  name,
  phone,
  birthDate: '1984-03-09',
  sex: 'unknown',
  mentorId: 'm',
});
const rows = [row('Håkon Lunde', '+47 555 01 23'), row('Søren O’Brien'), row('Ana-Lucía Đorđević'), row('Leah Hakim')];
const found = (query: string) => searchPatients(rows, query).map(({ name }) => name);

test.each([
  ['hak', ['Håkon Lunde', 'Leah Hakim']],
  ['LUNDE hå', ['Håkon Lunde']],
  ['soren', ['Søren O’Brien']],
  ['brien', ['Søren O’Brien']],
  ['lucia dor', ['Ana-Lucía Đorđević']],
  ['55501', ['Håkon Lunde']],
  ['555 01', ['Håkon Lunde']],
  ['akon', []],
  ['12', []],
  ['', rows.map(({ name }) => name)],
])('"%s" finds %j', (query, names) => {
  expect(found(query)).toEqual(names);
});
