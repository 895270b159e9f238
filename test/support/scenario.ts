import type { RunningProcess } from './runningProcess.ts';
import { waitFor } from './waitFor.ts';

/** Consumers of the Java client begin up to 30 s after their start at times: see Heartbeats.java. */
const UNTIL_TIMEOUT_MS = 180_000;

/** What a program prints of what happened, a line of JSON each: a name, and values. */
export interface ScenarioLine {
  readonly event: string;
  readonly [name: string]: string | number | boolean | null;
}

export interface RunningScenario {
  /** So far. */
  lines(event?: string): ScenarioLine[];
  /** Until as many lines of that event came. Rejects with the whole output when it ends before, or in time. */
  untilLines(event: string, count?: number): Promise<ScenarioLine[]>;
  /** Its exit code, after it ended by itself. */
  readonly exited: Promise<number | null>;
  output(): string;
  /** Asks it to end with SIGTERM. @returns its exit code; null when the signal ended it */
  end(): Promise<number | null>;
  stop(): Promise<void>;
}

/** Reads what such a program prints. */
export function runningScenario(name: string, program: RunningProcess): RunningScenario {
  const lines = (event?: string): ScenarioLine[] =>
    linesOf(program.output()).filter((line) => event === undefined || line.event === event);
  let ended = false;
  void program.exited.then(() => (ended = true));
  return {
    lines,
    async untilLines(event, count = 1) {
      return waitFor(
        `${count} lines "${event}" of ${name}`,
        () => {
          const over = ended;
          const found = lines(event);
          if (found.length >= count) return found;
          if (over) throw new Error(`${name} ended early\n${program.output()}`);
          return undefined;
        },
        {
          timeoutMs: UNTIL_TIMEOUT_MS,
          details: () => `${lines(event).length} came\n${program.output().slice(-8_000)}`,
        },
      );
    },
    exited: program.exited,
    output: () => program.output(),
    end() {
      process.kill(program.pid, 'SIGTERM');
      return program.exited;
    },
    stop: () => program.stop(),
  };
}

/** Lines that are broken off or not ours are passed over. */
function linesOf(output: string): ScenarioLine[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{"event":') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as ScenarioLine);
}
