import { type Case, failsWith, holds, same } from '../case.ts';
import {
  addNote,
  KEY,
  OTHER_KEY,
  type StorageDriverHarness,
  type StorePlace,
  withNotes,
} from './storage-driver-harness.ts';

const PAGE_BYTES = 4096;
const MARKER = 'Marker-of-Ada-Lovelace-7391';

/** Nothing to read without the key, nothing to change unnoticed. */
export function encryptionCases(harness: StorageDriverHarness): readonly Case[] {
  return [
    {
      title: '[ST1] what was written is found in no file of the store, open or closed',
      async run() {
        const { place, driver } = await withNotes(harness);
        await driver.write(async (tx) => {
          await tx.run(`CREATE TABLE "${MARKER}" (id)`);
          await tx.run('CREATE INDEX by_body ON note (body)');
        });
        const bodies = Array.from({ length: 3000 }, (_, i) => [`${i % 997} ${MARKER} ${'.'.repeat(400)}`]);
        await driver.write((tx) => tx.runMany('INSERT INTO note (body) VALUES (?)', bodies));
        await driver.write((tx) => tx.run('INSERT INTO note (body) VALUES (?)', [new TextEncoder().encode(MARKER)]));
        // Large enough to spill out of SQLite's caches, if it spills at all.
        const undone = driver.write(async (tx) => {
          await tx.run('UPDATE note SET body = body || body');
          await tx.all('SELECT * FROM note ORDER BY substr(body, 2) DESC');
          await assertUnreadable(place);
          throw new Error('undo');
        });
        holds(
          await undone.then(
            () => false,
            (error: Error) => error.message === 'undo',
          ),
          'the scan went through',
        );
        await assertUnreadable(place);
        await driver.close();
        await assertUnreadable(place);
      },
    },
    {
      title: '[ST1] what does not fit in memory caches is not spilled into temporary files',
      async run() {
        const { driver } = await withNotes(harness);
        // 2 is MEMORY. Temporary files are the one kind that SQLite writes unencrypted.
        const setting = [{ temp_store: 2 }];
        same(await driver.read((tx) => tx.all('PRAGMA temp_store')), setting, 'for reads');
        same(await driver.write((tx) => tx.all('PRAGMA temp_store')), setting, 'for writes');
        await driver.close();
      },
    },
    {
      title: '[ST2] a wrong key is told as such and leaves the store as it is, byte for byte',
      async run() {
        const { place, driver } = await withNotes(harness);
        await addNote(driver, 1, 'kept');
        await driver.close();
        const before = await place.files();
        await failsWith('WrongKey', place.open({ key: OTHER_KEY }), 'opening with another key');
        await failsWith(
          'WrongKey',
          place.open({ key: { ...KEY, key: OTHER_KEY.key } }),
          'opening with the right salt only',
        );
        const after = await place.files();
        for (const [name, content] of before) same(after.get(name), content, name);
        const again = await place.open({ key: KEY });
        same(await again.read((tx) => tx.all('SELECT body FROM note')), [{ body: 'kept' }], 'with the right key');
        await again.close();
      },
    },
    {
      title: '[ST10] an altered page is noticed and never shown as data',
      async run() {
        const place = await filledPlace(harness);
        const [name, whole] = await databaseFile(place);
        const pages = whole.length / PAGE_BYTES;
        for (const page of [2, Math.floor(pages / 2), pages - 1]) {
          const altered = whole.slice();
          for (const offset of [100, 101, 2000])
            altered[page * PAGE_BYTES + offset] = 0xff ^ (altered[page * PAGE_BYTES + offset] ?? 0);
          await place.overwrite(name, altered);
          await assertDamaged(place, `page ${page} altered`);
        }
        await place.overwrite(name, whole);
        await assertWhole(place);
      },
    },
    {
      title: '[ST10] a page in another one’s place, and a store cut short, are noticed',
      async run() {
        const place = await filledPlace(harness);
        const [name, whole] = await databaseFile(place);
        const half = Math.floor(whole.length / PAGE_BYTES / 2);
        const page = (i: number) => whole.slice(i * PAGE_BYTES, (i + 1) * PAGE_BYTES);
        const swapped = whole.slice();
        swapped.set(page(half), (half + 1) * PAGE_BYTES);
        swapped.set(page(half + 1), half * PAGE_BYTES);
        await place.overwrite(name, swapped);
        await assertDamaged(place, 'two pages exchanged');
        await place.overwrite(name, whole.slice(0, half * PAGE_BYTES));
        await assertDamaged(place, 'cut short');
        await place.overwrite(name, whole);
        await assertWhole(place);
      },
    },
  ];
}

async function assertUnreadable(place: StorePlace): Promise<void> {
  const files = await place.files();
  holds(files.size > 0, 'the store has files to search');
  const total = [...files.values()].reduce((bytes, content) => bytes + content.length, 0);
  holds(total > 0, 'the files hold something to search');
  for (const [name, content] of files) holds(!includes(content, MARKER), `the marker stands readable in ${name}`);
}

/** Latin-1 keeps one character a byte, so that a text search is a byte search. */
function includes(content: Uint8Array, text: string): boolean {
  return new TextDecoder('latin1').decode(content).includes(text);
}

async function filledPlace(harness: StorageDriverHarness): Promise<StorePlace> {
  const { place, driver } = await withNotes(harness);
  const bodies = Array.from({ length: 400 }, (_, i) => [`note ${i} ${'.'.repeat(300)}`]);
  await driver.write((tx) => tx.runMany('INSERT INTO note (body) VALUES (?)', bodies));
  await driver.close();
  return place;
}

/** The largest file: the database itself, once the store is closed. */
async function databaseFile(place: StorePlace): Promise<[string, Uint8Array]> {
  const [largest] = [...(await place.files())].sort(([, a], [, b]) => b.length - a.length);
  if (!largest) throw new Error('the store has no file');
  return largest;
}

async function readAll(place: StorePlace): Promise<number> {
  const driver = await place.open({ key: KEY });
  try {
    const rows = await driver.read((tx) => tx.all('SELECT id, body FROM note'));
    return rows.filter((row) => String(row['body']).startsWith('note ')).length;
  } finally {
    await driver.close();
  }
}

async function assertDamaged(place: StorePlace, what: string): Promise<void> {
  await failsWith('StoreDamaged', readAll(place), what);
}

async function assertWhole(place: StorePlace): Promise<void> {
  same(await readAll(place), 400, 'rows of the undamaged store');
}
