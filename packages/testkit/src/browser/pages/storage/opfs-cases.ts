import { type Case, holds, same } from '../../../contracts/case.ts';
import { KEY, type StorageDriverHarness, withNotes } from '../../../contracts/storage-driver/storage-driver-harness.ts';

const OLD = 'old'.repeat(200);

/** What only stores in OPFS can go through. */
export function opfsCases(harness: StorageDriverHarness): readonly Case[] {
  return [
    {
      title: '[WR1] a commit that another tab died in is undone, also by a tab that had the store open before',
      async run() {
        const { place, driver: doomed } = await withNotes(harness);
        const ids = Array.from({ length: 300 }, (_, i) => [i, OLD]);
        await doomed.write((tx) => tx.runMany('INSERT INTO note (id, body) VALUES (?, ?)', ids));
        // It reads nothing yet, so that nothing of the table is in its memory.
        const survivor = await place.open({ key: KEY });
        const before = await place.files();

        // So little memory that the write goes to the file before its commit, as each does inside one.
        await doomed.write((tx) => tx.all('PRAGMA cache_size = 5'));
        const halfway = await doomed
          .write(async (tx) => {
            await tx.run("UPDATE note SET body = replace(body, 'old', 'new')");
            throw new Halfway(await place.files());
          })
          .catch((thrown: unknown) => thrown);
        if (!(halfway instanceof Halfway)) throw halfway;
        await doomed.close();
        for (const suffix of ['-journal', '.db']) {
          const [name, content] = [...halfway.files].find(([path]) => path.endsWith(suffix)) ?? [];
          holds(content?.join() !== before.get(name ?? '')?.join(), `the unfinished commit has reached ${suffix}`);
        }
        for (const [name, content] of halfway.files) await place.overwrite(name, content);

        const bodies = await survivor.read((tx) => tx.all('SELECT DISTINCT body FROM note'));
        same(bodies, [{ body: OLD }], 'what the survivor sees');
        same(await survivor.read((tx) => tx.all('PRAGMA integrity_check')), [{ integrity_check: 'ok' }], 'integrity');
        await survivor.close();
      },
    },
    {
      title: '[WR1] when a write resolves, all that it changed of its files is flushed, its journal that has gone too',
      async run() {
        const { driver } = await withNotes(harness);
        const watch = watchHandles();
        try {
          await driver.write((tx) => tx.run('INSERT INTO note (id, body) VALUES (1, ?)', [OLD]));
          holds(watch.changes > 0, 'the write has reached its files');
          same(watch.unflushed.size, 0, 'files with changes that are not flushed');
        } finally {
          watch.stop();
          await driver.close();
        }
      },
    },
  ];
}

/** What only workers have; the types of pages do not know it. */
interface SyncHandle {
  write(data: Uint8Array, options: object): number;
  truncate(size: number): void;
  flush(): void;
}

declare const FileSystemSyncAccessHandle: { readonly prototype: SyncHandle };

/** Which files of OPFS have been changed since they were last flushed. */
function watchHandles() {
  const { prototype } = FileSystemSyncAccessHandle;
  const { write, truncate, flush } = prototype;
  const watch = {
    changes: 0,
    unflushed: new Set<SyncHandle>(),
    stop: () => Object.assign(prototype, { write, truncate, flush }),
  };
  const changed = (handle: SyncHandle) => {
    watch.changes += 1;
    watch.unflushed.add(handle);
  };
  prototype.write = function (...args) {
    changed(this);
    return write.apply(this, args);
  };
  prototype.truncate = function (size) {
    changed(this);
    truncate.call(this, size);
  };
  prototype.flush = function () {
    watch.unflushed.delete(this);
    flush.call(this);
  };
  return watch;
}

/** Carries the files as they were in the middle of a write. */
class Halfway extends Error {
  readonly files: ReadonlyMap<string, Uint8Array>;

  constructor(files: ReadonlyMap<string, Uint8Array>) {
    super('halfway');
    this.files = files;
  }
}
