import fs from 'node:fs/promises';
import path from 'node:path';

import { cacheDir } from '../cacheDir.ts';
import { withCacheLock } from '../cacheLock.ts';
import { runProgram } from '../runProgram.ts';

/** Generations of the official client: everything of Apache RocketMQ 5, or the client of 4.9 alone. */
export const CLIENTS = ['5', '4.9'] as const;
/** Those, the Spring starter, the client that speaks gRPC, and the client with JUnit. */
export const RELEASES = [...CLIENTS, 'spring', 'grpc', 'junit'] as const;
export type Release = (typeof RELEASES)[number];

const POMS: Readonly<Record<Release, string>> = {
  '5': path.join(import.meta.dirname, 'pom.xml'),
  '4.9': path.join(import.meta.dirname, 'client-4.9', 'pom.xml'),
  spring: path.join(import.meta.dirname, 'spring', 'pom.xml'),
  grpc: path.join(import.meta.dirname, 'grpc', 'pom.xml'),
  junit: path.join(import.meta.dirname, 'junit', 'pom.xml'),
};
const MAVEN_TIMEOUT_MS = 10 * 60_000;

/** The folder with the released jars, resolved by Maven the first time (about 105 MB, 15 MB for 4.9, 40 MB for Spring, 20 MB each for gRPC and JUnit). */
export async function ensureApacheJars(release: Release = '5'): Promise<string> {
  const pom = POMS[release];
  const version = /<rocketmq\.version>([^<]+)</.exec(await fs.readFile(pom, 'utf8'))?.[1] ?? '';
  const folder = cacheDir(
    'apache',
    `${(CLIENTS as readonly Release[]).includes(release) ? 'rocketmq' : release}-${version}`,
  );
  if (!(await isThere(folder))) {
    await withCacheLock(`${folder}.lock`, console.log, async () => {
      if (!(await isThere(folder))) await resolve(pom, folder);
    });
  }
  return folder;
}

/** The folder is moved into place as a whole. */
async function resolve(pom: string, folder: string): Promise<void> {
  const work = await fs.mkdtemp(`${folder}.partial-`);
  try {
    const args = ['-q', '-B', '-f', pom, `-DoutputDirectory=${work}`, 'dependency:copy-dependencies'];
    const { code, output } = await runProgram(process.env['MVN'] ?? 'mvn', args, { timeoutMs: MAVEN_TIMEOUT_MS });
    if (code !== 0) throw new Error(`Maven could not resolve the jars of Apache RocketMQ:\n${output.slice(-4_000)}`);
    await fs.rename(work, folder);
  } finally {
    await fs.rm(work, { recursive: true, force: true });
  }
}

async function isThere(folder: string): Promise<boolean> {
  return fs.access(folder).then(
    () => true,
    () => false,
  );
}
