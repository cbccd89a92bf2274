import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mutants } from '../../mutants/index.mjs';
import { planted } from './mutants.mjs';
import { root } from './root.mjs';

const read = (file) => readFile(join(root, file), 'utf8');

test.each(mutants.map((mutant) => [mutant.name, mutant]))('%s has its place in the sources', async (_name, mutant) => {
  const files = await planted(read, mutant);
  for (const { before, after } of files.values()) expect(after).not.toBe(before);
});

test('what is to catch a fault is there', () => {
  const checks = new Set(mutants.flatMap(({ by }) => by));
  expect([...checks].filter((check) => check !== 'sim' && !existsSync(join(root, check)))).toEqual([]);
  expect(mutants.filter(({ by }) => by.length === 0)).toEqual([]);
});

test('no two faults share a name', () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
});

test('a text that stands there twice, or not at all, is told', async () => {
  const mutant = { name: 'any', file: 'f', edits: [['a', 'b']] };
  await expect(planted(async () => 'a a', mutant)).rejects.toThrow('found 2 times');
  await expect(planted(async () => 'c', mutant)).rejects.toThrow('found 0 times');
});
