import { fork } from 'node:child_process';
import path from 'node:path';

import type { BrokerEvent, BrokerReady } from '../../src/broker/control.ts';
import { repository } from './repository.ts';

const START_TIMEOUT_MS = 60_000;

export interface LocalBroker extends BrokerReady {
  /** From `fork` to the message that says ready. */
  readonly forkToReadyMs: number;
  readonly exited: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
  /** Asks it to end and waits; it ends with this process anyway. */
  stop(): Promise<void>;
}

/** Starts the built broker as the extension does: forked, on free ports, with a store of its own unless one is named. */
export function startLocalBroker(...moreArgs: string[]): Promise<LocalBroker> {
  const store = moreArgs.includes('--store') ? [] : ['--temp'];
  const grpc = moreArgs.includes('--grpc-port') ? [] : ['--grpc-port', 'off'];
  const ports = ['--namesrv-port', '0', '--port', '0', ...grpc];
  const began = performance.now();
  const child = fork(
    path.join(repository, 'dist', 'broker.cjs'),
    ['start', ...ports, ...store, '--json', ...moreArgs],
    {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    },
  );
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-10_000)));
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the broker was not ready within ${START_TIMEOUT_MS} ms\n${errors}`));
    }, START_TIMEOUT_MS);
    void exited.then((code) => {
      clearTimeout(timer);
      reject(new Error(`the broker ended with code ${code ?? 'of a signal'}\n${errors}`));
    });
    child.on('message', (event: BrokerEvent) => {
      if (event.kind !== 'ready') return;
      clearTimeout(timer);
      resolve({
        ...event.info,
        forkToReadyMs: performance.now() - began,
        exited,
        kill: (signal) => void child.kill(signal),
        stop: async () => {
          // One that is just being killed cannot be told any more.
          if (child.connected) child.send({ kind: 'stop' }, () => undefined);
          await exited;
        },
      });
    });
  });
}
