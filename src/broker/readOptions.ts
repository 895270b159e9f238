import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import { errorText } from '../base/errors.ts';

type Options = NonNullable<ParseArgsConfig['options']>;
type Read<T extends Options> = ReturnType<typeof parseArgs<{ options: T; allowPositionals: true }>>;

/**
 * The options and words of a command.
 * @throws what `problem` makes of the reason, which is without a full stop
 */
export function readOptions<T extends Options>(
  args: readonly string[],
  options: T,
  problem: (reason: string) => Error,
): Read<T> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    const reason = errorText(error);
    const [, option] = /^Option '(?:-\w, )?(--[\w-]+)[^']*' argument (?:is ambiguous|missing)/.exec(reason) ?? [];
    if (option !== undefined) throw problem(`${option} wants a value`);
    // What follows the first sentence is Node's advice for names that begin with a hyphen.
    throw problem(reason.replace(/\.( To specify .*)?$/s, ''));
  }
}
