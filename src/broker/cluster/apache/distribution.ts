import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { CodedError, systemErrorCode } from '../../../base/errors.ts';

/** An unpacked distribution of Apache RocketMQ. */
export interface Distribution {
  readonly home: string;
  /** As its jars say: `5.3.2`. */
  readonly version: string;
}

/**
 * @param needsProxy for a cluster with one, which the distributions since 5.0 have
 * @throws CodedError `apache-home-invalid` with what is missing
 */
export function findDistribution(home: string, needsProxy = false): Distribution {
  const jars = list(path.join(home, 'lib'));
  const broker = jarOf('broker', jars);
  const isMissing = [
    ['lib/rocketmq-broker-*.jar', broker === undefined],
    ['lib/rocketmq-namesrv-*.jar', jarOf('namesrv', jars) === undefined],
    ['lib/rocketmq-proxy-*.jar', needsProxy && jarOf('proxy', jars) === undefined],
    ['conf', !existsSync(path.join(home, 'conf'))],
  ] as const;
  const missing = isMissing.find(([, is]) => is)?.[0];
  if (broker !== undefined && missing === undefined) return { home, version: broker };
  throw new CodedError('apache-home-invalid', {
    directory: home,
    missing: missing ?? '',
    reason: `${home} is no unpacked distribution of Apache RocketMQ${needsProxy ? ' with a proxy' : ''}: it has no ${missing}`,
    next: 'give the directory that has bin, conf and lib in it, such as rocketmq-all-5.3.2-bin-release',
  });
}

/** The version of the jar, where there is one. */
function jarOf(module: string, jars: readonly string[]): string | undefined {
  const pattern = new RegExp(`^rocketmq-${module}-(\\d.*)\\.jar$`);
  return jars.map((name) => pattern.exec(name)?.[1]).find((version) => version !== undefined);
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemErrorCode(error) ?? '')) return [];
    throw error;
  }
}
