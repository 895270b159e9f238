import path from 'node:path';

import type { VsCodeServer } from './server.ts';

export interface WorkbenchUrlOptions {
  /** A folder or a .code-workspace file; without it the window is empty. */
  readonly workspace?: string | undefined;
  readonly extensionDevelopmentPath?: string | undefined;
  readonly extensionTestsPath?: string | undefined;
}

/** The address of the workbench page. */
export function workbenchUrl(server: Pick<VsCodeServer, 'origin' | 'authority'>, options: WorkbenchUrlOptions): string {
  const payload = [
    ['skipWelcome', 'true'],
    ['skipReleaseNotes', 'true'],
  ];
  for (const name of ['extensionDevelopmentPath', 'extensionTestsPath'] as const) {
    const file = options[name];
    if (file !== undefined) payload.push([name, remoteUri(server.authority, file)]);
  }
  const url = new URL(server.origin);
  if (options.workspace === undefined) url.searchParams.set('ew', 'true');
  else url.searchParams.set(workspaceKey(options.workspace), path.resolve(options.workspace));
  url.searchParams.set('payload', JSON.stringify(payload));
  return url.href;
}

function workspaceKey(workspace: string): string {
  return workspace.endsWith('.code-workspace') ? 'workspace' : 'folder';
}

/** The authority has to be the one in the page's address. */
function remoteUri(authority: string, file: string): string {
  return `vscode-remote://${authority}${path.resolve(file).split('/').map(encodeURIComponent).join('/')}`;
}
