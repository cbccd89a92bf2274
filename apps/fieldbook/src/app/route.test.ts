import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hrefOf, type Route, routeOf } from './route.ts';

const withId = fc.record({
  at: fc.constantFrom('patient' as const, 'edit-patient' as const, 'new-visit' as const),
  id: fc.string({ minLength: 1, unit: 'grapheme' }),
});
const plain = fc.constantFrom<Route>({ at: 'list' }, { at: 'new-patient' }, { at: 'outbox' });

test('every place has an address that leads back to it', () => {
  fc.assert(
    fc.property(fc.oneof(withId, plain), (route) => {
      expect(routeOf(hrefOf(route))).toEqual(route);
    }),
  );
});

test('an address that leads nowhere leads to the list', () => {
  for (const hash of ['', '#', '#/', '#/nowhere', '#/patients', '#/patients/%E0%A4%A']) {
    expect(routeOf(hash)).toEqual({ at: 'list' });
  }
});
