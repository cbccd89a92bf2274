import {
  type CommandMutation,
  err,
  ok,
  type Result,
  type Schema,
  sameJson,
  targetsOf,
  validateArgs,
} from '@holdfast/core';
import { recordKey } from '../store/server-store.ts';
import { safeText } from './safe-text.ts';

/**
 * Does a command fit the schema? Its arguments have to be of the declared types, and its targets the very
 * records they refer to. Gives it with the arguments that its handler gets, or what is wrong with it.
 */
export function checkCommand(mutation: CommandMutation, schema: Schema): Result<CommandMutation, string> {
  const command = schema.commands.get(mutation.name);
  if (command === undefined) return err(safeText(`${mutation.name}: no such command`));
  const checked = validateArgs(command, mutation.args);
  if (!checked.ok) {
    const issues = checked.issues.slice(0, 10).map(({ path, expected }) => `${path.join('.')}: ${expected}`);
    return err(safeText(`${command.name}: ${issues.join('; ')}`));
  }
  const { values } = checked;
  const odd = Object.entries(mutation.args).find(([name, given]) => !sameJson(values[name] ?? null, given));
  if (odd !== undefined) return err(`${command.name}.${odd[0]}: not in the form in which values are stored`);
  const referred = targetsOf(command, values).map(({ collection, record }) => recordKey(collection, record));
  const named = mutation.targets.map(({ collection, record }) => recordKey(collection, record));
  if (!sameJson([...new Set(named)].sort(), referred.sort())) {
    return err(`${command.name}: its targets are not the records that its arguments refer to`);
  }
  return ok({ ...mutation, args: values });
}
