import { hasCode } from '@holdfast/core';
import { expect, test } from 'vitest';
import { repeat } from './repeat.ts';

const random = { fraction: () => 0 };
const failing = (times: number, code: string) => {
  let runs = 0;
  return {
    work: async () => {
      runs += 1;
      if (runs <= times) throw Object.assign(new Error(code), { code });
      return runs;
    },
    runs: () => runs,
  };
};

test.each(['40P01', '40001', '55P03'])('[SV7] %s is repeated and never an answer', async (code) => {
  expect(await repeat(random, failing(3, code).work)).toBe(4);
});

test('[SV7] repeating ends, with a word that asks to try again', async () => {
  const never = failing(1_000, '40P01');
  const error: unknown = await repeat(random, never.work).catch((thrown: unknown) => thrown);
  expect(hasCode(error, 'Busy')).toBe(true);
  expect(never.runs()).toBe(10);
});

test('[SV7] any other failure is passed on at once', async () => {
  const other = failing(1, '23505');
  await expect(repeat(random, other.work)).rejects.toMatchObject({ code: '23505' });
  expect(other.runs()).toBe(1);
});
