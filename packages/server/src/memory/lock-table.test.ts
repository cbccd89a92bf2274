import { expect, test } from 'vitest';
import { Deadlock, LockTable } from './lock-table.ts';

/** What a request came to so far. */
function watch(request: Promise<void>): () => string {
  let state = 'waits';
  request.then(
    () => {
      state = 'held';
    },
    (error: unknown) => {
      state = error instanceof Deadlock ? 'deadlock' : 'failed';
    },
  );
  return () => state;
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

test('[SV7] several may share a lock, one alone has it exclusively, and they come in order', async () => {
  const locks = new LockTable();
  const requests = [
    locks.acquire(1, 'a', 'shared'),
    locks.acquire(2, 'a', 'shared'),
    locks.acquire(3, 'a', 'exclusive'),
    locks.acquire(4, 'a', 'shared'),
  ].map(watch);
  const states = async () => {
    await settle();
    return requests.map((state) => state());
  };
  expect(await states()).toEqual(['held', 'held', 'waits', 'waits']);
  locks.releaseAll(1);
  expect(await states()).toEqual(['held', 'held', 'waits', 'waits']);
  locks.releaseAll(2);
  expect(await states()).toEqual(['held', 'held', 'held', 'waits']);
  locks.releaseAll(3);
  expect(await states()).toEqual(['held', 'held', 'held', 'held']);
});

test('[SV7] a lock that is held can be made exclusive, once the others have gone', async () => {
  const locks = new LockTable();
  await locks.acquire(1, 'a', 'shared');
  await locks.acquire(2, 'a', 'shared');
  const upgrade = watch(locks.acquire(1, 'a', 'exclusive'));
  await settle();
  expect(upgrade()).toBe('waits');
  locks.releaseAll(2);
  await settle();
  expect(upgrade()).toBe('held');
});

test('[SV7] who closes a circle of waiting is told, and the others go on', async () => {
  const locks = new LockTable();
  for (const [owner, key] of ['a', 'b', 'c'].entries()) await locks.acquire(owner, key, 'exclusive');
  const first = watch(locks.acquire(0, 'b', 'exclusive'));
  const second = watch(locks.acquire(1, 'c', 'shared'));
  await expect(locks.acquire(2, 'a', 'shared')).rejects.toThrow(Deadlock);
  locks.releaseAll(2);
  await settle();
  expect([first(), second()]).toEqual(['waits', 'held']);
  locks.releaseAll(1);
  await settle();
  expect(first()).toBe('held');
});

test('[SV7] two that share and both want it alone are a circle', async () => {
  const locks = new LockTable();
  await locks.acquire(1, 'a', 'shared');
  await locks.acquire(2, 'a', 'shared');
  const first = watch(locks.acquire(1, 'a', 'exclusive'));
  await expect(locks.acquire(2, 'a', 'exclusive')).rejects.toThrow(Deadlock);
  locks.releaseAll(2);
  await settle();
  expect(first()).toBe('held');
});
