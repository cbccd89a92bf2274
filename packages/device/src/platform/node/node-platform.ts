import type { Platform } from '../../ports/platform.ts';
import { webRandom } from '../web-random.ts';
import { nodeLocks } from './node-locks.ts';
import { nodeNotices } from './node-notices.ts';
import { type NodeStoreOptions, nodeStoreFolder } from './node-store-folder.ts';
import { nodeTimers } from './node-timers.ts';

/** Node's clock, chance, timers and locks, for one user's store. Nothing nudges: Node is told of no link. */
export function nodePlatform(options: NodeStoreOptions): Platform {
  const folder = nodeStoreFolder(options);
  const timers = nodeTimers();
  return {
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    random: webRandom(),
    timers,
    locks: nodeLocks(folder, timers),
    notices: nodeNotices(folder),
    nudges: { listen: () => () => {} },
  };
}
