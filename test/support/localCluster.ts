import path from 'node:path';
import type { ClusterNodeStatus, ClusterReady, ClusterStatus } from '../../src/broker/control.ts';
import { repository } from './repository.ts';
import { runProgram } from './runProgram.ts';
import type { ProgramResult } from './runProgram.ts';
import { startProcess } from './runningProcess.ts';
import type { RunningProcess } from './runningProcess.ts';

const TIMEOUT_MS = 60_000;
const BUILT = path.join(repository, 'dist', 'broker.cjs');

export interface LocalCluster {
  readonly ready: ClusterReady;
  readonly supervisor: RunningProcess;
  /** `rocketmq-local cluster …` of another process, on this one's directory. */
  readonly command: (...args: string[]) => Promise<ProgramResult>;
  /** The same with --json, which must succeed. */
  readonly ask: (...args: string[]) => Promise<ClusterStatus>;
  /** `host:port` of a node. */
  readonly address: (name: string) => string;
  /** Ends it; harmless when it ended before. */
  stop(): Promise<void>;
}

/** Starts `rocketmq-local cluster start --json` and waits for its line. */
export async function startLocalCluster(
  directory: string,
  args: readonly string[],
  { script = BUILT, timeoutMs = TIMEOUT_MS }: { readonly script?: string; readonly timeoutMs?: number } = {},
): Promise<LocalCluster> {
  const supervisor = startProcess(
    process.execPath,
    [script, 'cluster', 'start', '--dir', directory, '--json', ...args],
    { stopTimeoutMs: 30_000 },
  );
  try {
    const [line] = await supervisor.untilOutput(/^\{"ready":true.*\}$/m, timeoutMs);
    const ready = JSON.parse(line) as ClusterReady;
    const command = (...more: string[]): Promise<ProgramResult> => clusterCommand(script, directory, more);
    return {
      ready,
      supervisor,
      command,
      ask: async (...more) => {
        const { code, output } = await command(...more, '--json');
        if (code !== 0) throw new Error(output);
        return JSON.parse(output) as ClusterStatus;
      },
      address: (name) => ready.nodes.find((node) => node.name === name)?.address ?? '',
      stop: () => supervisor.stop(),
    };
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}

export function clusterCommand(script: string, directory: string, args: readonly string[]): Promise<ProgramResult> {
  return runProgram(process.execPath, [script, 'cluster', ...args, '--dir', directory], { timeoutMs: TIMEOUT_MS });
}

export function nodeIn({ nodes }: ClusterStatus, name: string): ClusterNodeStatus {
  const found = nodes.find((node) => node.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}
