import type { StorageDriver } from '../ports/storage-driver.ts';
import type { TokenShelf } from './tokens.ts';

/** Shares a refreshed token between the tabs of a store, encrypted like all of it. */
export function tokenShelf(storage: StorageDriver): TokenShelf {
  return {
    read: () =>
      storage.read(async (tx) => {
        const [row] = await tx.all('SELECT token, token_number FROM hf_link');
        return {
          number: (row?.token_number as number | undefined) ?? 0,
          token: (row?.token as string | null | undefined) ?? null,
        };
      }),
    put: ({ number, token }) =>
      storage.write(async (tx) => {
        await tx.run(
          `INSERT INTO hf_link (one, fence, ended, token_number, token) VALUES (1, 0, 0, ?, ?)
           ON CONFLICT (one) DO UPDATE SET token_number = excluded.token_number, token = excluded.token`,
          [number, token],
        );
      }),
  };
}
