import type { Operation } from '../record-operation.ts';
import { deciding } from './deciding.ts';
import { reading } from './reading.ts';
import { sending } from './sending.ts';
import { upgrading } from './upgrading.ts';
import { writing } from './writing.ts';

/** What a device does to its disk, from the first start to the last receipt. */
export const operations: readonly Operation[] = [...upgrading, ...writing, ...sending, ...reading, ...deciding];
