import fs from 'node:fs/promises';
import path from 'node:path';

import { escapeForRegExp } from './textPattern.ts';

/** Text of the newest extension host's log, with a line for every activation; empty before there is one. */
export async function readHostLog(logsDir: string): Promise<string> {
  return readIfThere(path.join(await newestHostLogDir(logsDir), 'remoteexthost.log'));
}

/** What an extension wrote to a log output channel. */
export async function readExtensionLog(logsDir: string, extensionId: string, channel: string): Promise<string> {
  return readIfThere(path.join(await newestHostLogDir(logsDir), extensionId, `${channel}.log`));
}

/** Every extension host of a server logs to a folder of its own: exthost1, exthost2, … */
export async function newestHostLogDir(logsDir: string): Promise<string> {
  const numbers = (await fs.readdir(logsDir)).map((name) => Number(/^exthost(\d+)$/.exec(name)?.[1] ?? 0));
  return path.join(logsDir, `exthost${Math.max(1, ...numbers)}`);
}

export function activationPattern(extensionId: string): RegExp {
  return new RegExp(`_doActivateExtension ${escapeForRegExp(extensionId)},`, 'i');
}

async function readIfThere(file: string): Promise<string> {
  return fs.readFile(file, 'utf8').catch(() => '');
}
