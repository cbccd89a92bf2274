import { expect, test } from 'vitest';
import { main } from './main.ts';

test('the command says which option is wrong, and how to use it', async () => {
  const lines: string[] = [];
  const print = (text: string) => lines.push(text);
  expect(await main(['--points', 'many'], print)).toBe(2);
  expect(await main(['--bogus'], print)).toBe(2);
  expect(await main(['--help'], print)).toBe(0);
  expect(lines.at(-1)).toContain('npm run crash');
});
