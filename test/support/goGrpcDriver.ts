import fs from 'node:fs';
import path from 'node:path';

import { go, writeGoModule } from './goModule.ts';
import { repository } from './repository.ts';

const DEPENDENCY = 'github.com/apache/rocketmq-clients/golang/v5@v5.1.4';

/**
 * Builds a program of ours on the official Go client that speaks gRPC.
 * @param source its main.go, from the root of the repository
 * @param folder where it is built; its log goes below its home directory
 * @returns the program
 */
export async function buildGoGrpcDriver(source: string, folder: string): Promise<string> {
  fs.copyFileSync(path.join(repository, source), path.join(folder, 'main.go'));
  await writeGoModule(DEPENDENCY, folder);
  await go(['build', '-o', 'driver', '.'], folder);
  return path.join(folder, 'driver');
}
