import { type DeviceId, type ExchangeResponse, type Mutation, type Scope, stampOf, type UserId } from '@holdfast/core';
import { contractSchema, MutationMaker, type MutationParts, Replica, requestOf } from '@holdfast/testkit';
import type pg from 'pg';
import { createExchange } from '../src/exchange/create-exchange.ts';
import { sqlState } from '../src/sql/sql-database.ts';
import type { ServerStore } from '../src/store/server-store.ts';

export const MENTORS = ['m0', 'm1', 'm2', 'm3'];
const PARENTS = 40;
const CHILDREN = 400;
const PAIRS = 8;

/** What happened under the hammer. */
export interface Blows {
  plain: number;
  deadlocks: number;
  pushed: number;
  applied: number;
  checkpoints: number;
}

/** Many writers of one database at once, programs of others among them, and readers that must never see a part. */
export class Hammer {
  readonly blows: Blows = { plain: 0, deadlocks: 0, pushed: 0, applied: 0, checkpoints: 0 };
  readonly torn: string[] = [];
  readonly #exchange: ReturnType<typeof createExchange>;
  readonly #goesOn: () => boolean;
  readonly #clock: { now(): number };

  constructor(store: ServerStore, clock: { now(): number }, goesOn: () => boolean) {
    this.#exchange = createExchange({ store, schema: contractSchema, clock });
    this.#clock = clock;
    this.#goesOn = goesOn;
  }

  /** Contacts to move about, and pairs that one transaction always changes together. */
  static async prepare(client: pg.Client): Promise<void> {
    await client.query(`INSERT INTO contacts (id, name, "mentorId")
      SELECT 'p' || n, 'x', 'm' || n % 4 FROM generate_series(0, ${PARENTS - 1}) n`);
    await client.query(`INSERT INTO contacts (id, name, phone, "mentorId")
      SELECT 'pair' || n, 'x', 'none', 'm' || n % 4 FROM generate_series(0, ${PAIRS - 1}) n`);
    await client.query(
      `INSERT INTO activities SELECT 'pair' || n, 'pair' || n, 'none', 1 FROM generate_series(0, ${PAIRS - 1}) n`,
    );
  }

  /** A program of somebody else's: several statements a transaction, several rows a statement, in any order. */
  async writePlainly(client: pg.Client, seed: number): Promise<void> {
    const pick = picker(seed);
    await client.query("SET deadlock_timeout = '20ms'");
    const parent = () => `p${pick(PARENTS)}`;
    const child = () => `a${pick(CHILDREN)}`;
    const mentor = () => `m${pick(MENTORS.length)}`;
    for (let step = 0; this.#goesOn(); step += 1) {
      const pair = `pair${pick(PAIRS)}`;
      const token = `${seed}.${step}`;
      const statements = [
        `INSERT INTO activities VALUES ('${child()}', '${parent()}', 'k', 1) ON CONFLICT DO NOTHING`,
        `INSERT INTO activities VALUES ('${child()}', '${parent()}', 'k', 1), ('${child()}x', '${parent()}', 'k', 1) ON CONFLICT DO NOTHING`,
        `UPDATE contacts SET "mentorId" = '${mentor()}' WHERE id = '${parent()}'`,
        `UPDATE contacts SET "mentorId" = '${mentor()}' WHERE id IN ('${parent()}', '${parent()}', '${pair}')`,
        `UPDATE contacts SET phone = '${step}' WHERE id = '${parent()}'`,
        `UPDATE activities SET "contactId" = '${parent()}' WHERE id IN ('${child()}', '${child()}')`,
        `UPDATE activities SET minutes = minutes + 1 WHERE "contactId" = '${parent()}'`,
        `DELETE FROM activities WHERE id IN ('${child()}', '${child()}')`,
        `DELETE FROM contacts WHERE id = '${parent()}'`,
        `INSERT INTO contacts (id, name, "mentorId") VALUES ('${parent()}', 'x', '${mentor()}'), ('${parent()}', 'x', '${mentor()}') ON CONFLICT DO NOTHING`,
        `UPDATE contacts SET phone = '${token}' WHERE id = '${pair}'; UPDATE activities SET kind = '${token}' WHERE id = '${pair}'`,
      ];
      try {
        await client.query(
          `BEGIN; ${statements[pick(statements.length)]}; ${statements[pick(statements.length)]}; COMMIT`,
        );
        this.blows.plain += 1;
      } catch (error) {
        if (sqlState(error) !== '40P01') throw error;
        this.blows.deadlocks += 1;
        await client.query('ROLLBACK');
      }
    }
  }

