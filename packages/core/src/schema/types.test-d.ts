import { expectTypeOf, test } from 'vitest';
import * as z from 'zod';
import type { RecordId } from '../ids/ids.ts';
import { type CreateInput, collection, type Row, type UpdateInput } from './collection.ts';
import { ref } from './ref.ts';
import { schema, type Tables } from './schema.ts';

const people = collection(
  { name: z.string(), age: z.int().nullable(), role: z.enum(['a', 'b']).default('a'), home: ref('homes') },
  { scopes: ['everyone'], groups: [['name', 'age']] },
);

test('rows, creates and updates have the types of the fields', () => {
  type PersonRow = Row<typeof people, 'people'>;
  expectTypeOf<PersonRow['id']>().toEqualTypeOf<RecordId<'people'>>();
  expectTypeOf<PersonRow['age']>().toEqualTypeOf<number | null>();
  expectTypeOf<PersonRow['role']>().toEqualTypeOf<'a' | 'b'>();
  type PersonCreate = CreateInput<typeof people, 'people'>;
  expectTypeOf<{ name: string; home: RecordId<'homes'> }>().toExtend<PersonCreate>();
  expectTypeOf<{ name: string }>().not.toExtend<PersonCreate>();
  expectTypeOf<{ age: null }>().toExtend<UpdateInput<typeof people>>();
  expectTypeOf<{ age: string }>().not.toExtend<UpdateInput<typeof people>>();
});

test('an id of one collection does not pass for an id of another', () => {
  expectTypeOf<RecordId<'people'>>().not.toExtend<RecordId<'homes'>>();
  expectTypeOf<string>().toExtend<RecordId<'homes'>>();
});

test('rules name only fields that exist', () => {
  // @ts-expect-error there is no field "size"
  collection({ name: z.string() }, { scopes: ['everyone'], groups: [['name', 'size']] });
});

test('tables carry the names and rows of the schema', () => {
  const homes = collection({ area: z.string() }, { scopes: ['everyone'] });
  const all = schema({ version: 1, collections: { people, homes } });
  expectTypeOf<keyof Tables<typeof all>>().toEqualTypeOf<'people' | 'homes'>();
  expectTypeOf<Tables<typeof all>['homes']['area']>().toEqualTypeOf<string>();
});
