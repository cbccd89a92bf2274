import { serveDevice } from '@holdfast/device/worker';
import { benchSchema } from '../../lib/bench-schema.ts';

serveDevice({ schema: benchSchema });
