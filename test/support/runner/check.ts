import { readFileSync } from 'node:fs';
import path from 'node:path';

import { errorText } from '../../../src/base/errors.ts';
import { repository } from '../repository.ts';
import { runProgram } from '../runProgram.ts';
import { failedOnce, passedOnce } from './summary.ts';
import type { Summary } from './summary.ts';

const TIMEOUT_MS = 5 * 60_000;
/** The long ones first, since two run at once. */
const ALWAYS = ['lint', 'typecheck', 'format:check', 'layers', 'deadcode'];

/** The scripts of package.json that are checks: the usual ones, and every `check:…`. */
export function checkScripts(): string[] {
  const manifest = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  return [...ALWAYS, ...Object.keys(manifest.scripts).filter((name) => name.startsWith('check:'))];
}

/** Runs an npm script: passed when it ends with 0. What it prints comes in one piece at its end. */
export async function runCheck(script: string): Promise<Summary> {
  let printed = '';
  try {
    const onOutput = (text: string): void => void (printed += text);
    const { code } = await runProgram('npm', ['run', '--silent', script], {
      cwd: repository,
      timeoutMs: TIMEOUT_MS,
      onOutput,
    });
    return code === 0 ? passedOnce() : failedOnce(script, `"npm run ${script}" ended with ${String(code)}`);
  } catch (error) {
    return failedOnce(script, errorText(error));
  } finally {
    process.stdout.write(printed);
  }
}
