import type { Principal } from '@holdfast/server';
import { type Chance, createChance } from './chance.ts';
import { chooseFaults, type Faults, NO_FAULTS } from './faults.ts';
import { checkConverged, checkCustody, checkDrained, checkTransactions, checkView, viewOf } from './invariants.ts';
import { act, actNames } from './sim-actions.ts';
import { createSimDevice, type SimDevice } from './sim-device.ts';
import { createSimLink } from './sim-network.ts';
import { createSimServer, principalOf, type SimServer } from './sim-server.ts';
import { createVirtualTime, settlePromises, type VirtualTime } from './virtual-time.ts';

export interface History {
  readonly seed: number;
  readonly steps: number;
  readonly faults: Faults;
  /** The promises broken; empty is what everybody wants. */
  readonly violations: readonly string[];
  /** The last things that happened, newest last. */
  readonly trace: readonly string[];
  /** Of all that happened: the same seed gives the same. */
  readonly traceHash: string;
  /** What the history really did. */
  readonly counts: Readonly<Record<string, number>>;
}

interface Member {
  readonly sim: SimDevice;
  principal: Principal;
}

const TRACE_LINES = 60;
const CHANCE_OF_TIME = 0.5;

/** A world of one server and four devices, driven by one seed. */
class World {
  readonly chance: Chance;
  readonly time: VirtualTime = createVirtualTime();
  readonly server: SimServer;
  readonly members: Member[] = [];
  readonly violations: string[] = [];
  readonly trace: string[] = [];
  readonly counts: Record<string, number> = {};
  readonly chosen: Faults;
  faults: Faults;
  hash = 0x811c9dc5;

  constructor(seed: number) {
    this.chance = createChance(seed);
    this.chosen = chooseFaults(this.chance);
    this.faults = this.chosen;
    this.server = createSimServer(this.time, this.chance.fork(), () => this.faults);
    this.join('ada', 'mentor', ['mentor:m1']);
    this.join('ben', 'mentor', ['mentor:m1']);
    this.join('cem', 'mentor', ['mentor:m2', 'office']);
    this.join('dia', 'coordinator', ['office']);
  }

  join(user: string, role: string, scopes: readonly string[]): void {
    const member = { principal: principalOf(user, role, scopes) } as Member;
    const link = createSimLink(
      this.server,
      () => member.principal,
      this.time,
      this.chance.fork(),
      () => this.faults,
    );
    this.members.push(Object.assign(member, { sim: createSimDevice(user, link, this.time, this.chance.fork()) }));
  }

  log(line: string): void {
    const text = `${this.time.now()} ${line}`;
    for (let i = 0; i < text.length; i += 1) this.hash = Math.imul(this.hash ^ text.charCodeAt(i), 0x01000193);
    this.trace.push(text);
    if (this.trace.length > TRACE_LINES) this.trace.shift();
    this.counts[line.split(':')[0] ?? line] = (this.counts[line.split(':')[0] ?? line] ?? 0) + 1;
  }

  async start(member: Member): Promise<void> {
    if (member.sim.device === null) await member.sim.start();
  }

  async step(): Promise<void> {
    const { chance, faults } = this;
    const member = chance.pick(this.members);
    const { sim } = member;
    if (sim.device === null) {
      this.log(`start: ${sim.user}`);
      await this.start(member);
    } else if (chance.happens(CHANCE_OF_TIME)) {
      await this.passTime(chance.happens(0.1) ? 600_000 : chance.below(5_000));
    } else if (chance.happens(faults.crash)) {
      await this.crash(sim);
    } else if (chance.happens(faults.cutLink)) {
      sim.link.up = !sim.link.up;
      this.log(`link ${sim.link.up ? 'up' : 'down'}: ${sim.user}`);
    } else if (chance.happens(faults.wrongClock)) {
      const offset = chance.pick([0, 3_600_000, -3_600_000, 10 * 365 * 86_400_000, -10 * 365 * 86_400_000]);
      sim.setClock(offset);
      this.log(`clock: ${sim.user} ${offset}`);
    } else if (chance.happens(faults.directChange)) {
      await this.changeDirectly();
    } else {
      const name = chance.pick(actNames);
      this.log(`${name}: ${sim.user}`);
      await act(name, sim, chance);
    }
    await settlePromises();
    await this.check(member);
  }

