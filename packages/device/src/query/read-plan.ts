import { type ColumnKind, HoldfastError, type Schema } from '@holdfast/core';
import type {
  AliasNode,
  ColumnNode,
  CompiledQuery,
  FromNode,
  IdentifierNode,
  JoinNode,
  OperationNode,
  ReferenceNode,
  SelectionNode,
  SelectQueryNode,
  TableNode,
  WithNode,
} from 'kysely';
import type { SqlValue } from '../ports/storage-driver.ts';

/** A query of the app, ready to be sent to where the store is. */
export interface ReadPlan {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
  /** The tables it reads: a commit that touches none of them cannot change its rows. */
  readonly tables: readonly string[];
  /** Result columns that are not what SQLite keeps: booleans and JSON. */
  readonly kinds: Readonly<Record<string, 'boolean' | 'json'>>;
}

/**
 * Reads from Kysely's own query tree which tables a query depends on and which result columns have to
 * be turned back. Only a SELECT may be run: everything else goes through `write`.
 */
export function planRead(compiled: CompiledQuery, schema: Schema): ReadPlan {
  const root = compiled.query as OperationNode;
  if (root.kind !== 'SelectQueryNode') {
    throw new HoldfastError('InvalidWrite', 'query() runs a SELECT only; changes go through write()');
  }
  const select = root as SelectQueryNode;
  return {
    sql: compiled.sql,
    parameters: compiled.parameters.map(toParameter),
    tables: tablesOf(select, schema),
    kinds: kindsOf(select, schema),
  };
}

function toParameter(value: unknown): SqlValue {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' || typeof value === 'number' || value instanceof Uint8Array) return value;
  return JSON.stringify(value);
}

/** Every table named anywhere in the tree, also in joins and subqueries; names of CTEs are none. */
function tablesOf(root: OperationNode, schema: Schema): string[] {
  const tables = new Set<string>();
  const ctes = new Set<string>();
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      for (const item of node) visit(item);
      return;
    }
    if (typeof node !== 'object' || node === null) return;
    const { kind } = node as { kind?: string };
    if (kind === 'TableNode') tables.add((node as TableNode).table.identifier.name);
    if (kind === 'CommonTableExpressionNameNode') {
      ctes.add((node as unknown as { table: TableNode }).table.table.identifier.name);
    }
    if (kind === 'RawNode') readRaw(node as unknown as { sqlFragments: readonly string[] });
    for (const value of Object.values(node)) visit(value);
  };
  // Raw SQL may name a table the tree does not show: such a query is rerun at every commit.
  const readRaw = ({ sqlFragments }: { sqlFragments: readonly string[] }) => {
    if (sqlFragments.some((fragment) => /\b(from|join)\b/i.test(fragment))) tables.add('*');
  };
  visit(root);
  // A CTE in one subquery may have the name of a table that is read elsewhere.
  return [...tables].filter((table) => !ctes.has(table) || schema.collections.has(table)).sort();
}

type Kinds = Record<string, 'boolean' | 'json'>;
type Sources = Map<string, ReadonlyMap<string, ColumnKind>>;

/** What each result column is, as far as it is a column of a table and not computed. */
function kindsOf(select: SelectQueryNode, schema: Schema, outer: Sources = new Map()): Kinds {
  const ctes = new Map(outer);
  for (const { name, expression } of (select.with as WithNode | undefined)?.expressions ?? []) {
    if (expression.kind === 'SelectQueryNode') {
      ctes.set(name.table.table.identifier.name, asColumns(kindsOf(expression as SelectQueryNode, schema, ctes)));
    }
  }
  const sources: Sources = new Map();
  const from = select.from as FromNode | undefined;
  const joined = (select.joins as readonly JoinNode[] | undefined) ?? [];
  for (const node of [...(from?.froms ?? []), ...joined.map((join) => join.table)]) {
    const source = sourceOf(node, schema, ctes);
    if (source !== null) sources.set(source.name, source.columns);
  }
  const kinds: Kinds = {};
  for (const { selection } of (select.selections ?? []) as readonly SelectionNode[]) collect(selection, sources, kinds);
  return kinds;
}

function asColumns(kinds: Kinds): ReadonlyMap<string, ColumnKind> {
  return new Map(Object.entries(kinds));
}

function sourceOf(
  node: OperationNode,
  schema: Schema,
  ctes: Sources,
): { name: string; columns: ReadonlyMap<string, ColumnKind> } | null {
  if (node.kind === 'TableNode') {
    const name = (node as TableNode).table.identifier.name;
    const collection = schema.collections.get(name);
    const columns = ctes.get(name) ?? new Map(collection?.columns.map((column) => [column.name, column.kind]));
    return { name, columns };
  }
  if (node.kind === 'AliasNode') {
    const { node: inner, alias } = node as AliasNode;
    if (alias.kind !== 'IdentifierNode') return null;
    const { name } = alias as IdentifierNode;
    if (inner.kind === 'SelectQueryNode') {
      return { name, columns: asColumns(kindsOf(inner as SelectQueryNode, schema, ctes)) };
    }
    const source = sourceOf(inner, schema, ctes);
    return source === null ? null : { name, columns: source.columns };
  }
  return null;
}

function collect(selection: OperationNode, sources: Sources, kinds: Kinds): void {
  const note = (name: string, kind: ColumnKind | undefined) => {
    if (kind === 'boolean' || kind === 'json') kinds[name] = kind;
    else delete kinds[name];
  };
  if (selection.kind === 'SelectAllNode') {
    for (const columns of sources.values()) for (const [name, kind] of columns) note(name, kind);
    return;
  }
  if (selection.kind === 'AliasNode') {
    const { node, alias } = selection as AliasNode;
    if (alias.kind === 'IdentifierNode') note((alias as IdentifierNode).name, kindOfColumn(node, sources)?.kind);
    return;
  }
  if (selection.kind === 'ReferenceNode' && (selection as ReferenceNode).column.kind === 'SelectAllNode') {
    const table = (selection as ReferenceNode).table?.table.identifier.name;
    for (const [name, kind] of (table === undefined ? undefined : sources.get(table)) ?? []) note(name, kind);
    return;
  }
  const found = kindOfColumn(selection, sources);
  if (found !== null) note(found.name, found.kind);
}

function kindOfColumn(node: OperationNode, sources: Sources): { name: string; kind: ColumnKind | undefined } | null {
  if (node.kind === 'ColumnNode') {
    const { name } = (node as ColumnNode).column;
    const kinds = [...sources.values()].map((columns) => columns.get(name)).filter((kind) => kind !== undefined);
    return { name, kind: kinds[0] };
  }
  if (node.kind !== 'ReferenceNode') return null;
  const { table, column } = node as ReferenceNode;
  if (column.kind !== 'ColumnNode') return null;
  const { name } = (column as ColumnNode).column;
  if (table === undefined) return kindOfColumn(column, sources);
  return { name, kind: sources.get(table.table.identifier.name)?.get(name) };
}
