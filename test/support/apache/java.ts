import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { runProgram } from '../runProgram.ts';
import type { ProgramResult } from '../runProgram.ts';
import { startProcess } from '../runningProcess.ts';
import type { ProcessOptions, RunningProcess } from '../runningProcess.ts';
import { makeTempDir } from '../tempDir.ts';
import { ensureApacheJars } from './jars.ts';
import type { Release } from './jars.ts';

const RUN_TIMEOUT_MS = 180_000;

/** The store casts to sun.nio.ch.DirectBuffer, and Netty looks into java.nio. */
const MODULE_FLAGS = [
  '--add-exports=java.base/sun.nio.ch=ALL-UNNAMED',
  '--add-opens=java.base/java.nio=ALL-UNNAMED',
  '--add-opens=java.base/sun.nio.ch=ALL-UNNAMED',
];

/** Short-lived programs: the second compiler and parallel collectors cost more than they bring. */
const SHORT_LIVED = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

export interface JavaOptions {
  /** Whose jars; default the newest. */
  readonly release?: Release | undefined;
  readonly jvmArgs?: readonly string[] | undefined;
  /** Java's own choice of compilers and collector, for what is measured. */
  readonly longLived?: boolean | undefined;
  /** The NameServer that clients take when the program names none: `host:port`. */
  readonly nameServer?: string | undefined;
  /** Folders of classes that go before the jars. */
  readonly classPath?: readonly string[] | undefined;
  /** Written below the home directory first, by their paths there. */
  readonly files?: Readonly<Record<string, string>> | undefined;
  /** Which of the logging configurations among the jars. */
  readonly logback?: string | undefined;
  /** Makes of Java and its arguments the command that is run. */
  readonly within?: ((java: string, args: readonly string[]) => readonly [string, readonly string[]]) | undefined;
}

/**
 * Runs a class of Apache RocketMQ's jars to its end: the quickstart, a benchmark, a tool.
 * @throws Error with its output when it does not end in time (default 3 minutes); the exit code is the caller's to judge
 */
export async function runJava(
  mainClass: string,
  args: readonly string[] = [],
  options: JavaOptions & { readonly timeoutMs?: number | undefined } = {},
): Promise<ProgramResult> {
  const home = makeTempDir('java');
  try {
    for (const [name, content] of Object.entries(options.files ?? {})) {
      const file = path.join(home.path, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
    const command = await javaCommand(mainClass, args, options, home.path);
    return await runProgram(javaExecutable(), command, {
      env: environment(home.path, options),
      timeoutMs: options.timeoutMs ?? RUN_TIMEOUT_MS,
    });
  } finally {
    home.remove();
  }
}

/**
 * Runs mqadmin. It ends with status 0 also when a command failed, so read its output.
 * @param args the sub-command and its arguments
 */
export function mqadmin(
  nameServer: string,
  args: readonly string[],
  options: Pick<JavaOptions, 'files' | 'jvmArgs'> = {},
): Promise<ProgramResult> {
  const mainClass = 'org.apache.rocketmq.tools.command.MQAdminStartup';
  return runJava(mainClass, [...args, '-n', nameServer], { ...options, nameServer, logback: 'rmq.tools.logback.xml' });
}

/** Starts a class that stays, a server or a consumer, with `home` for its logs. Stop it at the end. */
export async function startJava(
  mainClass: string,
  args: readonly string[],
  options: JavaOptions & ProcessOptions & { readonly home: string },
): Promise<RunningProcess> {
  mkdirSync(options.home, { recursive: true });
  const command = await javaCommand(mainClass, args, options, options.home);
  const env = environment(options.home, options);
  const [program, programArgs] = options.within?.(javaExecutable(), command) ?? [javaExecutable(), command];
  return startProcess(program, programArgs, { ...options, cwd: options.home, env });
}

async function javaCommand(
  mainClass: string,
  args: readonly string[],
  {
    release,
    jvmArgs = ['-Xmx256m'],
    longLived = false,
    nameServer,
    classPath = [],
    logback = 'rmq.client.logback.xml',
  }: JavaOptions,
  home: string,
): Promise<string[]> {
  const jars = path.join(await ensureApacheJars(release), '*');
  return [
    ...(longLived ? [] : SHORT_LIVED),
    ...['-XX:-UsePerfData', '-Djava.net.preferIPv4Stack=true'],
    ...MODULE_FLAGS,
    // Log files go below the home directory.
    `-Duser.home=${home}`,
    // Several jars carry a logging configuration.
    `-Drmq.logback.configurationFile=${logback}`,
    '-Dlogback.statusListenerClass=org.apache.rocketmq.logging.ch.qos.logback.core.status.NopStatusListener',
    ...(nameServer === undefined ? [] : [`-Drocketmq.namesrv.addr=${nameServer}`]),
    ...jvmArgs,
    ...['-cp', [...classPath, jars].join(path.delimiter), mainClass],
    ...args,
  ];
}

function javaExecutable(): string {
  const home = process.env['JAVA_HOME'];
  return process.env['JAVA'] ?? (home === undefined ? 'java' : path.join(home, 'bin', 'java'));
}

function environment(home: string, { nameServer }: JavaOptions): NodeJS.ProcessEnv {
  return { ...process.env, ROCKETMQ_HOME: home, ...(nameServer === undefined ? {} : { NAMESRV_ADDR: nameServer }) };
}
