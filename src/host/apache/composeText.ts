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
export async function composeText(
  modulePath: string,
  { mode, proxy, tag }: ComposeWish,
  env: NodeJS.ProcessEnv,
): Promise<ComposeFile> {
  const args = ['cluster', 'compose', '--mode', mode, '--tag', tag, '--json', ...(proxy ? ['--proxy'] : [])];
  // The program of the extension host is VS Code's own, unless it is told to be Node.
  const options = { env: { ...env, ELECTRON_RUN_AS_NODE: '1' }, timeout: TIMEOUT_MS };
  const text = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, [modulePath, ...args], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new CodedError('internal', { reason: stderr.trim() || error.message }, { cause: error }));
    });
  });
  return JSON.parse(text) as ComposeFile;
}

/** What a file that was written so says of its NameServers; undefined of any other. */
export function nameServersIn(text: string): string | undefined {
  return /^#.*\bNAMESRV_ADDR=(\S+)$/m.exec(text)?.[1];
}
