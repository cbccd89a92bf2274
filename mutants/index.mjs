/**
 * Faults to plant, one at a time: `npm run mutants`. Each stands for a way in which systems like this one
 * have lost data, and names the checks that have to catch it: `sim`, and test files. `edits` are pairs of an
 * exact text, to be found once in the file, and what stands there instead; a third part names another file.
 */
import { decideMutants } from './decide.mjs';
import { deviceMutants } from './device.mjs';
import { feedMutants } from './feed.mjs';
import { pushMutants } from './push.mjs';
import { readingMutants } from './reading.mjs';
import { timeMutants } from './time.mjs';

export const mutants = [
  ...feedMutants,
  ...pushMutants,
  ...deviceMutants,
  ...readingMutants,
  ...timeMutants,
  ...decideMutants,
];
