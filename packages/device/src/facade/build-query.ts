import type { Schema } from '@holdfast/core';
import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { AppQuery, QueryBuilder } from '../device.ts';
import { planRead, type ReadPlan } from '../query/read-plan.ts';

/** A query builder of the schema's tables that builds and never runs: the engine does. */
export function createQueryBuilder<S extends Schema>(): QueryBuilder<S> {
  return new Kysely({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
}

export function buildPlan<S extends Schema, Row>(
  schema: S,
  builder: QueryBuilder<S>,
  build: (db: QueryBuilder<S>) => AppQuery<Row>,
): ReadPlan {
  const compiled: CompiledQuery = build(builder).compile();
  return planRead(compiled, schema);
}
