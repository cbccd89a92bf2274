/** The search over the patients on this device: done in memory, so that it keeps up with typing. */

export interface PatientRow {
  readonly id: string;
  readonly name: string;
  readonly birthDate: string;
  readonly sex: 'female' | 'male' | 'other' | 'unknown';
  readonly phone: string | null;
  readonly mentorId: string;
}

/** Rows keep their identity while they do not change, so each is folded once. */
const foldedRows = new WeakMap<PatientRow, { readonly name: string; readonly digits: string }>();

/** The rows whose name has every word of the query at the start of a word, or whose phone has its digits. */
export function searchPatients(rows: readonly PatientRow[], query: string): readonly PatientRow[] {
  const words = fold(query)
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return rows;
  const digits = query.replace(/\D/g, '');
  return rows.filter((row) => {
    const folded = foldedOf(row);
    if (words.every((word) => folded.name.includes(` ${word}`))) return true;
    return digits.length > 2 && folded.digits.includes(digits);
  });
}

/** Lower case without accents, so that "hakon" finds "Håkon". */
export function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase().replaceAll('ø', 'o').replaceAll('đ', 'd');
}

function foldedOf(row: PatientRow) {
  const known = foldedRows.get(row);
  if (known) return known;
  const folded = {
    name: ` ${fold(row.name).replaceAll(/[-'’]/g, ' ')}`,
    digits: (row.phone ?? '').replace(/\D/g, ''),
  };
  foldedRows.set(row, folded);
  return folded;
}
