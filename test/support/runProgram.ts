import { startProcess } from './runningProcess.ts';
import type { ProcessOptions } from './runningProcess.ts';

export interface ProgramResult {
  /** The exit code; null when it was ended by a signal. */
  readonly code: number | null;
  /** The last 4 million characters of standard output and error together. */
  readonly output: string;
}

/**
 * Runs a program to its end.
 * @throws Error with the end of its output when the time is over; it is killed then
 */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: ProcessOptions & { readonly timeoutMs: number },
): Promise<ProgramResult> {
  const program = startProcess(command, args, { ...options, stopTimeoutMs: 0 });
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<'expired'>((resolve) => {
    timer = setTimeout(() => resolve('expired'), options.timeoutMs);
  });
  try {
    const code = await Promise.race([program.exited, expired]);
    if (code !== 'expired') return { code, output: program.output() };
    // All that it printed is read then.
    await program.stop();
    const tail = program.output().slice(-4_000);
    throw new Error(`${command} did not end within ${options.timeoutMs / 1000} s\n${tail}`);
  } finally {
    clearTimeout(timer);
    await program.stop();
  }
}