  /** A device that writes through the server. */
  async push(number: number): Promise<void> {
    const pick = picker(number + 100);
    const device = `01900000-0000-7000-8000-${String(number).padStart(12, '0')}` as DeviceId;
    const make = new MutationMaker();
    const uuid = make.uuid.bind(make);
    // One series a device.
    make.uuid = <T extends string>() => uuid<T>().replace(/^01900000-0000/, `01900000-${String(1_000 + number)}`) as T;
    let acknowledged: Mutation['id'][] = [];
    while (this.#goesOn()) {
      const stamp = stampOf(this.#clock.now(), pick(100));
      const contact = { collection: 'contacts', record: `p${pick(PARENTS)}`, stamp };
      const activity = { collection: 'activities', record: `d${number}-${pick(CHILDREN)}`, stamp };
      const inherits = { contactId: `p${pick(PARENTS)}` };
      const made = { ...activity, values: { ...inherits, kind: 'k', minutes: 1 } } satisfies MutationParts;
      const choices: (() => Mutation)[] = [
        () => make.create(made),
        () => make.create(made),
        () => make.update({ ...activity, values: inherits }),
        () => make.update({ ...contact, values: { mentorId: `m${pick(MENTORS.length)}` } }),
        () => make.update({ ...contact, values: { name: `${number}` } }),
        () => make.delete(activity),
      ];
      const mutations = Array.from(
        { length: 1 + pick(4) },
        () => choices[pick(choices.length)]?.() ?? make.create(made),
      );
      const answer = await this.#ask('writer', device, { mutations, ack: { receipts: acknowledged, floor: null } });
      this.blows.pushed += mutations.length;
      this.blows.applied += answer.receipts.filter(
        ({ outcome }) => outcome === 'applied' || outcome === 'merged',
      ).length;
      acknowledged = answer.receipts.map(({ id }) => id);
    }
  }

  /** A device that only reads, and looks at every checkpoint whether it was shown a part of something. */
  async read(number: number, mentors: readonly string[]): Promise<Replica> {
    const replica = new Replica(`01900000-0000-7000-8000-${String(500 + number).padStart(12, '0')}` as DeviceId);
    while (this.#goesOn()) await this.catchUp(replica, mentors);
    return replica;
  }

  async catchUp(replica: Replica, mentors: readonly string[]): Promise<void> {
    const { cursor, catchUp, epoch } = replica;
    const answer = await this.#ask('reader', replica.device, { cursor, catchUp, epoch }, mentors);
    if (!replica.take(answer)) return;
    this.blows.checkpoints += 1;
    for (let n = 0; n < PAIRS; n += 1) {
      const [contact, activity] = [
        replica.records.get(`contacts/pair${n}`),
        replica.records.get(`activities/pair${n}`),
      ];
      const [phone, kind] = [contact?.values?.phone ?? null, activity?.values?.kind ?? null];
      if (phone !== kind) this.torn.push(`pair${n} shows ${phone} and ${kind}`);
    }
    for (const [key, { values, scopes }] of replica.records) {
      if (key.startsWith('contacts/') && !scopes.has(`mentor:${values?.mentorId}` as Scope))
        this.torn.push(`${key} is of ${values?.mentorId}`);
    }
  }

  async #ask(
    user: string,
    device: DeviceId,
    parts: Parameters<typeof requestOf>[1],
    mentors: readonly string[] = MENTORS,
  ): Promise<ExchangeResponse> {
    const scopes = mentors.map((mentor) => `mentor:${mentor}` as Scope);
    const answer = await this.#exchange(
      { user: `${user}-${device}` as UserId, role: null, scopes },
      requestOf(device, parts),
    );
    if (!answer.ok) throw new Error(`${answer.error.code}: ${answer.error.detail}`);
    return answer.value;
  }
}

function picker(seed: number): (below: number) => number {
  let state = Math.imul(seed, 0x9e3779b9) | 1;
  return (below) => {
    // xorshift32.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
