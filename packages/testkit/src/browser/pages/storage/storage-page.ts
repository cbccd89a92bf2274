import type { Answer, Call } from './storage-calls.ts';

const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
let worker = startWorker();
let lastId = 0;

window.ask = (name, ...args) =>
  new Promise((resolve, reject) => {
    lastId += 1;
    waiting.set(lastId, { resolve, reject });
    worker.postMessage({ id: lastId, name, args } satisfies Call);
  });

window.replaceWorker = () => {
  worker.terminate();
  worker = startWorker();
};

function startWorker(): Worker {
  const started = new Worker(new URL('./storage-worker.ts', import.meta.url), { type: 'module' });
  started.onmessage = ({ data }: MessageEvent<Answer>) => {
    if ('acknowledged' in data) return window.acknowledged?.(data.acknowledged);
    const call = waiting.get(data.id);
    waiting.delete(data.id);
    if ('error' in data) call?.reject(new Error(data.error));
    else call?.resolve(data.value);
  };
  started.onerror = (event) => {
    throw new Error(`the worker failed: ${event.message}`);
  };
  return started;
}
