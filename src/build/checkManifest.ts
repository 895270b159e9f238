import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

import { commandIds } from '../host/commandIds.ts';
import { contextKeys } from '../host/contextKeys.ts';
import { settingDefaults, settingLimits, SETTINGS_SECTION } from '../host/settings.ts';
import type { SettingName } from '../host/settings.ts';

/** What is read here of package.json. */
export interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly enablement?: string }[];
    readonly menus: Readonly<Record<string, readonly MenuEntry[]>>;
    readonly viewsWelcome: readonly { readonly contents: string; readonly when?: string }[];
    readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>;
    readonly walkthroughs?: unknown;
    readonly configuration: { readonly properties: Readonly<Record<string, SettingSchema>> };
  };
}

interface MenuEntry {
  readonly command: string;
  readonly when?: string;
}

interface SettingSchema {
  readonly default: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** What package.json and the typed tables of the host do not agree on; empty when all is well. */
export function manifestProblems(manifest: Manifest, messages: Readonly<Record<string, string>>): string[] {
  return [...commandProblems(manifest, messages), ...settingProblems(manifest), ...contextKeyProblems(manifest)];
}

function commandProblems({ contributes }: Manifest, messages: Readonly<Record<string, string>>): string[] {
  const declared = contributes.commands.map(({ command }) => command);
  const used = [
    ...Object.values(contributes.menus).flatMap((entries) => entries.map(({ command }) => command)),
    ...[...JSON.stringify([messages, contributes.walkthroughs ?? []]).matchAll(/\bcommand:(rocketmq\.[\w.]+)/gi)].map(
      ([, command]) => command ?? '',
    ),
  ];
  // VS Code makes a command for every view that shows it.
  const known = [
    ...declared,
    ...Object.values(contributes.views).flatMap((views) => views.map(({ id }) => `${id}.focus`)),
  ];
  return [
    ...differences('command', declared, commandIds),
    ...[...new Set(used)]
      .filter((command) => !known.includes(command))
      .map((command) => `command ${command} is used by package.json and not declared`),
  ];
}

function settingProblems({ contributes }: Manifest): string[] {
  const names = Object.keys(settingDefaults) as SettingName[];
  const { properties } = contributes.configuration;
  return [
    ...differences(
      'setting',
      Object.keys(properties),
      names.map((name) => `${SETTINGS_SECTION}.${name}`),
    ),
    ...names.flatMap((name) => {
      const schema = properties[`${SETTINGS_SECTION}.${name}`];
      return schema === undefined ? [] : schemaProblems(name, schema);
    }),
  ];
}

function schemaProblems(name: SettingName, schema: SettingSchema): string[] {
  const expected: SettingSchema = { default: settingDefaults[name], ...settingLimits[name] };
  return (['default', 'minimum', 'maximum'] as const)
    .map((key) => ({ key, told: asText(schema[key]), meant: asText(expected[key]) }))
    .filter(({ told, meant }) => told !== meant)
    .map(({ key, told, meant }) => `setting ${name}: ${key} is ${told} in package.json, ${meant} in settings.ts`);
}

function asText(value: unknown): string {
  return value === undefined ? 'absent' : JSON.stringify(value);
}

/** Keys of `when` and `enablement` clauses that begin with the extension's name; `config.` ones are settings. */
function contextKeyProblems({ contributes }: Manifest): string[] {
  const clauses = [
    ...contributes.commands.map(({ enablement }) => enablement),
    ...Object.values(contributes.menus).flatMap((entries) => entries.map(({ when }) => when)),
    ...contributes.viewsWelcome.map(({ when }) => when),
  ].filter((clause) => clause !== undefined);
  const keys = clauses.flatMap((clause) => clause.match(/(?<![\w.])rocketmq\.[\w.]+/g) ?? []);
  // `view == rocketmq.explorer` compares with the name of the view.
  const asked = keys.filter((key) => key !== 'rocketmq.explorer');
  const settings = clauses.flatMap((clause) => clause.match(/(?<=\bconfig\.)rocketmq\.[\w.]+/g) ?? []);
  return [
    ...differences('context key', [...new Set(asked)], contextKeys),
    ...settings
      .filter((name) => contributes.configuration.properties[name] === undefined)
      .map((name) => `a clause of package.json asks for the setting ${name}, which is not declared`),
  ];
}

function differences(what: string, inManifest: readonly string[], inCode: readonly string[]): string[] {
  return [
    ...inManifest.filter((name) => !inCode.includes(name)).map((name) => `${what} ${name} is in package.json alone`),
    ...inCode.filter((name) => !inManifest.includes(name)).map((name) => `${what} ${name} is in the code alone`),
    ...inManifest.filter((name, at) => inManifest.indexOf(name) !== at).map((name) => `${what} ${name} is there twice`),
  ];
}

/** `manifestProblems` of the project in a directory. */
export function checkManifest(root: string): string[] {
  const read = (name: string): unknown => JSON.parse(readFileSync(path.join(root, name), 'utf8'));
  return manifestProblems(read('package.json') as Manifest, read('package.nls.json') as Record<string, string>);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = checkManifest(process.cwd());
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
