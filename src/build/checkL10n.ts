import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { stringsOf } from './localizedStrings.ts';
import type { SourceStrings } from './localizedStrings.ts';

type Bundle = Readonly<Record<string, string>>;

/** Strings of the sources against a bundle in another language: none missing, none left over, the same {0}. */
export function bundleProblems(language: string, sources: readonly SourceStrings[], bundle: Bundle): string[] {
  const used = new Map(sources.flatMap(({ used }) => used.map(({ key, at }) => [key, at] as const)));
  return [
    ...[...used].filter(([key]) => bundle[key] === undefined).map(([key, at]) => `${at}: no ${language} for "${key}"`),
    ...Object.keys(bundle)
      .filter((key) => !used.has(key))
      .map((key) => `${language}: "${key}" is used nowhere`),
    ...Object.entries(bundle)
      .filter(([key, text]) => placeholders(key) !== placeholders(text) || text.trim() === '')
      .map(([key, text]) => `${language}: "${text}" has other placeholders than "${key}"`),
  ];
}

/** `%key%`s of package.json against the two files of messages. */
export function manifestMessageProblems(manifest: string, english: Bundle, chinese: Bundle): string[] {
  const used = new Set([...manifest.matchAll(/"%([\w.-]+)%"/g)].map(([, key]) => key ?? ''));
  return (
    [
      ['package.nls.json', english],
      ['package.nls.zh-cn.json', chinese],
    ] as const
  ).flatMap(([name, messages]) => [
    ...[...used].filter((key) => messages[key] === undefined).map((key) => `${name}: %${key}% is missing`),
    ...Object.keys(messages)
      .filter((key) => !used.has(key))
      .map((key) => `${name}: %${key}% is used nowhere`),
  ]);
}

function placeholders(text: string): string {
  return [...new Set(text.match(/\{\d+\}/g))].sort().join('');
}

/** Everything that is said to people in the project in a directory, and is not in both languages. */
export function checkL10n(root: string): string[] {
  const sources = ['src/host', 'src/extension.ts', 'webview'].flatMap((name) => sourceFiles(path.join(root, name)));
  const strings = sources.map((file) => stringsOf(path.relative(root, file), readFileSync(file, 'utf8')));
  const bundle = (name: string) => JSON.parse(readFileSync(path.join(root, name), 'utf8')) as Bundle;
  return [
    ...strings.flatMap(({ problems }) => problems),
    ...bundleProblems('zh-cn', strings, bundle('media/l10n/bundle.l10n.zh-cn.json')),
    ...manifestMessageProblems(
      readFileSync(path.join(root, 'package.json'), 'utf8'),
      bundle('package.nls.json'),
      bundle('package.nls.zh-cn.json'),
    ),
  ];
}

function sourceFiles(place: string): string[] {
  if (!existsSync(place)) return [];
  if (/\.tsx?$/.test(place)) return place.endsWith('.d.ts') ? [] : [place];
  if (path.extname(place) !== '') return [];
  return readdirSync(place).flatMap((name) => sourceFiles(path.join(place, name)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = checkL10n(process.cwd());
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
