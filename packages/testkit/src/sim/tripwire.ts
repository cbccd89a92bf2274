import { createRequire, syncBuiltinESMExports } from 'node:module';

/**
 * While it stands, whoever reaches around the ports, for the time, for chance, for a timer, a file or the
 * network, is thrown at, and noted: what is caught and swallowed shows all the same.
 */
export interface Tripwire {
  /** What was touched since the last time somebody asked. */
  trips(): string[];
  /** Puts everything back. */
  remove(): void;
}

type Members = Record<string, unknown>;

const require = createRequire(import.meta.url);

/** Whose calls are let through: the simulator's own, the test runner's, Node's. Not the engine's, nor those of a library. */
const LET_THROUGH = [
  /\/packages\/testkit\//,
  /\/node_modules\/(vitest|@vitest|vite|tinypool|tinyspy|chai)\//,
  /\/scripts\//,
];
const OWN_FILE = /\/sim\/tripwire\.[jt]s/;

const TIMERS = ['setTimeout', 'setInterval', 'setImmediate'];
const FILES = [
  'open',
  'openSync',
  'readFile',
  'readFileSync',
  'writeFile',
  'writeFileSync',
  'appendFile',
  'appendFileSync',
  'mkdir',
  'mkdirSync',
  'createReadStream',
  'createWriteStream',
];
const SOCKETS: readonly (readonly [string, readonly string[]])[] = [
  ['node:net', ['connect', 'createConnection', 'createServer']],
  ['node:http', ['request', 'get', 'createServer']],
  ['node:https', ['request', 'get']],
  ['node:dns', ['lookup']],
  ['node:child_process', ['spawn', 'exec', 'execFile', 'fork', 'spawnSync', 'execSync']],
];

export function setTripwire(): Tripwire {
  const noted = new Set<string>();
  const undo: (() => void)[] = [];

  const touch = (name: string) => {
    const caller = callerOf(new Error().stack ?? '');
    if (caller === null || LET_THROUGH.some((pattern) => pattern.test(caller))) return;
    noted.add(`[tripwire] ${name} was touched from ${caller}`);
    throw new Error(`${name} is out of bounds in a simulated world`);
  };

  const replace = (holder: object, name: string, make: (original: unknown) => unknown) => {
    const before = Object.getOwnPropertyDescriptor(holder, name);
    if (before === undefined || before.configurable === false) return;
    const original = Reflect.get(holder, name);
    Object.defineProperty(holder, name, {
      configurable: true,
      writable: true,
      enumerable: before.enumerable ?? true,
      value: make(original),
    });
    undo.push(() => Object.defineProperty(holder, name, before));
  };
  const guard = (holder: object, names: readonly string[], as: string) => {
    for (const name of names) {
      replace(holder, name, (original) =>
        typeof original !== 'function'
          ? original
          : new Proxy(original, {
              apply(target, self, args) {
                touch(`${as}${name}`);
                return Reflect.apply(target, self, args);
              },
            }),
      );
    }
  };

  guard(Date, ['now'], 'Date.');
  replace(globalThis, 'Date', (original) => guardedDate(original as DateConstructor, touch));
  guard(Math, ['random'], 'Math.');
  guard(performance, ['now'], 'performance.');
  guard(Object.getPrototypeOf(performance) as object, ['now'], 'performance.');
  guard(Object.getPrototypeOf(globalThis.crypto) as object, ['getRandomValues', 'randomUUID'], 'crypto.');
  guard(globalThis, [...TIMERS, 'fetch'], '');
  guard(process, ['hrtime'], 'process.');
  const builtin = (name: string) => require(name) as Members;
  guard(builtin('node:timers'), TIMERS, 'node:timers.');
  guard(builtin('node:timers/promises'), ['setTimeout', 'setImmediate'], 'node:timers/promises.');
  guard(
    builtin('node:crypto'),
    ['randomBytes', 'randomUUID', 'randomInt', 'getRandomValues', 'randomFillSync'],
    'node:crypto.',
  );
  guard(builtin('node:fs'), FILES, 'node:fs.');
  guard(builtin('node:fs/promises'), FILES, 'node:fs/promises.');
  for (const [module, names] of SOCKETS) guard(builtin(module), names, `${module}.`);
  syncBuiltinESMExports();

  return {
    trips() {
      const all = [...noted];
      noted.clear();
      return all;
    },
    remove() {
      for (const put of undo.reverse()) put();
      syncBuiltinESMExports();
    },
  };
}

/** `new Date(text)` asks no clock; without arguments it does. */
function guardedDate(original: DateConstructor, touch: (name: string) => void): DateConstructor {
  return new Proxy(original, {
    construct(target, args: unknown[], newTarget) {
      if (args.length === 0) touch('new Date()');
      return Reflect.construct(target, args, newTarget) as object;
    },
    apply(target, self, args) {
      touch('Date()');
      return Reflect.apply(target as () => string, self, args);
    },
  });
}

/** The place that called; null for Node itself, which has no file. */
function callerOf(stack: string): string | null {
  for (const line of stack.split('\n').slice(1)) {
    if (OWN_FILE.test(line) || /\((node:|<anonymous>)|at (node:|<anonymous>)|at (new )?Proxy|Reflect\./.test(line))
      continue;
    return line.trim();
  }
  return null;
}
