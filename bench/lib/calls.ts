import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { bundleScript } from './bundle-script.ts';

/** What a process of a bench can be asked: functions with plain values in and out. */
export type Calls = Readonly<Record<string, (...args: never[]) => unknown>>;

/** The same functions, called from another process. */
export type Remote<C extends Calls> = {
  readonly [K in keyof C]: (...args: Parameters<C[K]>) => Promise<Awaited<ReturnType<C[K]>>>;
};

export interface BenchProcess<C extends Calls> {
  readonly call: Remote<C>;
  end(): Promise<void>;
}

type Answer = { readonly id: number } & ({ readonly value: unknown } | { readonly error: string });

interface Question {
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

const running = new Set<ChildProcess>();

/** Starts a script of ours that ends with `answerCalls`, in a process of its own. */
export async function startProcess<C extends Calls>(script: string): Promise<BenchProcess<C>> {
  const file = await bundleScript(script);
  const child = fork(file, {
    serialization: 'advanced',
    execArgv: process.env['BENCH_EXEC_ARGV']?.split(' ') ?? [],
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  running.add(child);
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let asked = 0;
  const ended = once(child, 'exit').then(([code]) => {
    running.delete(child);
    for (const { reject } of waiting.values()) reject(new Error(`${script} ended with ${String(code)}`));
  });
  child.on('message', (message) => {
    // Both ends are ours, made from the same sources.
    const answer = message as Answer;
    const one = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('error' in answer) one?.reject(new Error(`${script}: ${answer.error}`));
    else one?.resolve(answer.value);
  });
  const ask = (name: string, args: readonly unknown[]) =>
    new Promise((resolve, reject) => {
      asked += 1;
      waiting.set(asked, { resolve, reject });
      child.send({ id: asked, name, args } satisfies Question);
    });
  const call = new Proxy(
    {},
    {
      get:
        (_, name) =>
        (...args: unknown[]) =>
          ask(String(name), args),
    },
  );
  return {
    call: call as Remote<C>,
    async end() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

/** Ends what a bench that failed has left running. */
export function endProcesses(): void {
  for (const child of running) child.kill();
}

/** In the process itself: answers until the other side lets go, then ends. */
export function answerCalls(calls: Calls, atEnd: () => void | Promise<void> = () => {}): void {
  const answer = async ({ id, name, args }: Question): Promise<Answer> => {
    try {
      const call = calls[name] as ((...all: readonly unknown[]) => unknown) | undefined;
      if (call === undefined) throw new Error(`there is no "${name}"`);
      return { id, value: await call(...args) };
    } catch (error) {
      return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
  };
  process.on('message', (message) => {
    void answer(message as Question).then((answered) => process.send?.(answered));
  });
  process.on('disconnect', () => {
    void Promise.resolve(atEnd()).then(() => process.exit());
  });
}
