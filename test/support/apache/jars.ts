import fs from 'node:fs/promises';
import path from 'node:path';

import { cacheDir } from '../cacheDir.ts';
import { withCacheLock } from '../cacheLock.ts';
import { runProgram } from '../runProgram.ts';

const POM = path.join(import.meta.dirname, 'pom.xml');
const MAVEN_TIMEOUT_MS = 10 * 60_000;

/** The folder with the released jars of Apache RocketMQ, resolved by Maven the first time (about 105 MB). */
export async function ensureApacheJars(): Promise<string> {
  const version = /<rocketmq\.version>([^<]+)</.exec(await fs.readFile(POM, 'utf8'))?.[1] ?? '';
  const folder = cacheDir('apache', `rocketmq-${version}`);
  if (!(await isThere(folder))) {
    await withCacheLock(`${folder}.lock`, console.log, async () => {
      if (!(await isThere(folder))) await resolve(folder);
    });
  }
  return folder;
}

/** The folder is moved into place as a whole. */
async function resolve(folder: string): Promise<void> {
  const work = await fs.mkdtemp(`${folder}.partial-`);
  try {
    const args = ['-q', '-B', '-f', POM, `-DoutputDirectory=${work}`, 'dependency:copy-dependencies'];
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
