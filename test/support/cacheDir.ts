import { homedir } from 'node:os';
import path from 'node:path';

/** Where downloads are kept between runs: ROCKETMQ_TOOLS_CACHE, else a folder below the user's cache. */
export function cacheDir(...names: string[]): string {
  const root =
    process.env['ROCKETMQ_TOOLS_CACHE'] ??
    path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'rocketmq-tools');
  return path.resolve(root, ...names);
}
