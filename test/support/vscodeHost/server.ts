import fs from 'node:fs/promises';
import path from 'node:path';

import { runProgram } from '../runProgram.ts';
import { startProcess } from '../runningProcess.ts';
import { makeTempDir } from '../tempDir.ts';
import { serverEnvironment } from './environment.ts';
import { ensureVsCode } from './install.ts';
import type { VsCodeInstall } from './install.ts';
import type { VsCodeVersion } from './versions.ts';

const START_TIMEOUT_MS = 60_000;
const INSTALL_VSIX_TIMEOUT_MS = 120_000;

/** Keeps the workbench quiet, so that a screenshot shows the extension and nothing else. */
export const QUIET_SETTINGS = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'window.autoDetectColorScheme': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'update.showReleaseNotes': false,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'git.openRepositoryInParentFolders': 'never',
  'remote.autoForwardPorts': false,
  'chat.commandCenter.enabled': false,
  'chat.disableAIFeatures': true,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.editor.useModal': 'off',
};

export interface ServerOptions {
  readonly vscodeVersion?: VsCodeVersion | undefined;
  /** Folder of a built extension that is to be there as if installed: dialogs and notifications work as for a user. */
  readonly extensionPath?: string | undefined;
  /** Folder of an extension under development. VS Code 1.139.1 then refuses dialogs and shows no notifications. */
  readonly extensionDevelopmentPath?: string | undefined;
  /** What a page opens that names no folder. */
  readonly defaultFolder?: string | undefined;
  /** .vsix files to install first. */
  readonly vsix?: readonly string[] | undefined;
  /** Merged over quiet defaults. Read at the start only: a later change of the file goes unnoticed. */
  readonly userSettings?: Readonly<Record<string, unknown>> | undefined;
  /** Display language, `zh-cn` for example: used by the extension; VS Code's own texts stay English. */
  readonly locale?: string | undefined;
  /** Folders are then not trusted until a person trusts them; without it, all are. */
  readonly workspaceTrust?: boolean | undefined;
  /** Added to the environment of the extension host. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly log?: ((line: string) => void) | undefined;
}

export interface VsCodeServer {
  /** The page must be opened by this name: webviews need a secure context, which localhost is. */
  readonly origin: string;
  readonly authority: string;
  readonly pid: number;
  readonly userDataDir: string;
  /** remoteagent.log; exthost1/remoteexthost.log; exthost1/<publisher.name>/<channel>.log; a reload starts exthost2. */
  readonly logsDir: string;
  /** Settles when the server ends, wanted or not. */
  readonly exited: Promise<number | null>;
  stop(): Promise<void>;
}

