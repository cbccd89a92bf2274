import { appendAudit, readAudit } from '../audit/audit-store.ts';
import type { Entry } from '../outbox/entry.ts';
import { allEntries } from '../outbox/outbox-store.ts';
import type { ReadTx, WriteTx } from '../ports/storage-driver.ts';

/** The form of an exported outbox; readers refuse what they do not know. */
const EXPORT_FORMAT = 1;

/** OB10: entries with all they hold, as JSON for a person to keep: these, or every one. */
export async function exportEntries(tx: ReadTx, ids: readonly string[] | null): Promise<string> {
  const entries = (await allEntries(tx)).filter(({ id }) => ids === null || ids.includes(id));
  return `${JSON.stringify({ holdfast: 'outbox', format: EXPORT_FORMAT, entries: await Promise.all(entries.map((entry) => withAudit(tx, entry))) }, null, 2)}\n`;
}

async function withAudit(tx: ReadTx, entry: Entry): Promise<unknown> {
  const { seq: _seq, ...rest } = entry;
  const audit = entry.collection === '' ? [] : await readAudit(tx, entry);
  return { ...rest, audit: audit.filter(({ mutation }) => mutation === entry.id) };
}

/** Each choice is an audit entry (OB10). */
export async function appendExported(tx: WriteTx, ids: readonly string[] | null, nowMs: number): Promise<void> {
  for (const entry of await allEntries(tx)) {
    if (ids === null || ids.includes(entry.id)) await appendAudit(tx, 'exported', entry, null, nowMs);
  }
}
