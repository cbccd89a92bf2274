import type { Schema } from '@holdfast/core';
import type { CommandHandlers, CompactionOptions, DevUsers } from '@holdfast/server';
import type { FhirMapping, MappedRow } from '../fhir/fhir-mapping.ts';

/** What `holdfast.config.ts` says. Paths are relative to the folder of that file. */
export interface HoldfastConfig {
  /** The app's name, as it is shown at the start. */
  readonly name: string;
  readonly schema: Schema;
  /** The data folder. Default: `.holdfast` */
  readonly data?: string;
  /** Default: 4870. `--port` and `PORT` go first. */
  readonly port?: number;
  /** Signs the tokens. Default: one is made at the first start and kept in the data folder. */
  readonly secret?: string;
  /** FOR TRYING ONLY: who can sign in on this server without a password. Default: nobody. */
  readonly users?: DevUsers;
  /** Rows for the first start of an empty server, what others refer to first. */
  readonly seed?: (context: { readonly nowMs: number }) => Iterable<MappedRow>;
  /** What the server does for each command of the schema: `commandHandlers(schema, { … })`. */
  readonly commands?: CommandHandlers;
  /** When tombstones are forgotten that no device needs any more; false: never. Default: every 6 hours. */
  readonly compaction?: CompactionOptions | false;
  /** How FHIR resources become rows; without it `holdfast import fhir` has nothing to do. */
  readonly fhir?: FhirMapping;
  /**
   * Every other address under which devices find this server, exactly as in `https://sync.example.org`: its pages may
   * call each, and the pages of each may call here. Default: none.
   */
  readonly addresses?: readonly string[];
  /** The folder of the built app, served from the same port. */
  readonly web?: string;
}

/** Types a configuration, and changes nothing. */
export function defineConfig(config: HoldfastConfig): HoldfastConfig {
  return config;
}
