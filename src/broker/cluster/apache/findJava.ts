import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { CodedError } from '../../../base/errors.ts';

export interface Java {
  /** A path, or a name that the system finds. */
  readonly executable: string;
  /** 8, 17, … */
  readonly version: number;
}

const TIMEOUT_MS = 20_000;
const OLDEST = 8;
const NEXT = `install Java ${OLDEST} or newer, or let JAVA_HOME name it`;

/** The Java of JAVA_HOME, else the first of PATH. @throws CodedError `java-not-found`, `java-too-old` */
export async function findJava(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): Promise<Java> {
  const executable = executableOf(env, platform);
  const told = await versionText(executable, env);
  const version = javaVersion(told ?? '');
  if (version === undefined) {
    const reason = told === undefined ? 'there is no Java' : `${executable} -version says no version`;
    throw new CodedError('java-not-found', { executable, reason, next: NEXT });
  }
  if (version >= OLDEST) return { executable, version };
  throw new CodedError('java-too-old', {
    executable,
    version,
    reason: `${executable} is Java ${version}, and Apache RocketMQ needs ${OLDEST}`,
    next: NEXT,
  });
}

/** 8 of `java version "1.8.0_392"`, 17 of `openjdk version "17.0.15" 2025-04-15`. */
export function javaVersion(text: string): number | undefined {
  const found = /version "(?:1\.)?(\d+)/.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

function executableOf({ JAVA_HOME }: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  const name = platform === 'win32' ? 'java.exe' : 'java';
  if (JAVA_HOME === undefined || JAVA_HOME === '') return name;
  const file = path.join(JAVA_HOME, 'bin', name);
  return existsSync(file) ? file : name;
}

/** What it says of itself, on either output; undefined when it cannot be run. */
function versionText(executable: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(executable, ['-version'], { env, timeout: TIMEOUT_MS, windowsHide: true }, (error, stdout, stderr) => {
      const text = stderr + stdout;
      resolve(error !== null && text === '' ? undefined : text);
    });
  });
}
