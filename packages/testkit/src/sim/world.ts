import type { ServerStore } from '@holdfast/server';
import { act } from './actions/act.ts';
import { createChance, seedFor } from './chance.ts';
import { createDirectory, type Directory } from './directory.ts';
import { eventOf } from './events.ts';
import { type Faults, NO_FAULTS } from './faults.ts';
import { FIRST_ROWS } from './first-rows.ts';
import { checkConverged } from './invariants/at-rest.ts';
import { checkBounds } from './invariants/bounds.ts';
import { checkDevice } from './invariants/check-device.ts';
import { checkAnswers, checkCustody, checkDrained } from './invariants/custody.ts';
import { readDevice } from './invariants/device-state.ts';
import { createLedger, type Ledger } from './invariants/ledger.ts';
import { serverView } from './invariants/server-view.ts';
import type { Plan, Step } from './plan.ts';
import { createSimDevice, type SimDevice } from './sim-device.ts';
import { createSimDisk } from './sim-disk.ts';
import { someHold } from './sim-hold.ts';
import { createSimLink } from './sim-link.ts';
import { NEWEST } from './sim-schema.ts';
import { createSimServer, type SimServer } from './sim-server.ts';
import { DEVICES, type Member, type Stage } from './stage.ts';
import { createVirtualTime, settlePromises, type VirtualTime } from './virtual-time.ts';

const TRACE_LINES = 60;
const USERS = ['ada', 'ben', 'cem', 'dia'] as const;
const MOST_CLONES = 2;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** I8: so long after the faults have stopped everything is sent. */
const SETTLED_MS = 10 * MINUTE_MS;

/** A world of one server and some devices, driven by one plan. */
export class World implements Stage {
  readonly seed: number;
  readonly time: VirtualTime = createVirtualTime();
  readonly directory: Directory = createDirectory();
  readonly server: SimServer;
  readonly members: Member[] = [];
  readonly ledger: Ledger;
  readonly violations: string[] = [];
  readonly trace: string[] = [];
  readonly counts: Record<string, number> = {};
  faults: Faults;
  hash = 0x811c9dc5;

  constructor({ seed, faults }: Plan, database: ServerStore | null = null) {
    this.seed = seed;
    this.faults = faults;
    this.server = createSimServer(this.time, seedFor(seed, 'server'), () => this.faults, database);
    this.ledger = createLedger(this.server);
    for (const user of USERS) this.#join(user, user);
  }