  /** One thing that is due, or everything within `ms`. */
  async passTime(ms: number): Promise<void> {
    const until = this.time.now() + ms;
    this.log('time');
    if (this.chance.happens(0.6)) this.time.next(until);
    else await this.runUntil(until);
  }

  /** Kills a device somewhere inside a write. */
  async crash(sim: SimDevice): Promise<void> {
    const name = this.chance.pick(actNames);
    this.log(`kill in ${name}: ${sim.user}`);
    void act(name, sim, this.chance);
    for (let awaits = this.chance.below(40); awaits > 0; awaits -= 1) await Promise.resolve();
    sim.kill();
  }

  /** Another program writes into the app's tables. */
  async changeDirectly(): Promise<void> {
    const { chance } = this;
    const id = `direct-${chance.below(6)}`;
    this.log(`direct change: ${id}`);
    const row = { name: `sql${chance.below(1e6)}`, phone: null, mentor: chance.pick(['m1', 'm2']), note: '' };
    void this.server.store.importRows('people', [{ id, values: row }]);
  }

  async check(member: Member): Promise<void> {
    const { sim } = member;
    this.violations.push(...this.server.violations, ...this.members.flatMap((each) => each.sim.faults));
    if (sim.device === null || !sim.device.status.get().ready) return;
    this.violations.push(...(await sim.verify()));
    this.violations.push(...checkView(sim, await viewOf(sim), await sim.device.outbox.list()));
    this.violations.push(...(await checkCustody(sim, this.server)));
  }

  /** Faults stop, links are up: within minutes everything has to come home. */
  async settle(): Promise<void> {
    this.faults = NO_FAULTS;
    this.log('settle');
    for (const member of this.members) {
      member.sim.link.up = true;
      await this.start(member);
    }
    // What is still on its way, an hour at the most, arrives; then everybody asks once more.
    await this.runUntil(this.time.now() + 3_700_000);
    for (let round = 0; round < 3; round += 1) {
      for (const { sim } of this.members) void sim.device?.sync();
      await this.runUntil(this.time.now() + 60_000);
    }
    for (const { sim, principal } of this.members) {
      this.violations.push(...(await sim.verify()));
      this.violations.push(...(await checkDrained(sim)));
      this.violations.push(...(await checkCustody(sim, this.server)));
      this.violations.push(...checkTransactions(sim, this.server));
      this.violations.push(...(await checkConverged(sim, this.server, principal)));
    }
    this.violations.push(...this.server.violations, ...this.members.flatMap((each) => each.sim.faults));
  }

  async runUntil(until: number): Promise<void> {
    await settlePromises();
    while (this.time.next(until)) await settlePromises();
    await settlePromises();
  }

  async end(): Promise<void> {
    for (const { sim } of this.members) sim.kill();
    await settlePromises();
  }
}

/** Runs one history. Stops at the first violation: what follows from it says little. */
export async function runHistory(seed: number, steps: number): Promise<History> {
  const world = new World(seed);
  for (const member of world.members) await world.start(member);
  let done = 0;
  while (done < steps && world.violations.length === 0) {
    await world.step();
    done += 1;
  }
  if (world.violations.length === 0) await world.settle();
  await world.end();
  for (const outcome of [...world.server.answers.values()].map((receipt) => receipt.outcome)) {
    world.counts[`outcome ${outcome}`] = (world.counts[`outcome ${outcome}`] ?? 0) + 1;
  }
  return {
    seed,
    steps: done,
    faults: world.chosen,
    violations: [...new Set(world.violations)],
    trace: world.trace,
    traceHash: (world.hash >>> 0).toString(16),
    counts: world.counts,
  };
}
