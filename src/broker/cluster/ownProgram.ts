import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { BrokerCommand, BrokerEvent } from '../control.ts';
import type { PlacedNode } from './clusterDirectory.ts';
import { OWN_GROUP } from './nodeProgram.ts';
import type { NodeProcess, NodeProgram } from './nodeProgram.ts';

/** `rocketmq-local namesrv` and `broker`. They hold a channel to this process and end when that closes. */
export function ownProgram(script: string): NodeProgram {
  return {
    startTimeoutMs: 60_000,
    serveTimeoutMs: 20_000,
    // A node gives itself 10 s.
    stopTimeoutMs: 12_000,
    start: (node) => start(script, node),
  };
}

function start(script: string, { broker, conf, log, storeDirectory }: PlacedNode): NodeProcess {
  const role = broker === undefined ? ['namesrv', '--store', storeDirectory] : ['broker'];
  const child = fork(script, [...role, '-c', conf, '--json', '--log', log], {
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: OWN_GROUP,
  });
  return {
    child,
    ready: firstLine(child),
    lastWords: lastWords(child),
    stop: () => {
      const ask: BrokerCommand = { kind: 'stop' };
      if (child.connected) child.send(ask);
    },
  };
}

/** The line that says ready; never where none comes. */
function firstLine(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.stdout?.on('data', (bytes: Buffer) => {
      if (bytes.includes('\n')) resolve();
    });
  });
}

function lastWords(child: ChildProcess): () => string {
  let words = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-2000)));
  child.on('message', (event: BrokerEvent) => {
    if (event.kind === 'failed') words = event.message;
  });
  return () => words.trim().replace(/\.$/, '');
}