  #join(name: string, user: string, from?: SimDevice): Member {
    const { time, server } = this;
    const faults = () => this.faults;
    const seed = seedFor(this.seed, name);
    const principal = () => this.directory.principal(user);
    const link = createSimLink({ server, principal, time, seed, faults });
    const disk = from === undefined ? createSimDisk({ time, seed, faults }) : from.disk.copy(seed);
    const chance = createChance(seedFor(seed, 'hold'));
    const hold = from?.hold ?? (chance.happens(this.faults.holdsPart) ? someHold(chance) : {});
    const sim = createSimDevice({ name, user, link, disk, time, seed, version: from?.version ?? 1, hold });
    const member: Member = { sim, remembered: { epoch: null, snapshot: null }, checkedAt: -1, excused: 0 };
    this.members.push(member);
    return member;
  }

  log(line: string): void {
    const text = `${this.time.now()} ${line}`;
    for (let i = 0; i < text.length; i += 1) this.hash = Math.imul(this.hash ^ text.charCodeAt(i), 0x01000193);
    this.trace.push(text);
    if (this.trace.length > TRACE_LINES) this.trace.shift();
    const [what = line] = line.split(':');
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  async start(sim: SimDevice): Promise<void> {
    if (sim.tabs.length === 0) await this.during(sim.start());
  }

  async play({ what, who, seed }: Step): Promise<void> {
    const member = this.members[who % this.members.length] as Member;
    const { sim } = member;
    const chance = createChance(seed);
    const event = eventOf(what);
    if (what === 'moment') await this.#passTime(chance.below(50), true);
    else if (what === 'time')
      await this.#passTime(chance.happens(0.1) ? 600_000 : chance.below(5_000), chance.happens(0.6));
    else if (event !== null) {
      const story = await event.happen(this, member, chance);
      if (story !== null) this.log(`${what}: ${sim.name} ${story}`);
    } else if (sim.tabs.length === 0) {
      this.log(`start: ${sim.name}`);
      await this.start(sim);
    } else {
      this.log(`${what}: ${sim.name}`);
      await this.during(act(what, sim, chance));
    }
    await this.#quiet();
    this.#check();
  }

  /** Until nothing goes on but what waits for time to pass. */
  async #quiet(): Promise<void> {
    await settlePromises();
    for (let busy = this.server.busy(); busy !== null; busy = this.server.busy()) {
      await busy;
      await settlePromises();
    }
  }

  /** One thing that is due, or everything within `ms`. */
  async #passTime(ms: number, one: boolean): Promise<void> {
    const until = this.time.now() + ms;
    this.log('time');
    if (one) this.time.next(until);
    else await this.runUntil(until);
  }

  async during(work: Promise<unknown>): Promise<void> {
    let ended = false;
    const note = () => {
      ended = true;
    };
    const noted = work.then(note, (error: unknown) => {
      note();
      this.violations.push(`the world met a fault: ${String(error instanceof Error ? error.stack : error)}`);
    });
    await this.#quiet();
    const until = this.time.now() + MINUTE_MS;
    while (!ended && this.time.next(until)) await this.#quiet();
    // A device that was killed over it never answers.
    if (ended) await noted;
  }

  async runUntil(until: number): Promise<void> {
    await this.#quiet();
    while (this.time.next(until)) await this.#quiet();
    await this.#quiet();
  }

  clone({ sim, excused }: Member, seed: number): string | null {
    if (this.members.length >= DEVICES + MOST_CLONES || sim.disk.storage.look('SELECT 1') === null) return null;
    const twin = this.#join(`${sim.name}-${seed % 1_000}`, sim.user, sim);
    twin.excused = excused;
    for (const each of [sim, twin.sim]) each.copied = true;
    this.server.cloned(sim.user);
    const state = readDevice(sim);
    for (const entry of state?.entries ?? []) twin.sim.acknowledged.add(entry.id);
    return twin.sim.name;
  }

  authorize(sim: SimDevice): void {
    sim.link.authorized = true;
    // The app has a fresh token, and says so.
    for (const { device } of sim.tabs) void device.sync().catch(() => undefined);
  }

  #collect(): void {
    this.violations.push(...this.server.violations, ...this.members.flatMap(({ sim }) => sim.faults));
  }

  /** What holds at every step, of each device whose disk has changed. */
  #check(): void {
    this.#collect();
    for (const member of this.members) {
      const { sim, remembered } = member;
      if (member.checkedAt === sim.disk.writes) continue;
      const state = readDevice(sim);
      if (state === null) continue;
      member.checkedAt = sim.disk.writes;
      const { shadow, answers } = this.server.at(state.epoch);
      this.violations.push(...this.ledger.see(sim, state));
      this.violations.push(...checkDevice(sim, state, shadow, answers, remembered));
      this.violations.push(...checkCustody(sim, state, answers, this.server.undoneAt));
    }
  }

  /** Everybody comes to work. */
  async begin(): Promise<void> {
    for (const [collection, rows] of FIRST_ROWS) await this.during(this.server.importRows(collection, rows));
    for (const { sim } of this.members) await this.start(sim);
  }

  /** Faults stop: within minutes everything has to come home, and nobody has to ask for it. */
  async settle(): Promise<void> {
    this.faults = NO_FAULTS;
    this.log('settle');
    if (this.server.version !== NEWEST) this.server.restart(NEWEST);
    for (const { sim } of this.members) {
      sim.link.up = true;
      sim.link.hurry();
      sim.clock.pace(1);
      sim.disk.calm();
      for (const { gate } of sim.tabs) gate.thaw();
      await this.start(sim);
      for (const { device } of sim.tabs) device.resume();
      this.authorize(sim);
    }
    await this.runUntil(this.time.now() + SETTLED_MS);
    // Who has read everything so often that it has to wait goes on after an hour, with its next try.
    if (this.members.some(({ excused }) => excused > 0)) await this.runUntil(this.time.now() + 2 * HOUR_MS);
    for (const { sim } of this.members) {
      const state = readDevice(sim);
      if (state === null) this.violations.push(`[I8] ${sim.name} is still in a transaction`);
      else this.violations.push(...checkDrained(sim, state));
    }
    // Who has read before others were done asks once more.
    for (let round = 0; round < 2; round += 1) {
      for (const { sim } of this.members) for (const { device } of sim.tabs) void device.sync().catch(() => undefined);
      await this.runUntil(this.time.now() + MINUTE_MS);
    }
    this.#check();
    for (const member of this.members) await this.#checkAtRest(member);
  }

  async #checkAtRest({ sim, excused }: Member): Promise<void> {
    const state = readDevice(sim);
    if (state === null) return;
    const { answers, store, shadow } = this.server;
    const { scopes } = this.directory.principal(sim.user);
    const theirs = await serverView(store, scopes, sim.version);
    const wanted = scopes.filter((scope) => sim.hold.scopes?.includes(scope) ?? true);
    const held = wanted.length === scopes.length ? theirs : await serverView(store, wanted, sim.version);
    this.violations.push(
      ...checkConverged(sim, state, held),
      ...(shadow?.differences(theirs, scopes) ?? []),
      ...checkAnswers(sim, answers),
      ...this.ledger.checkOrder(sim),
      ...checkBounds(sim, excused),
      ...(await sim.verify()),
    );
  }

  async end(): Promise<void> {
    for (const { sim } of this.members) sim.kill();
    await this.#quiet();
  }
}
