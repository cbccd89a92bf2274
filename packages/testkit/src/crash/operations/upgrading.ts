import { crashSchemas } from '../crash-schema.ts';
import { USER } from '../crash-world.ts';
import type { Operation } from '../record-operation.ts';
import { unsent } from './preparations.ts';

/** What starting an app does to a store. */
export const upgrading: readonly Operation[] = [
  {
    name: 'first open',
    prepare: async () => {},
    async run(world) {
      await world.onServer(async (side) => side.setScopes(USER, ['mentor:m1']));
      world.link.up = false;
      await world.open();
    },
  },
  {
    name: 'a schema that adds a field',
    serverSchema: crashSchemas.withCollections,
    async prepare(world) {
      await unsent(world);
      await world.stop();
    },
    async run(world) {
      await world.open(crashSchemas.withField);
      world.link.up = true;
      await world.sync();
    },
  },
  {
    name: 'schemas of several versions at once',
    serverSchema: crashSchemas.withCollections,
    async prepare(world) {
      await unsent(world);
      await world.stop();
    },
    async run(world) {
      await world.open(crashSchemas.withCollections);
      world.link.up = true;
      await world.sync();
    },
  },
];
