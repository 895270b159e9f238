import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import { errorText } from '../../../src/base/errors.ts';
import { cacheDir } from '../cacheDir.ts';
import { withCacheLock } from '../cacheLock.ts';
import { withoutNpmSettings } from './environment.ts';
import { SERVERS, versionFromEnvironment } from './versions.ts';
import type { ServerRecipe, VsCodeVersion } from './versions.ts';

const execFileAsync = promisify(execFile);
const platform = `${process.platform}-${process.arch}`;

/** Raise it when the steps below change, so that old installs are not reused. */
const RECIPE = 1;
const STEP_TIMEOUT_MS = 10 * 60_000;

export interface VsCodeInstall {
  readonly version: VsCodeVersion;
  readonly root: string;
  readonly serverMain: string;
  readonly node: string;
  readonly sourceNeedsDriver: boolean;
}

/**
 * Provides a real VS Code server (workbench and Node extension host) from npm packages alone, kept in the cache folder.
 * Nothing is compiled and no lifecycle script runs. Processes that call this at once wait for the first.
 */
export async function ensureVsCode(
  version: VsCodeVersion = versionFromEnvironment(),
  log: (line: string) => void = () => undefined,
): Promise<VsCodeInstall> {
  const recipe = SERVERS[version];
  const root = cacheDir('vscode', `vscode-server-${version}-${platform}-r${RECIPE}`);
  if (!isComplete(root)) {
    await withCacheLock(`${root}.lock`, log, async () => {
      if (!isComplete(root)) await install(version, recipe, root, log);
    });
  }
  return {
    version,
    root,
    serverMain: path.join(root, 'out', 'server-main.js'),
    node: nodeFor(recipe, root),
    sourceNeedsDriver: recipe.sourceNeedsDriver,
  };
}

function nodeFor(recipe: ServerRecipe, root: string): string {
  const own = Number(process.versions.node.split('.')[0]);
  return own >= recipe.nodeMajor ? process.execPath : path.join(root, 'node');
}

/** The marker is written last, inside a folder that is moved into place as a whole. */
function isComplete(root: string): boolean {
  const marker = path.join(root, 'install.json');
  if (!existsSync(marker)) return false;
  const { recipe } = JSON.parse(readFileSync(marker, 'utf8')) as { recipe?: number };
  return recipe === RECIPE;
}

async function install(version: VsCodeVersion, recipe: ServerRecipe, root: string, log: (line: string) => void) {
  const work = await fs.mkdtemp(`${root}.partial-`);
  try {
    log(`VS Code ${version}: downloading ${recipe.package}`);
    const archive = await download(recipe, work);
    const wanted = ['lib/vscode', 'LICENSE', 'ThirdPartyNotices.txt'].map((name) => `package/${name}`);
    await run('tar', ['-xzf', archive, ...wanted], work);
    const files = path.join(work, 'package', 'lib', 'vscode');

    log(`VS Code ${version}: installing what the server needs`);
    await npm(['install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], files);
    const extras = path.join(work, 'extras');
    await writeJson(path.join(extras, 'package.json'), { private: true, dependencies: recipe.prebuilt(platform) });
    await npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], extras);
    await useBinaries(files, path.join(extras, 'node_modules'));
    await useShims(files, recipe.shims);
    // VS Code looks for some of its modules where the desktop build keeps an archive.
    await fs.symlink('node_modules', path.join(files, 'node_modules.asar'));

    const reported = await run(nodeFor(recipe, files), [path.join(files, 'out', 'server-main.js'), '--version'], files);
    if (reported.split('\n')[0]?.trim() !== version) {
      throw new Error(`the installed server reports version ${JSON.stringify(reported)}`);
    }
    await writeJson(path.join(files, 'install.json'), { recipe: RECIPE, version, package: recipe.package });
    await fs.rm(root, { recursive: true, force: true });
    await fs.rename(files, root);
    log(`VS Code ${version}: installed in ${root}`);
  } finally {
    await fs.rm(work, { recursive: true, force: true });
  }
}

async function download(recipe: ServerRecipe, work: string): Promise<string> {
  const reply: unknown = JSON.parse(await npm(['pack', recipe.package, '--json', '--silent'], work));
  // An array of one entry, or since npm 11 an object with one.
  const [packed] = Object.values(reply as Record<string, { filename: string; integrity: string }>);
  if (packed?.integrity !== recipe.integrity) {
    throw new Error(`${recipe.package} has integrity ${String(packed?.integrity)}, expected ${recipe.integrity}`);
  }
  return packed.filename;
}

async function useBinaries(files: string, prebuilt: string): Promise<void> {
  const modules = path.join(files, 'node_modules');
  await fs.rm(path.join(modules, 'node-pty'), { recursive: true, force: true });
  await fs.rename(path.join(prebuilt, 'node-pty'), path.join(modules, 'node-pty'));
  await fs.rename(path.join(prebuilt, '@lydell'), path.join(modules, '@lydell'));
  const ripgrep = path.join(prebuilt, '@vscode', `ripgrep-${platform}`, 'bin');
  if (existsSync(ripgrep)) await fs.cp(ripgrep, path.join(modules, '@vscode', 'ripgrep', 'bin'), { recursive: true });
  const node = path.join(prebuilt, `node-${platform}`, 'bin', 'node');
  if (existsSync(node)) await fs.rename(node, path.join(files, 'node'));
}

async function useShims(files: string, shims: ServerRecipe['shims']): Promise<void> {
  for (const [name, shim] of Object.entries(shims)) {
    const target = path.join(files, 'node_modules', name);
    await fs.rm(target, { recursive: true, force: true });
    await writeJson(path.join(target, 'package.json'), { name, version: '0.0.0', main: 'index.cjs' });
    await fs.copyFile(path.join(import.meta.dirname, 'shims', `${shim}.cjs`), path.join(target, 'index.cjs'));
  }
}

function npm(args: readonly string[], cwd: string): Promise<string> {
  return run('npm', args, cwd, withoutNpmSettings(process.env));
}

async function run(command: string, args: readonly string[], cwd: string, env = process.env): Promise<string> {
  try {
    const { stdout } = await execFileAsync(command, args, { cwd, env, maxBuffer: 64 << 20, timeout: STEP_TIMEOUT_MS });
    return stdout;
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')} failed: ${errorText(error)}`, { cause: error });
  }
}

async function writeJson(file: string, value: unknown): Promise<void> {
  await fs.mkdir(path.dirname(file), { recursive: true });
  await fs.writeFile(file, JSON.stringify(value));
}
