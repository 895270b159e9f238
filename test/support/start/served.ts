import { repository } from '../repository.ts';
import { startVsCodeServer } from '../vscodeHost/server.ts';
import type { VsCodeVersion } from '../vscodeHost/versions.ts';

export interface ServedOptions {
  readonly workspace: string;
  readonly vscodeVersion: VsCodeVersion | undefined;
  readonly ended: Promise<'ended'>;
}

/** Serves VS Code on a free port until `ended`. Any browser of this machine can show it. */
export async function serve({ workspace, vscodeVersion, ended }: ServedOptions): Promise<void> {
  const starting = startVsCodeServer({
    vscodeVersion,
    extensionPath: repository,
    defaultFolder: workspace,
    userSettings: { 'workbench.startupEditor': 'readme' },
    log: (line) => {
      if (line.startsWith('VS Code')) console.log(line);
    },
  });
  const server = await Promise.race([starting, ended]);
  // Interrupted while it is being installed or started: the process ends, and with it what it started.
  if (server === 'ended') return;
  try {
    console.log(`VS Code is at ${server.origin}/ (Ctrl+C ends it)`);
    const end = await Promise.race([ended, server.exited]);
    if (end !== 'ended') throw new Error(`the VS Code server ended by itself with code ${String(end)}`);
  } finally {
    await server.stop();
  }
}
