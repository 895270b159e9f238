import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { systemErrorCode } from '../../base/errors.ts';

/** `supervisor.json` in the directory of a cluster that runs: where it can be asked, and by what others prove that they may. */
export interface SupervisorFile {
  readonly pid: number;
  /** Tells it from a later process of the same id; those before had none. */
  readonly startMark?: string;
  /** On the loopback address. */
  readonly port: number;
  readonly token: string;
}

/** Makes the file, whole from its first moment and readable to its owner alone. @returns false when there is one */
export function claimDirectory(directory: string, content: SupervisorFile): boolean {
  const fresh = `${filePath(directory)}.${content.pid}`;
  writeFileSync(fresh, `${JSON.stringify(content)}\n`, { mode: 0o600 });
  try {
    linkSync(fresh, filePath(directory));
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** Undefined when there is none, or nothing that can be used. */
export function readSupervisorFile(directory: string): SupervisorFile | undefined {
  try {
    const content: unknown = JSON.parse(readFileSync(filePath(directory), 'utf8'));
    return isSupervisorFile(content) ? content : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Takes the file away, unless it is another's by now. */
export function leaveDirectory(directory: string, { token }: SupervisorFile): void {
  if (readSupervisorFile(directory)?.token === token) rmSync(filePath(directory), { force: true });
}

/** Of a supervisor that is gone without having taken it away. */
export function removeStaleFile(directory: string): void {
  rmSync(filePath(directory), { force: true });
}

function isSupervisorFile(value: unknown): value is SupervisorFile {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, startMark, port, token } = value as Record<string, unknown>;
  if (startMark !== undefined && typeof startMark !== 'string') return false;
  return typeof pid === 'number' && typeof port === 'number' && typeof token === 'string';
}

function filePath(directory: string): string {
  return path.join(directory, 'supervisor.json');
}
