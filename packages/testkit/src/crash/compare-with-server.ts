import { type DeviceId, type JsonObject, type Schema, sameJson } from '@holdfast/core';
import type { Device } from '@holdfast/device';
import { localIdOf, withLocalIds } from './assigning-backend.ts';
import type { CrashSchema } from './crash-schema.ts';
import { USER } from './crash-world.ts';
import type { ServerSide } from './server-side.ts';

const NOBODY = '00000000-0000-7000-8000-000000000000' as DeviceId;

interface Compared {
  readonly device: Device<CrashSchema>;
  readonly schema: Schema;
  readonly side: ServerSide;
  /** The server knows its records by ids of its own. */
  readonly assigns: boolean;
}

/** Nothing lost, nothing doubled: the device shows what the server has in its scopes, but for what waits for a person. */
export async function disagreements({ device, schema, side, assigns }: Compared): Promise<string[]> {
  const problems: string[] = [];
  const collections = [...schema.collections.keys()];
  const waiting = new Set((await device.outbox.list()).map(({ collection, record }) => `${collection}/${record}`));
  const scopes = side.scopesOf(USER);
  const request = { device: NOBODY, scopes, since: null, collections, after: null, limit: 1e9 };
  const { rows } = await side.store().read(request);
  for (const name of collections) {
    const shown = await rowsOf(device, name);
    const columns = schema.collections.get(name)?.columns ?? [];
    for (const { collection, id: serverId, present, values: serverValues } of rows) {
      if (collection !== name || !present || serverValues === null) continue;
      const [id, values] = assigns ? [localIdOf(serverId), withLocalIds(serverValues)] : [serverId, serverValues];
      if (!waiting.has(`${name}/${id}`)) {
        const theirs = Object.fromEntries(columns.map((column) => [column.name, values[column.name] ?? null]));
        const same = sameJson(shown.get(id) ?? null, { id, ...theirs });
        if (!same) problems.push(`[SY4] ${name}/${id} is not what the server has`);
      }
      shown.delete(id);
    }
    for (const id of shown.keys()) {
      if (!waiting.has(`${name}/${id}`)) problems.push(`[SY12] ${name}/${id} is shown, and the server has none`);
    }
  }
  return problems;
}

async function rowsOf(device: Device<CrashSchema>, name: string): Promise<Map<string, JsonObject>> {
  // Every version of the schema has this one; what is selected is the same for all.
  const rows = await device.query((db) => db.selectFrom(name as 'people').selectAll());
  return new Map(rows.map((row) => [row.id, row as JsonObject]));
}
