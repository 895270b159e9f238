import { existsSync } from 'node:fs';
import path from 'node:path';

import { repository } from '../repository.ts';
import { runProgram } from '../runProgram.ts';
import { runningScenario } from '../scenario.ts';
import type { RunningScenario, ScenarioLine } from '../scenario.ts';
import { makeTempDir } from '../tempDir.ts';
import type { TempDir } from '../tempDir.ts';
import { ensureApacheJars } from './jars.ts';
import type { Release } from './jars.ts';
import { startJava } from './java.ts';
import type { JavaOptions } from './java.ts';

const SOURCES = ['test/interop/java', 'test/interop/grpc/java', 'bench/grpc/java'].map((folder) =>
  path.join(repository, folder),
);
const COMPILE_TIMEOUT_MS = 240_000;
const RUN_TIMEOUT_MS = 180_000;

export interface ScenarioOptions {
  readonly release: Release;
  /** `host:port`, of clients that ask one. */
  readonly nameServer?: string;
  readonly jvmArgs?: readonly string[];
  /** Java's own choice of compilers and collector, for what is measured. */
  readonly longLived?: boolean;
  readonly within?: JavaOptions['within'];
}

/**
 * Starts a program of test/interop or bench/grpc on the official client of that release; it is compiled against it once
 * a run.
 * Stop it at the end.
 */
export async function startScenario(
  mainClass: string,
  args: readonly string[],
  { release, nameServer, jvmArgs, longLived, within }: ScenarioOptions,
): Promise<RunningScenario> {
  const classes = await compiled(mainClass, release);
  const home = makeTempDir('scenario');
  const program = await startJava(mainClass, args, {
    home: home.path,
    release,
    nameServer,
    longLived,
    within,
    classPath: [classes],
    stopTimeoutMs: 0,
    cleanUp: () => home.remove(),
    ...(jvmArgs === undefined ? {} : { jvmArgs }),
  });
  return runningScenario(mainClass, program);
}

/**
 * Runs such a program to its end and gives what it printed.
 * @throws Error with its output when it fails, or is not done in time (default 3 minutes)
 */
export async function runScenario(
  mainClass: string,
  args: readonly string[],
  options: ScenarioOptions & { readonly timeoutMs?: number },
): Promise<ScenarioLine[]> {
  const scenario = await startScenario(mainClass, args, options);
  const timer = setTimeout(() => void scenario.stop(), options.timeoutMs ?? RUN_TIMEOUT_MS);
  try {
    const code = await scenario.exited;
    if (code !== 0) throw new Error(`${mainClass} ended with ${code ?? 'a signal'}\n${scenario.output()}`);
    return scenario.lines();
  } finally {
    clearTimeout(timer);
    await scenario.stop();
  }
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
  const source = SOURCES.map((folder) => path.join(folder, `${mainClass}.java`)).find((file) => existsSync(file));
  if (source === undefined) throw new Error(`there is no ${mainClass}.java in ${SOURCES.join(', ')}`);
  const sourcePath = SOURCES.join(path.delimiter);
  const options = ['-proc:none', '-nowarn', '-encoding', 'UTF-8', '-sourcepath', sourcePath, '-d', dir.path];
  const javac = await runProgram('javac', [...options, '-cp', path.join(jars, '*'), source], {
    timeoutMs: COMPILE_TIMEOUT_MS,
  });
  if (javac.code !== 0) throw new Error(`${source} does not compile against ${release}:\n${javac.output}`);
  return dir.path;
}
