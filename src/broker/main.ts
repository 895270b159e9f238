import { readFileSync } from 'node:fs';
import path from 'node:path';
import { version } from '../../package.json';
import { systemClock } from '../base/clock.ts';
import { CodedError, errorText, isCodedError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { USAGE, parseCommandLine } from './commandLine.ts';
import type { CommandLine } from './commandLine.ts';
import type { BrokerCommand, BrokerEvent } from './control.ts';
import { explain } from './explain.ts';
import { LogFile, lineLogger } from './logWriter.ts';
import { startRole } from './roles.ts';
import type { RunningRole } from './roles.ts';
import {
  defaultStoreDirectory,
  makeTemporaryStore,
  readRunning,
  removeRunning,
  writeRunning,
} from './storeDirectory.ts';

/** How long an orderly stop may take. */
const STOP_TIMEOUT_MS = 10_000;

void main(process.argv.slice(2));

/** The command `rocketmq-local`, and the process that the extension forks. */
async function main(args: readonly string[]): Promise<void> {
  if (args[0] === 'cluster') {
    const { runClusterCommand } = await import('./cluster/clusterCommand.ts');
    return runClusterCommand(args.slice(1));
  }
  const [command, ...words] = args;
  if (command === 'control') {
    const { controlCommand } = await import('./control/command/controlCommand.ts');
    process.exitCode = await controlCommand(words, process.env, {
      out: (text) => process.stdout.write(text),
      error: (text) => process.stderr.write(text),
    });
    return;
  }
  let line: CommandLine | 'help' | 'version';
  try {
    line = parseCommandLine(args);
  } catch (error) {
    fail(error);
    return;
  }
  if (line === 'help') process.stdout.write(USAGE);
  else if (line === 'version') process.stdout.write(`rocketmq-local ${version}, speaks as Apache RocketMQ 5.3.3\n`);
  else await run(line);
}

/** Runs until somebody asks it to stop; what it made it takes away again. */
async function run(line: CommandLine): Promise<void> {
  let temporary: ReturnType<typeof makeTemporaryStore> | undefined;
  let storeDirectory: string | undefined;
  let log: { readonly logger: Logger; readonly close: () => void } | undefined;
  let role: RunningRole | undefined;
  try {
    if (line.temporary) temporary = openTemporaryStore();
    storeDirectory = temporary?.directory;
    log = openLog(line);
    const { logger } = log;
    const stopAsked = whenStopAsked(logger);
    role = await startRole(line, {
      confText: line.config === undefined ? '' : readConf(line.config),
      confFile: line.config,
      storeDirectory: (fromConf) => {
        storeDirectory ??= path.resolve(
          line.store ?? (fromConf === '' ? defaultStoreDirectory(process.env, process.platform) : fromConf),
        );
        return storeDirectory;
      },
      clock: systemClock,
      logger,
      faultsChanged: (count) => tellParent({ kind: 'faults', count }),
    });
    tellReady(line, role, logger);
    const { why, exitCode } = await stopAsked;
    logger.info(`stopping: ${why}`);
    process.exitCode = exitCode;
  } catch (error) {
    fail(error, storeDirectory);
  } finally {
    if (role !== undefined && log !== undefined) await stopInTime(role, log.logger);
    temporary?.remove();
    log?.close();
  }
  endSoon();
}

function tellReady(line: CommandLine, role: RunningRole, logger: Logger): void {
  const { control, ...places } = role.ready;
  const known = { ready: true, pid: process.pid, ...places, readyMs: Math.round(performance.now()) } as const;
  const info = { ...known, control };
  if (places.broker !== undefined) {
    const running = { ...known, broker: places.broker };
    writeRunning(role.storeDirectory, { ...running, control: null });
    tellParent({ kind: 'ready', info: { ...running, control } });
  }
  logger.info(`ready after ${known.readyMs} ms: ${JSON.stringify(known)}`);
  if (line.json) process.stdout.write(`${JSON.stringify(info)}\n`);
  else process.stdout.write(role.greeting);
}

/** Signals, the parent's wish and the parent's end all mean the same. A second signal ends the process at once. */
function whenStopAsked(logger: Logger): Promise<{ readonly why: string; readonly exitCode: number }> {
  return new Promise((resolve) => {
    const end = (why: string, exitCode = 0): void => resolve({ why, exitCode });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end(signal));
    process.on('message', (message: unknown) => {
      if (isStop(message)) end('the parent asks to stop');
    });
    if (process.connected) process.once('disconnect', () => end('the parent is gone'));
    process.on('uncaughtException', (error) => {
      logger.error('an unexpected error ends the process', error);
      end('an unexpected error', 1);
    });
  });
}

async function stopInTime(role: RunningRole, logger: Logger): Promise<void> {
  const deadline = setTimeout(() => {
    logger.error(`stopping took longer than ${STOP_TIMEOUT_MS} ms`);
    process.exit(1);
  }, STOP_TIMEOUT_MS);
  try {
    await role.stop();
  } catch (error) {
    stoppedBadly(error, logger);
  } finally {
    clearTimeout(deadline);
  }
  try {
    // The store is open to others by now: one that started meanwhile keeps its file.
    if (readRunning(role.storeDirectory)?.pid === process.pid) removeRunning(role.storeDirectory);
  } catch (error) {
    stoppedBadly(error, logger);
  }
}

function stoppedBadly(error: unknown, logger: Logger): void {
  logger.error('stopping failed', error);
  process.stderr.write(`rocketmq-local: It did not stop cleanly: ${errorText(error)}.\n`);
  process.exitCode = 1;
}

function openLog({ log: file, verbose }: CommandLine): { readonly logger: Logger; readonly close: () => void } {
  const now = (): number => systemClock.now();
  // A reader that went away must not end the broker.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  if (file === undefined) {
    return { logger: lineLogger((text) => process.stderr.write(text), now, verbose), close: () => undefined };
  }
  let log: LogFile;
  try {
    log = new LogFile(file);
  } catch (error) {
    throw new CodedError('usage', { reason: `the log cannot be written: ${errorText(error)}` }, { cause: error });
  }
  return { logger: lineLogger(log.write, now, verbose), close: () => log.dispose() };
}

function openTemporaryStore(): ReturnType<typeof makeTemporaryStore> {
  try {
    return makeTemporaryStore();
  } catch (error) {
    const reason = `--temp finds no place: ${errorText(error)}; name a directory that you may write in TMPDIR, or give one with --store`;
    throw new CodedError('usage', { reason });
  }
}

function readConf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CodedError('usage', { reason: `the file given with -c cannot be read: ${errorText(error)}` });
  }
}

/** One sentence on standard error, and status 1. */
function fail(error: unknown, storeDirectory?: string): void {
  const isLocked = isCodedError(error, 'store-locked') && storeDirectory !== undefined;
  const message = explain(error, isLocked ? readRunning(storeDirectory) : undefined);
  process.stderr.write(`rocketmq-local: ${message}\n`);
  const { code, details } = error instanceof CodedError ? error : new CodedError('internal', { reason: message });
  tellParent({ kind: 'failed', code, details, message });
  process.exitCode = 1;
}

function tellParent(event: BrokerEvent): void {
  if (process.connected) process.send?.(event);
}

/** What is still to be written goes out; whatever else is open does not keep the process for long. */
function endSoon(): void {
  if (process.connected) process.disconnect();
  setTimeout(() => process.exit(), 500).unref();
}

function isStop(message: unknown): message is BrokerCommand {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'stop';
}
