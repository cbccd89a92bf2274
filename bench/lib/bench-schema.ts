import { collection, schema } from '@holdfast/core';
import * as z from 'zod';

/** One collection of records of about 800 bytes, as a form of a home visit has. */
export const benchSchema = schema({
  version: 1,
  collections: {
    visits: collection(
      {
        mentor: z.string(),
        day: z.iso.date(),
        person: z.string(),
        minutes: z.int(),
        done: z.boolean(),
        note: z.string(),
      },
      { scopes: ['mentor:{mentor}'], indexes: [['mentor', 'day']] },
    ),
  },
});

const WORDS =
  'the child eats well sleeps through the night weight and height were taken the next visit is planned'.split(' ');

/** The same for the same number. */
export function benchVisit(number: number) {
  let note = '';
  for (let word = 0; note.length < 600; word += 1) note += `${WORDS[(number * 7 + word * 3) % WORDS.length]} `;
  return {
    mentor: `m${number % 7}`,
    day: new Date(Date.UTC(2020, 0, 1 + (number % 2_000))).toISOString().slice(0, 10),
    person: `Person number ${number}`,
    minutes: number % 90,
    done: number % 3 === 0,
    note,
  };
}

export const RECORDS = 20_000;
/** What a list on a phone asks for first. */
export const FIRST_ROWS = 50;
