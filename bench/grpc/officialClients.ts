import { startScenario } from '../../test/support/apache/javaScenario.ts';
import { buildGoGrpcDriver } from '../../test/support/goGrpcDriver.ts';
import { startProcess } from '../../test/support/runningProcess.ts';
import { runningScenario } from '../../test/support/scenario.ts';
import type { RunningScenario } from '../../test/support/scenario.ts';
import { makeTempDir } from '../../test/support/tempDir.ts';

/* The official clients that speak gRPC, with a program of bench/grpc each, as they come: over TLS. */

export const LANGUAGES = ['Java', 'Go'] as const;
export type Language = (typeof LANGUAGES)[number];

/** @param args what GrpcBench.java and main.go say of themselves */
export function startClient(language: Language, ...args: readonly (string | number)[]): Promise<RunningScenario> {
  const words = args.map(String);
  if (language === 'Go') return startGo(words);
  const jvmArgs = ['-Xms512m', '-Xmx512m'];
  return startScenario('GrpcBench', words, { release: 'grpc', jvmArgs, longLived: true });
}

let driver: Promise<string> | undefined;

async function startGo(args: readonly string[]): Promise<RunningScenario> {
  const program = await (driver ??= buildDriver());
  // It writes its log below the home directory.
  const home = makeTempDir('bench-go-home');
  const env = { ...process.env, HOME: home.path };
  const cleanUp = (): void => home.remove();
  return runningScenario('the Go client', startProcess(program, args, { env, stopTimeoutMs: 0, cleanUp }));
}

/** Once a run. */
function buildDriver(): Promise<string> {
  const dir = makeTempDir('bench-go');
  process.once('exit', () => dir.remove());
  return buildGoGrpcDriver('bench/grpc/go/main.go', dir.path);
}
