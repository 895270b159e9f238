import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build, context } from 'esbuild';
import type { BuildOptions, PluginBuild } from 'esbuild';

/*
 * Makes what is shipped: dist/extension.cjs, dist/broker.cjs and one script (and style sheet) a page.
 * `--watch` goes on building, `--dev` keeps names and source maps.
 */

const isWatching = process.argv.includes('--watch');
const isDev = isWatching || process.argv.includes('--dev');

const shared: BuildOptions = {
  bundle: true,
  minify: !isDev,
  sourcemap: isDev ? 'linked' : false,
  legalComments: 'none',
  logLevel: 'warning',
};

const forNode: BuildOptions = { ...shared, platform: 'node', target: 'node20', format: 'cjs' };

/** What few windows ever need, such as protobuf: loaded when first needed, so that activation stays quick. */
const rarelyNeededByExtension = { grpc: 'src/client/grpc/wire.ts' };

const extension: BuildOptions = {
  ...forNode,
  entryPoints: ['src/extension.ts'],
  outfile: 'dist/extension.cjs',
  external: ['vscode'],
  plugins: [{ name: 'rarely needed', setup: (bundle) => leaveOut(bundle, 'extension', rarelyNeededByExtension) }],
};

const extensionExtras: BuildOptions = {
  ...forNode,
  entryPoints: rarelyNeededByExtension,
  outdir: 'dist',
  entryNames: 'extension.[name]',
  outExtension: { '.js': '.cjs' },
};

/** What few brokers ever need, in bundles of their own: loaded when first needed, so that the start stays quick. */
const rarelyNeeded = {
  cluster: 'src/broker/cluster/clusterCommand.ts',
  control: 'src/broker/control/startControlled.ts',
  controlCommand: 'src/broker/control/command/controlCommand.ts',
  selfSigned: 'src/broker/security/selfSigned.ts',
  yaml: 'src/broker/security/plain/yaml.ts',
};

const broker: BuildOptions = {
  ...forNode,
  entryPoints: ['src/broker/main.ts'],
  outfile: 'dist/broker.cjs',
  banner: { js: '#!/usr/bin/env node' },
  plugins: [{ name: 'rarely needed', setup: (bundle) => leaveOut(bundle, 'broker', rarelyNeeded) }],
};

const brokerExtras: BuildOptions = {
  ...forNode,
  entryPoints: rarelyNeeded,
  outdir: 'dist',
  entryNames: 'broker.[name]',
  outExtension: { '.js': '.cjs' },
  plugins: [{ name: 'rarely needed', setup: (bundle) => leaveOut(bundle, 'broker', rarelyNeeded) }],
};

const pages: BuildOptions = {
  ...shared,
  entryPoints: Object.fromEntries(pageNames().map((page) => [page, `webview/${page}/main.tsx`])),
  outdir: 'dist/webview',
  platform: 'browser',
  target: 'es2022',
  format: 'iife',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  loader: { '.ttf': 'file' },
  assetNames: '[name]',
};

const builds = [extension, extensionExtras, broker, brokerExtras, pages].filter((options) =>
  entryFiles(options).every((file) => existsSync(file)),
);

if (isWatching) {
  for (const options of builds) await (await context(options)).watch();
} else {
  const results = await Promise.all(builds.map((options) => build({ ...options, metafile: true })));
  removeStale(new Set(results.flatMap(({ metafile }) => Object.keys(metafile.outputs).map((file) => resolve(file)))));
  if (existsSync('dist/broker.cjs')) chmodSync('dist/broker.cjs', 0o755);
}

function pageNames(): string[] {
  return readdirSync('webview').filter((name) => existsSync(join('webview', name, 'main.tsx')));
}

function leaveOut(bundle: PluginBuild, owner: string, files: Readonly<Record<string, string>>): void {
  const names = new Map(Object.entries(files).map(([name, file]) => [resolve(file), name]));
  bundle.onResolve({ filter: /\.ts$/ }, ({ kind, path, resolveDir }) => {
    const name = kind === 'dynamic-import' ? names.get(resolve(resolveDir, path)) : undefined;
    return name === undefined ? undefined : { path: `./${owner}.${name}.cjs`, external: true };
  });
}

function entryFiles({ entryPoints }: BuildOptions): string[] {
  return Object.values(entryPoints ?? {}).filter((file) => typeof file === 'string');
}

/** What an earlier build left, such as source maps, must not be shipped. */
function removeStale(made: ReadonlySet<string>): void {
  for (const entry of readdirSync('dist', { recursive: true, withFileTypes: true })) {
    const file = resolve(entry.parentPath, entry.name);
    if (entry.isFile() && !made.has(file)) rmSync(file);
  }
}
