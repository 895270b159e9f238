import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';

/*
 * Packs the extension into out/ and holds it to its budgets: what people download, what the extension host loads, and
 * what is in it. Run after the build.
 */

const VSIX = 'out/vscode-rocketmq.vsix';
const MAX_BYTES: Readonly<Record<string, number>> = {
  [VSIX]: 2 * 1024 * 1024,
  'dist/extension.cjs': 500 * 1000,
};
const NEEDED = [
  'dist/extension.cjs',
  'dist/broker.cjs',
  'dist/broker.control.cjs',
  'dist/broker.controlCommand.cjs',
  'dist/broker.selfSigned.cjs',
  'dist/broker.yaml.cjs',
  'dist/webview/send.js',
  'dist/webview/tail.js',
  'media/icon.png',
];
const UNWANTED = /\.map$|\.ts$|^(?:src|test|webview|bench|node_modules|out|\.ci)\//;

mkdirSync('out', { recursive: true });
vsce('package', '--allow-missing-repository', '--no-rewrite-relative-links', '--out', VSIX);
const files = vsce('ls')
  .split('\n')
  .filter((line) => line !== '');
const problems = [
  ...Object.entries(MAX_BYTES).flatMap(([file, maxBytes]) => {
    const { size } = statSync(file);
    console.log(`${file}: ${size} of ${maxBytes} bytes`);
    return size > maxBytes ? [`${file} has ${size} bytes, at most ${maxBytes} are allowed`] : [];
  }),
  ...NEEDED.filter((file) => !files.includes(file)).map((file) => `${file} is not in the package`),
  ...files.filter((file) => UNWANTED.test(file)).map((file) => `${file} does not belong in the package`),
];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

function vsce(...args: string[]): string {
  return execFileSync('node', ['node_modules/@vscode/vsce/vsce', ...args, '--no-dependencies'], { encoding: 'utf8' });
}
