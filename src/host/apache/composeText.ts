import { execFile } from 'node:child_process';

import { CodedError } from '../../base/errors.ts';
import type { ClusterMode, ComposeFile } from '../../broker/control.ts';

export interface ComposeWish {
  readonly mode: ClusterMode;
  readonly proxy: boolean;
  /** Of apache/rocketmq. */
  readonly tag: string;
}

const TIMEOUT_MS = 30_000;

/** Lets `rocketmq-local` write a file for `docker compose`. @throws CodedError `internal` with what it says */
export function composeText(modulePath: string, { mode, proxy, tag }: ComposeWish): Promise<ComposeFile> {
  const args = ['cluster', 'compose', '--mode', mode, '--tag', tag, '--json', ...(proxy ? ['--proxy'] : [])];
  // The program of the extension host is VS Code's own, unless it is told to be Node.
  const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [modulePath, ...args], { env, timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      if (error === null) return resolve(JSON.parse(stdout) as ComposeFile);
      reject(new CodedError('internal', { reason: stderr.trim() || error.message }, { cause: error }));
    });
  });
}

/** What a file that was written so says of its NameServers; undefined of any other. */
export function nameServersIn(text: string): string | undefined {
  return /^#.*\bNAMESRV_ADDR=(\S+)$/m.exec(text)?.[1];
}
