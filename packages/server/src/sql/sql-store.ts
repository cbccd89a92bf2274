import {
  type DeviceId,
  type Epoch,
  isJsonObject,
  type Json,
  type MutationId,
  type Position,
  type Schema,
  type Scope,
  type UserId,
} from '@holdfast/core';
import type {
  Effects,
  FeedRequest,
  ImportRow,
  LoadRequest,
  RecordKey,
  ServerStore,
  ServerTransaction,
} from '../store/server-store.ts';
import { applyEffects } from './apply-effects.ts';
import type { EpochDeps } from './epoch.ts';
import { importRows } from './import-rows.ts';
import { install } from './install.ts';
import { loadRecords, releaseReserved, type SqlContext } from './load-records.ts';
import { readFeed } from './read-feed.ts';
import { repeat } from './repeat.ts';
import type { SqlDatabase, SqlSession } from './sql-database.ts';
import { sqlNames } from './sql-names.ts';
