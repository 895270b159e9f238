import { execFile } from 'node:child_process';
import { readFile, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';

const TIME_LIMIT_MS = 2_000;

export interface PortHolder {
  readonly pid: number;
  /** The program, as people know it: `node`, `java NamesrvStartup`. */
  readonly program: string;
}

/** Who listens on a TCP port of this machine, or undefined when that cannot be known: of other users it often cannot. */
export async function portHolder(port: number, platform = process.platform): Promise<PortHolder | undefined> {
  try {
    if (platform === 'linux') return await holderOnLinux(port);
    if (platform === 'win32') return await holderOnWindows(port);
    return parseLsof(await run('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc']));
  } catch {
    // The tool is missing, refused or slow: then it is not known.
    return undefined;
  }
}

async function holderOnLinux(port: number): Promise<PortHolder | undefined> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  );
  const sockets = new Set(tables.flatMap((table) => listeningInodes(table, port)).map((inode) => `socket:[${inode}]`));
  if (sockets.size === 0) return undefined;
  const deadlineMs = performance.now() + TIME_LIMIT_MS;
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    if (performance.now() > deadlineMs) return undefined;
    if (await holdsOneOf(pid, sockets)) {
      const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
      return { pid: Number(pid), program: programName(command) };
    }
  }
  return undefined;
}

async function holdsOneOf(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const directory = `/proc/${pid}/fd`;
  const handles = await readdir(directory).catch(() => []);
  const targets = await Promise.all(handles.map((handle) => readlink(path.join(directory, handle)).catch(() => '')));
  return targets.some((target) => sockets.has(target));
}

async function holderOnWindows(port: number): Promise<PortHolder | undefined> {
  const pid = parseNetstat(await run('netstat', ['-ano', '-p', 'TCP']), port);
  if (pid === undefined) return undefined;
  const task = await run('tasklist', ['/FI', `PID eq ${pid}`, '/FO', 'CSV', '/NH']);
  return { pid, program: /^"([^"]+)"/.exec(task.trim())?.[1] ?? '?' };
}

/** Inodes of the sockets that listen on a port, from the text of /proc/net/tcp. Source: proc(5). */
export function listeningInodes(table: string, port: number): string[] {
  const LISTEN = '0A';
  const rows = table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/));
  return rows.flatMap(([, local, , state, , , , , , inode]) =>
    state === LISTEN && inode !== undefined && parseInt(local?.split(':')[1] ?? '', 16) === port ? [inode] : [],
  );
}

/** `lsof -F pc`: a line a field, told by its first letter. */
export function parseLsof(output: string): PortHolder | undefined {
  const pid = /^p(\d+)$/m.exec(output)?.[1];
  const program = /^c(.+)$/m.exec(output)?.[1];
  return pid === undefined || program === undefined ? undefined : { pid: Number(pid), program };
}

/** The process id in `netstat -ano`; the word for "listening" is translated, its foreign port 0 is not. */
export function parseNetstat(output: string, port: number): number | undefined {
  for (const line of output.split(/\r?\n/)) {
    const [protocol, local, foreign, , pid] = line.trim().split(/\s+/);
    if (protocol === 'TCP' && local?.endsWith(`:${port}`) === true && foreign?.endsWith(':0') === true)
      return Number(pid);
  }
  return undefined;
}

/** What people call a command line: Java and Node programs go by the name of what they run. */
export function programName(command: readonly string[]): string {
  const [executable = '', ...parameters] = command;
  const program = path.basename(executable);
  if (program === 'java') {
    const mainClass = parameters.find((parameter) => /^([a-z]\w*\.)+[A-Z]\w*$/.test(parameter));
    return mainClass === undefined ? program : `${program} ${mainClass.slice(mainClass.lastIndexOf('.') + 1)}`;
  }
  const script = program === 'node' ? parameters.find((parameter) => /\.[cm]?[jt]s$/.test(parameter)) : undefined;
  return script === undefined ? program : `${program} ${path.basename(script)}`;
}

function run(program: string, parameters: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, parameters, { timeout: TIME_LIMIT_MS, windowsHide: true }, (error, output) => {
      if (error instanceof Error) reject(error);
      else resolve(output);
    });
  });
}
