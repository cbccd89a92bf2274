import type {
  CommandDefinition,
  CreateInput,
  Json,
  JsonObject,
  MutationId,
  Reference,
  Row,
  Schema,
  UpdateInput,
  UserId,
} from '@holdfast/core';
import type * as z from 'zod';

/** One command as its handler gets it. */
export interface CommandCall<Args = JsonObject> {
  /** The mutation's id: what a record that the command makes can be called by, since it is the same on each run. */
  readonly id: MutationId;
  /** Checked by the schema, defaults filled in. */
  readonly args: Args;
  readonly user: UserId;
  readonly role: string | null;
  /** When the person acted, in milliseconds since 1970. */
  readonly actedAtMs: number;
}

type AnyRow = JsonObject & { readonly id: string };

/** The records as they are when the command is decided: its own writes included, and nobody else's missing. */
export interface CommandTx {
  /** Null where there is none, where it is deleted, and where the writer may not see it. */
  read(collection: string, id: string): AnyRow | null;
  insert(collection: string, id: string, values: Readonly<Record<string, unknown>>): void;
  /** Only what differs is written; the fields of a group together. */
  update(collection: string, id: string, values: Readonly<Record<string, unknown>>): void;
  delete(collection: string, id: string): void;
}

/** A handler's own refusal, with what to tell the person. Made by `reject`. */
export class Rejection {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** What a handler gives back to refuse its command: nothing that it wrote stays. */
export function reject(reason: string): Rejection {
  return new Rejection(reason);
}

/**
 * What the server does for a command. Synchronous and pure: it may run again when its exchange is repeated,
 * and only one run counts. It gives back a result that travels in the receipt, or a `reject`. What it
 * throws refuses the command and goes to the server's log.
 */
export type CommandHandler = (tx: CommandTx, call: CommandCall) => Json | undefined | Rejection;

/** A handler with the records it needs besides those that its arguments refer to. */
export interface CommandRules {
  readonly handle: CommandHandler;
  /** Records to lock and load; pure. Also names what `insert` makes under an id that no argument gives. */
  readonly loads?: (call: CommandCall) => readonly Reference[];
}

/** The handlers of a server, by command. Made by `commandHandlers`. */
export type CommandHandlers = ReadonlyMap<string, CommandRules>;

type Definitions<S> = S extends Schema<infer C, Readonly<Record<string, CommandDefinition>>> ? C : never;
type Commands<S> = S extends Schema<infer _, infer M> ? M : never;
type Args<D> = D extends CommandDefinition<infer F> ? { readonly [K in keyof F]: z.output<F[K]> } : never;

/** `CommandTx` with the types of a schema's collections. */
export interface TypedCommandTx<S> {
  read<K extends keyof Definitions<S> & string>(collection: K, id: string): Row<Definitions<S>[K], K> | null;
  insert<K extends keyof Definitions<S> & string>(
    collection: K,
    id: string,
    values: Omit<CreateInput<Definitions<S>[K], K>, 'id'>,
  ): void;
  update<K extends keyof Definitions<S> & string>(
    collection: K,
    id: string,
    values: UpdateInput<Definitions<S>[K]>,
  ): void;
  delete<K extends keyof Definitions<S> & string>(collection: K, id: string): void;
}

type TypedHandler<S, D> = (tx: TypedCommandTx<S>, call: CommandCall<Args<D>>) => Json | undefined | Rejection;

/** A handler for each command of a schema, with its types. */
export type HandlersOf<S> = {
  readonly [K in keyof Commands<S>]:
    | TypedHandler<S, Commands<S>[K]>
    | {
        readonly handle: TypedHandler<S, Commands<S>[K]>;
        readonly loads?: (call: CommandCall<Args<Commands<S>[K]>>) => readonly Reference[];
      };
};

/** Brings an app's handlers, typed by its schema, into the form in which the server takes them. */
export function commandHandlers<S extends Schema>(_schema: S, handlers: HandlersOf<S>): CommandHandlers {
  // Arguments and rows are checked by the schema before a handler sees them, and its writes after.
  const given = Object.entries(handlers) as [string, CommandHandler | CommandRules][];
  return new Map(given.map(([name, each]) => [name, typeof each === 'function' ? { handle: each } : each]));
}
