/** What is the matter with a form, field by field, in plain words. */
import { type FieldIssue, hasCode, type InvalidWrite } from '@holdfast/core';
import { messages } from '../messages.ts';

export type FieldProblems = Readonly<Record<string, string>>;

const m = messages.problems;
const WORDS: Readonly<Record<string, string>> = {
  name: m.name,
  birthDate: m.birthDate,
  sex: m.sex,
  mentorId: m.mentorId,
  kind: m.kind,
  start: m.start,
};

/** WR2: the issues of a refused write, at the fields they speak of. */
export function problemsOf(issues: readonly FieldIssue[]): FieldProblems {
  return Object.fromEntries(
    issues.map(({ path }) => {
      const field = String(path[0] ?? '');
      return [field, WORDS[field] ?? m.other];
    }),
  );
}

/** True for an `InvalidWrite`, also for one that came from a worker. */
export function isInvalidWrite(error: unknown): error is InvalidWrite {
  return hasCode(error, 'InvalidWrite') && error instanceof Object && 'issues' in error && Array.isArray(error.issues);
}
