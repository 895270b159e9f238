import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { Deferred } from '../../src/base/deferred.ts';
import { errorText } from '../../src/base/errors.ts';
import { repository } from './repository.ts';
import { hasCommand } from './skip.ts';
import { openDesktop } from './start/desktop.ts';
import { serve } from './start/served.ts';
import { makeTempDir } from './tempDir.ts';
import { parseVersions } from './vscodeHost/versions.ts';

const USAGE = `npm start [-- --web [--vscode=oldest|newest|VERSION]] [--free-ports]

Opens VS Code with the built extension and a copy of the sample workspace. With --web, or where there is no "code" on
the PATH, it serves VS Code on a free port of this machine instead. With --free-ports the local broker leaves 9876 and
10911 alone. Ctrl+C ends all that was started.`;

const PARENT_CHECK_MS = 1000;

/** What `npm start` does after the build. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      web: { type: 'boolean', default: false },
      vscode: { type: 'string' },
      'free-ports': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const ended = endOfUse();
  const folder = makeTempDir('start');
  try {
    const workspace = path.join(folder.path, 'orders');
    copySample(workspace, values['free-ports']);
    const [vscodeVersion] = values.vscode === undefined ? [] : parseVersions(values.vscode);
    if (!values.web && hasDesktop()) await openDesktop({ workspace, profile: folder.path, ended });
    else await serve({ workspace, vscodeVersion, ended });
  } finally {
    folder.remove();
  }
}

function copySample(workspace: string, freePorts: boolean): void {
  cpSync(path.join(repository, 'test', 'fixtures', 'sampleWorkspace'), workspace, { recursive: true });
  if (!freePorts) return;
  const file = path.join(workspace, '.vscode', 'settings.json');
  const settings = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  const ports = {
    'rocketmq.localBroker.nameServerPort': 0,
    'rocketmq.localBroker.port': 0,
    'rocketmq.localBroker.grpcPort': 0,
  };
  writeFileSync(file, JSON.stringify({ ...settings, ...ports }));
}

/** Settles at Ctrl+C, or when the terminal or npm goes. A second Ctrl+C does not wait. */
function endOfUse(): Promise<'ended'> {
  const ended = new Deferred<'ended'>();
  let asked = false;
  // npm may be ended alone and passes no signal on through its shell.
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid !== parent) ended.resolve('ended');
  }, PARENT_CHECK_MS);
  watch.unref();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (asked && signal === 'SIGINT') process.exit(130);
      asked = true;
      ended.resolve('ended');
    });
  }
  return ended.promise;
}

function hasDesktop(): boolean {
  // In a terminal of a remote VS Code, `code` talks to a window elsewhere, which cannot load this folder's extension.
  return process.env['VSCODE_IPC_HOOK_CLI'] === undefined && hasCommand('code');
}

main().then(
  // Timers and sockets of a VS Code that was just ended do not keep the prompt waiting.
  () => process.exit(0),
  (error: unknown) => {
    console.error(errorText(error));
    process.exit(1);
  },
);
