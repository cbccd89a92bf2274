import { proxy, type Remote } from 'comlink';
import type { Engine } from '../engine/engine.ts';
import type { WorkerApi } from './worker-api.ts';

/** The worker's engine as the page has it. */
export function remoteEngine(worker: Remote<WorkerApi>, end: () => void): Engine {
  return {
    commit: (intents, options) => worker.commit(intents, options),
    select: (plan) => worker.select(plan),
    watch: (plan, sink) =>
      worker.watch(
        plan,
        proxy((rows) => sink.onRows(rows)),
        proxy((message) => void sink.onError(new Error(message))),
      ),
    unwatch: (watch) => worker.unwatch(watch),
    listen: (listener) => worker.listen(proxy(listener)),
    outbox: () => worker.outbox(),
    act: (action) => worker.act(action),
    look: async (query) => (await worker.look(query)) as never,
    fetch: (collection, record) => worker.fetch(collection, record),
    sync: () => worker.sync(),
    pause: () => worker.pause(),
    resume: () => worker.resume(),
    nudge: (why) => worker.nudge(why),
    async close() {
      await worker.close();
      end();
    },
  };
}