/** Starts a VS Code server with a throw-away profile. Its end takes everything it started with it, and the profile. */
export async function startVsCodeServer(options: ServerOptions = {}): Promise<VsCodeServer> {
  const log = options.log ?? (() => undefined);
  const install = await ensureVsCode(options.vscodeVersion, log);
  const profile = makeTempDir('vscode');
  const dirs = {
    userData: path.join(profile.path, 'user-data'),
    serverData: path.join(profile.path, 'server-data'),
    extensions: path.join(profile.path, 'extensions'),
    logs: path.join(profile.path, 'logs'),
  };
  try {
    await prepareProfile(dirs, install, options, log);
  } catch (error) {
    profile.remove();
    throw error;
  }
  const server = startProcess(install.node, serverArguments(dirs, install, options), {
    cwd: install.root,
    env: serverEnvironment(options.env),
    onOutput: (text) => log(`[server] ${text.trimEnd()}`),
    cleanUp: profile.remove,
  });
  try {
    const listening = await server.untilOutput(/Extension host agent listening on (\d+)/, START_TIMEOUT_MS);
    const authority = `localhost:${listening[1] ?? ''}`;
    return {
      origin: `http://${authority}`,
      authority,
      pid: server.pid,
      userDataDir: dirs.userData,
      logsDir: dirs.logs,
      exited: server.exited,
      stop: () => server.stop(),
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

interface ProfileDirs {
  readonly userData: string;
  readonly serverData: string;
  readonly extensions: string;
  readonly logs: string;
}

async function prepareProfile(
  dirs: ProfileDirs,
  install: VsCodeInstall,
  options: ServerOptions,
  log: (line: string) => void,
): Promise<void> {
  await Promise.all(Object.values(dirs).map((dir: string) => fs.mkdir(dir, { recursive: true })));
  await writeJson(path.join(dirs.userData, 'User', 'settings.json'), { ...QUIET_SETTINGS, ...options.userSettings });
  if (options.extensionPath !== undefined) await registerExtension(dirs, path.resolve(options.extensionPath));
  for (const file of options.vsix ?? []) {
    await fs.access(file);
    const args = [install.serverMain, ...profileArguments(dirs), '--install-extension', path.resolve(file), '--force'];
    const env = serverEnvironment(options.env);
    const { code, output } = await runProgram(install.node, args, { env, timeoutMs: INSTALL_VSIX_TIMEOUT_MS });
    if (code !== 0 || !/successfully installed/i.test(output)) throw new Error(`could not install ${file}:\n${output}`);
    log(`installed ${path.basename(file)}`);
  }
  if (options.locale !== undefined) await registerLanguage(dirs, options.locale, install.version);
}

function serverArguments(dirs: ProfileDirs, install: VsCodeInstall, options: ServerOptions): string[] {
  return [
    install.serverMain,
    ...['--host', '127.0.0.1', '--port', '0', '--without-connection-token', '--accept-server-license-terms'],
    ...['--telemetry-level', 'off', '--force-disable-user-env', '--log', 'info', '--logsPath', dirs.logs],
    ...(options.workspaceTrust === true ? [] : ['--disable-workspace-trust']),
    ...(options.locale === undefined ? [] : ['--locale', options.locale]),
    ...(options.defaultFolder === undefined ? [] : ['--default-folder', options.defaultFolder]),
    ...(install.sourceNeedsDriver && options.extensionDevelopmentPath ? ['--enable-smoke-test-driver'] : []),
    ...profileArguments(dirs),
  ];
}

function profileArguments(dirs: ProfileDirs): string[] {
  return [
    ...['--user-data-dir', dirs.userData],
    ...['--server-data-dir', dirs.serverData],
    ...['--extensions-dir', dirs.extensions],
  ];
}

/** Lists a folder among the installed extensions, where it stands. */
async function registerExtension(dirs: ProfileDirs, folder: string): Promise<void> {
  const manifest = JSON.parse(await fs.readFile(path.join(folder, 'package.json'), 'utf8')) as Record<string, string>;
  const { publisher = '', name = '', version = '' } = manifest;
  const location = { $mid: 1, path: folder, scheme: 'file' };
  await writeJson(path.join(dirs.extensions, 'extensions.json'), [
    { identifier: { id: `${publisher}.${name}` }, version, location, metadata: { source: 'vsix' } },
  ]);
}

/**
 * VS Code only switches its language when a language pack for it is registered. This one is empty: the workbench stays
 * English, while package.nls.<locale>.json and the l10n bundle of the extension are used.
 */
async function registerLanguage(dirs: ProfileDirs, locale: string, version: string): Promise<void> {
  const id = `test.language-pack-${locale}`;
  const translation = path.join(dirs.extensions, `${id}-${version}`, 'translations', 'main.i18n.json');
  await writeJson(translation, { '': [], version: '1.0.0', contents: {} });
  await writeJson(path.join(dirs.userData, 'languagepacks.json'), {
    [locale]: {
      hash: `${version}-${locale}`,
      extensions: [{ extensionIdentifier: { id }, version }],
      translations: { vscode: translation },
      label: locale,
    },
  });
}

async function writeJson(file: string, value: unknown): Promise<void> {
  await fs.mkdir(path.dirname(file), { recursive: true });
  await fs.writeFile(file, JSON.stringify(value, null, 2));
}
