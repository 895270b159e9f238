import fs from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { build } from 'esbuild';
import type { Plugin } from 'esbuild';

import { repository } from '../repository.ts';

const OUT = path.join(repository, 'out', 'integration');
const RUNNER = 'test/integration/runner/run.ts';

export interface HostTests {
  /** The module whose `run()` VS Code calls. */
  readonly runner: string;
  /** One bundle a test file. */
  readonly files: readonly string[];
}

/** VS Code loads tests with `require`: each file becomes a CommonJS bundle of its own. */
export async function bundleHostTests(files: readonly string[]): Promise<HostTests> {
  await fs.rm(OUT, { recursive: true, force: true });
  await build({
    absWorkingDir: repository,
    entryPoints: [RUNNER, ...files],
    outdir: OUT,
    outbase: 'test/integration',
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    packages: 'external',
    // Node 20 hands the ES module to a CommonJS bundle without its default export.
    alias: { mocha: 'mocha/lib/mocha.cjs' },
    external: ['vscode'],
    sourcemap: 'inline',
    logLevel: 'warning',
    plugins: [keepImportMeta],
  });
  return { runner: bundleOf(RUNNER), files: files.map(bundleOf) };
}

function bundleOf(file: string): string {
  return path.join(OUT, path.relative('test/integration', file).replace(/\.ts$/, '.cjs'));
}

/** The test file that a bundle was made of; any other file is its own source. */
export function sourceOf(file: string): string {
  const bundle = path.relative(OUT, path.join(repository, file));
  return bundle.startsWith('..') ? file : path.join('test/integration', bundle).replace(/\.cjs$/, '.ts');
}

/** CommonJS has no import.meta: what it said of the source file is written in. */
const keepImportMeta: Plugin = {
  name: 'keep-import-meta',
  setup(bundler) {
    bundler.onLoad({ filter: /[\\/](test|src)[\\/].*\.ts$/ }, async ({ path: file }) => {
      const source = await fs.readFile(file, 'utf8');
      const contents = source
        .replaceAll('import.meta.dirname', JSON.stringify(path.dirname(file)))
        .replaceAll('import.meta.filename', JSON.stringify(file))
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(file).href));
      return { contents, loader: 'ts' };
    });
  },
};
