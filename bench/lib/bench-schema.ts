import { collection, schema } from '@holdfast/core';
import * as z from 'zod';
import { type Chance, chance } from '../../apps/fieldbook/src/sample-chance.ts';
import {
  CONDITIONS,
  FAMILY_NAMES,
  MENS_NAMES,
  NOTES,
  STREETS,
  WOMENS_NAMES,
} from '../../apps/fieldbook/src/sample-words.ts';

/** What several people fill in at once, each their own part of it. */
const ITEMS = 20;
export const CHECKLIST_ITEMS = Array.from({ length: ITEMS }, (_, number) => `item${number + 1}`);

/** Records of about 800 bytes, as a form of a home visit has, and a list that several people share. */
export const benchSchema = schema({
  version: 1,
  collections: {
    visits: collection(
      {
        mentor: z.string(),
        day: z.iso.date(),
        person: z.string(),
        address: z.string(),
        reason: z.string(),
        systolic: z.int(),
        weight: z.number(),
        minutes: z.int(),
        done: z.boolean(),
        note: z.string(),
      },
      { scopes: ['mentor:{mentor}'], indexes: [['mentor', 'day']] },
    ),
    checklists: collection(
      { mentor: z.string(), ...Object.fromEntries(CHECKLIST_ITEMS.map((name) => [name, z.string()])) },
      { scopes: ['mentor:{mentor}'] },
    ),
  },
});

export const MENTORS = 7;
export const RECORDS = 20_000;
/** What a list on a phone asks for first. */
export const FIRST_ROWS = 50;

const NOTE_LETTERS = 560;
const PEOPLE = [...WOMENS_NAMES, ...MENS_NAMES] as const;
const WORDS = [...NOTES, ...CONDITIONS.map(({ plan }) => plan)].flatMap((each) =>
  each.split(/[^A-Za-z]+/).filter((word) => word !== ''),
);

export type BenchVisit = ReturnType<typeof benchVisit>;

/** The same for the same number. Its note is typed, not picked: words in no order, a number here and there. */
export function benchVisit(number: number) {
  const draw = chance(number);
  return {
    mentor: `m${number % MENTORS}`,
    day: new Date(Date.UTC(2020, 0, 1 + (number % 2_000))).toISOString().slice(0, 10),
    person: `${pick(draw, PEOPLE)} ${pick(draw, FAMILY_NAMES)}`,
    address: `${1 + draw.below(140)} ${pick(draw, STREETS)}`,
    reason: pick(draw, CONDITIONS).name,
    systolic: 100 + draw.below(80),
    weight: (400 + draw.below(500)) / 10,
    minutes: 5 + draw.below(85),
    done: draw.fraction() < 0.7,
    note: noteOf(draw),
  };
}

export function benchChecklist(number: number): Record<string, string> {
  const draw = chance(number);
  const items = CHECKLIST_ITEMS.map((name) => [name, benchItem(draw)]);
  return { mentor: `m${number % MENTORS}`, ...Object.fromEntries(items) };
}

/** One line of a checklist. */
export function benchItem(draw: Chance): string {
  return Array.from({ length: 5 }, () => pick(draw, WORDS).toLowerCase()).join(' ');
}

function noteOf(draw: Chance): string {
  let note = '';
  while (note.length < NOTE_LETTERS) {
    const word = draw.fraction() < 0.06 ? String(draw.below(400)) : pick(draw, WORDS).toLowerCase();
    note += `${word}${draw.fraction() < 0.1 ? '.' : ''} `;
  }
  return note.trimEnd();
}

function pick<T>(draw: Chance, choices: readonly T[]): T {
  const chosen = choices[draw.below(choices.length)];
  if (chosen === undefined) throw new Error('nothing to choose from');
  return chosen;
}
