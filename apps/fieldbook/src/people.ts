/**
 * The made-up people of a first run: mentors and their coordinator. With real ones an identity
 * provider's tokens say who somebody is and what they may see.
 */

export interface Mentor {
  readonly id: string;
  readonly name: string;
  readonly area: string;
}

/** Somebody one can sign in as on a development server. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly role: 'mentor' | 'coordinator';
  readonly scopes: readonly string[];
}

const NAMES_AND_AREAS = [
  ['Ingrid Solheim', 'Harbour'],
  ['Amina Wanjiru', 'Old Market'],
  ['Samuel Otieno', 'Lakeside'],
  ['Kari Nygård', 'Upper Valley'],
  ['Grace Achieng', 'Mill Road'],
  ['Thomas Whitfield', 'Station'],
  ['Fatuma Hassan', 'East Bank'],
  ['Håkon Lunde', 'Fjord End'],
  ['Rose Nakato', 'Hillside'],
  ['Eleanor Marsh', 'Green Lane'],
  ['Yusuf Mwangi', 'Brickfields'],
  ['Solveig Aasen', 'North Quay'],
] as const;

export const mentors: readonly Mentor[] = NAMES_AND_AREAS.map(([name, area], index) => ({
  id: `mentor-${String(index + 1).padStart(2, '0')}`,
  name,
  area,
}));

/** A mentor sees their own patients, the coordinator everyone's. */
export const people: readonly Person[] = [
  ...mentors.map(({ id, name }): Person => ({ id, name, role: 'mentor', scopes: ['everyone', `mentor:${id}`] })),
  { id: 'coordinator', name: 'Margaret Njoroge', role: 'coordinator', scopes: ['everyone', 'programme'] },
];

/**
 * The mentor of a patient who has none yet: always the same one for the same patient, and about as
 * many patients for each.
 */
export function mentorFor(patientId: string): string {
  // FNV-1a, 32 bits: spreads ids evenly and needs nothing from outside.
  let hash = 0x811c9dc5;
  for (let index = 0; index < patientId.length; index += 1) {
    hash = Math.imul(hash ^ patientId.charCodeAt(index), 0x01000193) >>> 0;
  }
  return mentors[hash % mentors.length]?.id ?? 'mentor-01';
}
