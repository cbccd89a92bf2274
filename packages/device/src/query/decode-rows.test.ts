import { expect, test } from 'vitest';
import { nextRows } from './decode-rows.ts';

const kinds = { tags: 'json', ok: 'boolean' } as const;

test('[ST12] unchanged rows keep their identity, also when others come before them', () => {
  const first = nextRows(
    null,
    [
      { id: 'a', tags: '[1]', ok: 1 },
      { id: 'b', tags: null, ok: 0 },
    ],
    kinds,
  );
  expect(first.rows).toEqual([
    { id: 'a', tags: [1], ok: true },
    { id: 'b', tags: null, ok: false },
  ]);
  const second = nextRows(
    first,
    [
      { id: 'c', tags: '[]', ok: 1 },
      { id: 'a', tags: '[1]', ok: 1 },
      { id: 'b', tags: null, ok: 1 },
    ],
    kinds,
  );
  expect(second.rows[1]).toBe(first.rows[0]);
  expect(second.rows[2]).not.toBe(first.rows[1]);
});

test('[ST12] a result that says the same is the same', () => {
  const first = nextRows(null, [{ id: 'a', tags: '[1]', ok: 1 }], kinds);
  expect(nextRows(first, [{ id: 'a', tags: '[1]', ok: 1 }], kinds)).toBe(first);
  expect(nextRows(first, [], kinds)).not.toBe(first);
});
