import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../base/clock.ts';
import { errorText } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { decodeClusterInfo } from '../../protocol/bodies/route.ts';
import { RequestCode } from '../../protocol/codes.ts';
import { dial } from '../../remoting/dial.ts';
import type { PlacedNode } from './clusterDirectory.ts';
import { clusterProblem } from './clusterProblem.ts';

const TIMEOUT_MS = 20_000;
const POLL_MS = 20;

/** Every NameServer knows all of these brokers. @throws CodedError `usage` when that takes too long */
export async function untilRegistered(
  nameServers: readonly string[],
  brokers: readonly PlacedNode[],
  parts: { readonly clock: Clock; readonly logger: Logger },
): Promise<void> {
  await Promise.all(nameServers.map((address) => untilKnownTo(address, brokers, parts)));
}

async function untilKnownTo(
  nameServer: string,
  brokers: readonly PlacedNode[],
  parts: { readonly clock: Clock; readonly logger: Logger },
): Promise<void> {
  const deadlineMs = parts.clock.now() + TIMEOUT_MS;
  let missing = brokers;
  let reason = '';
  for (;;) {
    try {
      const known = await knownTo(nameServer, parts);
      missing = brokers.filter(({ broker, address }) => known.get(idOf(broker)) !== address);
      if (missing.length === 0) return;
    } catch (error) {
      reason = `: ${errorText(error)}`;
    }
    if (parts.clock.now() > deadlineMs) {
      const names = missing.map(({ name }) => name).join(', ');
      throw clusterProblem(
        `NameServer ${nameServer} does not know ${names} after ${TIMEOUT_MS / 1000} s${reason}`,
        `see ${missing[0]?.log ?? 'the logs'}`,
      );
    }
    await delay(POLL_MS);
  }
}

/** `name/id` → address. */
async function knownTo(
  nameServer: string,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<Map<string, string>> {
  const connection = await dial(nameServer, { clock, logger, timeoutMs: 2000 });
  try {
    const { code, remark, body } = await connection.request({ code: RequestCode.GET_BROKER_CLUSTER_INFO }, 2000);
    if (code !== 0) throw new Error(`code ${code}, ${remark ?? 'no remark'}`);
    return new Map(
      decodeClusterInfo(body).brokers.flatMap(({ brokerName, brokerAddrs }) =>
        [...brokerAddrs].map(([brokerId, address]) => [idOf({ brokerName, brokerId }), address] as const),
      ),
    );
  } finally {
    connection.dispose();
  }
}

function idOf(broker: { readonly brokerName: string; readonly brokerId: number } | undefined): string {
  return `${broker?.brokerName}/${broker?.brokerId}`;
}
