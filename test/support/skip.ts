import { spawnSync } from 'node:child_process';

const REASON = Symbol.for('rocketmq-tools.skipReason');

/**
 * Skips the running test, or every test of a suite when called in its `before`, with a reason that the summary prints.
 * Use in `function () {}` tests: `skipTest(this, 'no Java found')`.
 */
export function skipTest(context: Mocha.Context, reason: string): never {
  const runnable = context.runnable();
  const isHook = 'type' in runnable && runnable.type === 'hook';
  const owner = isHook ? runnable.parent : runnable;
  // On the object itself: the reporter may hold another copy of this module.
  if (owner !== undefined) Reflect.set(owner, REASON, reason);
  context.skip();
}

/** Skips unless every command is on the PATH. */
export function requireTools(context: Mocha.Context, ...commands: string[]): void {
  const missing = commands.filter((command) => !hasCommand(command));
  if (missing.length > 0) skipTest(context, `${missing.join(' and ')} not found on the PATH`);
}

export function hasCommand(command: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', command], { stdio: 'ignore' }).status === 0;
}

/** Why a pending test was skipped, as said by `skipTest` for it or a suite around it. */
export function skipReason(test: Mocha.Test): string | undefined {
  for (let owner: Mocha.Test | Mocha.Suite | undefined = test; owner !== undefined; owner = owner.parent) {
    const reason: unknown = Reflect.get(owner, REASON);
    if (typeof reason === 'string') return reason;
  }
  return undefined;
}
