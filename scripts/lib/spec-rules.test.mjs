import { expect, test } from 'vitest';
import { citationsIn, compareRules, rulesIn } from './spec-rules.mjs';

const spec = [
  '# Rules',
  '- **WR1** A write.',
  '- **OB10** An edit.',
  'See **SY3**.',
  '- **SV2** (feed) A cursor.',
].join('\n');

test('the rules of a specification are its list items that begin with an id', () => {
  expect(rulesIn(spec)).toEqual(['WR1', 'OB10', 'SV2']);
});

test('citations are found in titles of any kind, one or several rules, with their line', () => {
  const source = [
    "test('[WR1] it is durable', …)",
    'test.each([[1], [2]])("[WR1, OB10] it is sent", …)',
    'it(`[SV2 WR1] nothing is skipped`, …)',
    'const row = rows[0]; list["a"]; // [WR9] in a comment is none',
  ].join('\n');
  expect(citationsIn(source)).toEqual([
    { rule: 'WR1', line: 1 },
    { rule: 'WR1', line: 2 },
    { rule: 'OB10', line: 2 },
    { rule: 'SV2', line: 3 },
    { rule: 'WR1', line: 3 },
  ]);
});

test('a rule nobody cites is listed, and a citation of no rule is named with its place', () => {
  const files = [
    { file: 'a.test.ts', source: "test('[WR1] …')" },
    { file: 'b.test.ts', source: "\ntest('[WR11] …')" },
  ];
  expect(compareRules(rulesIn(spec), files)).toEqual({
    cited: ['WR1'],
    uncited: ['OB10', 'SV2'],
    unknown: [{ rule: 'WR11', file: 'b.test.ts', line: 2 }],
  });
});
