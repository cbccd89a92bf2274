import { act, actNames } from './actions/act.ts';
import type { Chance } from './chance.ts';
import type { Fault } from './faults.ts';
import { WORLD_START_MS } from './sim-clock.ts';
import { NEWEST } from './sim-schema.ts';
import type { Member, Stage } from './stage.ts';

interface Event {
  readonly fault: Fault;
  /** What to write into the trace; null where nothing came of it. */
  happen(world: Stage, member: Member, chance: Chance): Promise<string | null> | string | null;
}

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

/** What happens to a device or the server at a step; what happens to a request or a statement stands elsewhere. */
const events = {
  /** A kill somewhere inside a write, after so many turns of the promises. */
  kill: {
    fault: 'crash',
    async happen(_world, { sim }, chance) {
      const name = chance.pick(actNames);
      void act(name, sim, chance);
      for (let awaits = chance.below(40); awaits > 0; awaits -= 1) await Promise.resolve();
      sim.kill();
      return name;
    },
  },

  /** A kill at a statement: of the write that comes now, or of the sync that comes later. */
  'kill at statement': {
    fault: 'crashAtStatement',
    async happen(world, { sim }, chance) {
      sim.disk.interruptAt(1 + chance.below(chance.pick([10, 60, 300])), () => sim.kill());
      const name = chance.pick(actNames);
      await world.during(act(name, sim, chance));
      return name;
    },
  },

  close: {
    fault: 'close',
    async happen(world, { sim }) {
      await world.during(sim.close());
      return '';
    },
  },

  link: {
    fault: 'cutLink',
    happen(_world, { sim }) {
      sim.link.up = !sim.link.up;
      return sim.link.up ? 'up' : 'down';
    },
  },

  'clock set': {
    fault: 'wrongClock',
    happen(_world, { sim }, chance) {
      const offset = chance.pick([0, 3_600_000, -3_600_000, 90_000, -90_000, DAY_MS, 10 * YEAR_MS, -10 * YEAR_MS]);
      sim.clock.set(offset);
      return `${offset}`;
    },
  },

  'clock pace': {
    fault: 'brokenClock',
    happen(_world, { sim }, chance) {
      const rate = chance.pick([0, 1, 2, 0.5]);
      sim.clock.pace(rate);
      return `${rate}`;
    },
  },

  freeze: {
    fault: 'freezeTab',
    happen(_world, { sim }, chance) {
      if (sim.tabs.length === 0) return null;
      const tab = chance.pick(sim.tabs);
      if (tab.gate.frozen) tab.gate.thaw();
      else sim.freeze(tab);
      return tab.gate.frozen ? 'frozen' : 'thawed';
    },
  },

  'disk full': {
    fault: 'diskFull',
    happen(_world, { sim }, chance) {
      if (sim.disk.full) sim.disk.full = false;
      else if (chance.happens(0.6)) sim.disk.failAt(1 + chance.below(30));
      else sim.disk.full = true;
      return `${sim.disk.full}`;
    },
  },

  clone: {
    fault: 'clone',
    happen: (world, member, chance) => world.clone(member, chance.below(2 ** 31)),
  },

  'server crash': {
    fault: 'serverCrash',
    happen({ server }, _member, chance) {
      const point = chance.pick(['before-apply', 'before-commit', 'after-commit', null] as const);
      if (point === null) server.restart();
      else server.crashAt(point);
      return point ?? 'now';
    },
  },

  backup: {
    fault: 'restore',
    async happen(world, _member, chance) {
      const told = chance.happens(0.5);
      await world.during(world.server.backUp(told));
      return told ? 'told' : '';
    },
  },

  /** The server is put back to its last backup, or the operator only says so. */
  restore: {
    fault: 'restore',
    async happen(world, _member, chance) {
      const from = chance.happens(0.8) ? 'backup' : 'now';
      await world.during(world.server.restore(from));
      for (const member of world.members) member.excused += 1;
      return from;
    },
  },

  /** The server forgets tombstones: those that all have read, or that all have read who were seen lately, or all. */
  compact: {
    fault: 'compaction',
    async happen(world, _member, chance) {
      const days = chance.pick([null, 30, 1, 0]);
      const seenSince = days === null ? 0 : WORLD_START_MS + world.time.now() - days * DAY_MS;
      await world.during(world.server.store.compact(seenSince));
      if (days !== null) for (const member of world.members) member.excused += 1;
      return days === null ? '' : `${days} days`;
    },
  },

  /** Another program writes into the app's tables. */
  'direct change': {
    fault: 'directChange',
    happen({ server }, _member, chance) {
      const id = `direct-${chance.below(6)}`;
      const row = { name: `sql${chance.below(1e6)}`, phone: null, mentor: chance.pick(['m1', 'm2']), note: '' };
      const email = server.version > 1 ? { email: chance.pick([null, 'a@b.c']) } : {};
      // A server that dies over it has not done it.
      void server.importRows('people', [{ id, values: { ...row, ...email } }]).catch(() => undefined);
      return id;
    },
  },

  deploy: {
    fault: 'deploy',
    async happen(world, { sim }, chance) {
      if (chance.happens(0.5)) {
        const version = 1 + chance.below(NEWEST);
        world.server.restart(version);
        return `server ${version}`;
      }
      // An app is never rolled back on a device: its store would be newer than it.
      if (sim.version === NEWEST) return null;
      sim.kill();
      sim.version += 1;
      await world.start(sim);
      return `app ${sim.version}`;
    },
  },

  token: {
    fault: 'tokenEnds',
    happen(world, { sim }, chance) {
      sim.link.authorized = false;
      world.time.after(chance.below(20 * 60_000), () => world.authorize(sim));
      return '';
    },
  },

  rights: {
    fault: 'rightsChange',
    happen(world, { sim }, chance) {
      const role = chance.pick(['mentor', 'coordinator', 'visitor']);
      const scopes = chance.pick([
        ['mentor:m1'],
        ['mentor:m2'],
        ['mentor:m1', 'mentor:m2'],
        ['office'],
        ['mentor:m1', 'office'],
        [],
      ]);
      world.directory.change(sim.user, role, scopes);
      return `${role} ${scopes.join(' ')}`;
    },
  },

  months: {
    fault: 'months',
    async happen(world, _member, chance) {
      for (const { sim } of world.members) if (sim.tabs.length > 0) sim.kill();
      const days = chance.pick([3, 40, 200, 800]);
      await world.runUntil(world.time.now() + days * DAY_MS);
      return `${days} days`;
    },
  },
} as const satisfies Record<string, Event>;

export type EventName = keyof typeof events;
export const eventNames = Object.keys(events) as EventName[];

export function faultOf(name: EventName): Fault {
  return events[name].fault;
}

/** Null where `what` is no event. */
export function eventOf(what: string): Event | null {
  return Object.hasOwn(events, what) ? events[what as EventName] : null;
}
