import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { ensureApacheJars } from './jars.ts';

/** Lays the released jars out as an unpacked distribution has them; its `conf` is empty, since the jars hold the same. */
export async function layOutDistribution(home: string): Promise<void> {
  const jars = await ensureApacheJars();
  const lib = path.join(home, 'lib');
  mkdirSync(lib, { recursive: true });
  mkdirSync(path.join(home, 'conf'));
  for (const jar of readdirSync(jars)) symlinkSync(path.join(jars, jar), path.join(lib, jar));
}
