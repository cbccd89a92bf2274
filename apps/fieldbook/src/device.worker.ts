import { serveDevice } from '@holdfast/device/worker';
import { fieldbook } from './schema.ts';

serveDevice({ schema: fieldbook });
