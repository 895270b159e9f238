import { readdirSync } from 'node:fs';
import path from 'node:path';

import { repository } from '../repository.ts';
import { runProgram } from '../runProgram.ts';
import { makeTempDir } from '../tempDir.ts';
import type { TempDir } from '../tempDir.ts';
import { waitFor } from '../waitFor.ts';
import { ensureApacheJars } from './jars.ts';
import type { Release } from './jars.ts';
import { startJava } from './java.ts';

const SOURCES = path.join(repository, 'test', 'interop', 'java');
const COMPILE_TIMEOUT_MS = 120_000;
/** Consumers of the Java client begin up to 30 s after their start at times: see Heartbeats.java. */
const UNTIL_TIMEOUT_MS = 120_000;

/** What a scenario prints with `Emit.line`: a name, and values. */
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
  stop(): Promise<void>;
}

export interface ScenarioOptions {
  readonly release: Release;
  /** `host:port` */
  readonly nameServer: string;
  readonly jvmArgs?: readonly string[];
}

/**
 * Starts a program of test/interop/java on the official client of that release; it is compiled against it once a run.
 * Stop it at the end.
 */
export async function startScenario(
  mainClass: string,
  args: readonly string[],
  { release, nameServer, jvmArgs }: ScenarioOptions,
): Promise<RunningScenario> {
  const classes = await compiled(mainClass, release);
  const home = makeTempDir('scenario');
  const program = await startJava(mainClass, args, {
    home: home.path,
    release,
    nameServer,
    classPath: [classes],
    stopTimeoutMs: 0,
    cleanUp: () => home.remove(),
    ...(jvmArgs === undefined ? {} : { jvmArgs }),
  });
  const lines = (event?: string): ScenarioLine[] =>
    linesOf(program.output()).filter((line) => event === undefined || line.event === event);
  let ended = false;
  void program.exited.then(() => (ended = true));
  return {
    lines,
    async untilLines(event, count = 1) {
      return waitFor(
        `${count} lines "${event}" of ${mainClass}`,
        () => {
          const over = ended;
          const found = lines(event);
          if (found.length >= count) return found;
          if (over) throw new Error(`${mainClass} ended early\n${program.output()}`);
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
    stop: () => program.stop(),
  };
}

/**
 * Runs such a program to its end and gives what it printed.
 * @throws Error with its output when it fails, or is not done in time (default 2 minutes)
 */
export async function runScenario(
  mainClass: string,
  args: readonly string[],
  options: ScenarioOptions & { readonly timeoutMs?: number },
): Promise<ScenarioLine[]> {
  const scenario = await startScenario(mainClass, args, options);
  const timer = setTimeout(() => void scenario.stop(), options.timeoutMs ?? 120_000);
  try {
    const code = await scenario.exited;
    if (code !== 0) throw new Error(`${mainClass} ended with ${code ?? 'a signal'}\n${scenario.output()}`);
    return scenario.lines();
  } finally {
    clearTimeout(timer);
    await scenario.stop();
  }
}

/** Lines that are broken off or not ours are passed over. */
function linesOf(output: string): ScenarioLine[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{"event":') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as ScenarioLine);
}

const compilations = new Map<string, Promise<string>>();
const compiledInto: TempDir[] = [];

/** The folder with the classes of a program and what it uses, which is gone when this process ends. */
function compiled(mainClass: string, release: Release): Promise<string> {
  const key = `${release} ${mainClass}`;
  let compilation = compilations.get(key);
  if (compilation === undefined) compilations.set(key, (compilation = compile(mainClass, release)));
  return compilation;
}

async function compile(mainClass: string, release: Release): Promise<string> {
  const jars = await ensureApacheJars(release);
  const dir = makeTempDir('scenario-classes');
  if (compiledInto.length === 0) process.once('exit', () => compiledInto.forEach((made) => made.remove()));
  compiledInto.push(dir);
  const source = readdirSync(SOURCES).find((name) => name === `${mainClass}.java`);
  if (source === undefined) throw new Error(`there is no ${mainClass}.java in ${SOURCES}`);
  const options = ['-proc:none', '-nowarn', '-encoding', 'UTF-8', '-sourcepath', SOURCES, '-d', dir.path];
  const javac = await runProgram('javac', [...options, '-cp', path.join(jars, '*'), path.join(SOURCES, source)], {
    timeoutMs: COMPILE_TIMEOUT_MS,
  });
  if (javac.code !== 0) throw new Error(`${source} does not compile against ${release}:\n${javac.output}`);
  return dir.path;
}
