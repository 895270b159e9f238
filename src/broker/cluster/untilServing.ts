import { setTimeout as delay } from 'node:timers/promises';
import { errorText } from '../../base/errors.ts';
import { decodeClusterInfo } from '../../protocol/bodies/route.ts';
import { RequestCode } from '../../protocol/codes.ts';
import { askNode } from './askNode.ts';
import type { AskParts } from './askNode.ts';
import type { PlacedNode } from './clusterDirectory.ts';
import { clusterProblem } from './clusterProblem.ts';
import { replicationOf } from './replication.ts';

const ANSWER_MS = 2000;
const POLL_MS = 20;

export interface WaitParts extends AskParts {
  readonly timeoutMs: number;
  /** Asked again and again; what it throws ends the wait. */
  readonly goOn: () => void;
}

/** Every NameServer knows all of these brokers. @throws CodedError `usage` when that takes too long */
export async function untilRegistered(
  nameServers: readonly string[],
  brokers: readonly PlacedNode[],
  parts: WaitParts,
): Promise<void> {
  await Promise.all(nameServers.map((address) => untilKnownTo(address, brokers, parts)));
}

/** The slave of each of these masters follows it. @throws CodedError `usage` when that takes too long */
export async function untilFollowed(masters: readonly PlacedNode[], parts: WaitParts): Promise<void> {
  await Promise.all(
    masters.map(async ({ name, address, log }) => {
      const isInSync = await inTime(parts, async () => (await replicationOf(address, parts))?.inSync === true);
      if (isInSync) return;
      const seconds = parts.timeoutMs / 1000;
      throw clusterProblem(`no slave follows ${name} after ${seconds} s`, `see ${log}`, {
        details: { problem: 'no-slave', node: name, seconds },
      });
    }),
  );
}

async function untilKnownTo(nameServer: string, brokers: readonly PlacedNode[], parts: WaitParts): Promise<void> {
  let missing = brokers;
  let reason = '';
  const isDone = await inTime(parts, async () => {
    try {
      const known = await knownTo(nameServer, parts);
      missing = brokers.filter(({ broker, address }) => known.get(idOf(broker)) !== address);
      return missing.length === 0;
    } catch (error) {
      reason = `: ${errorText(error)}`;
      return false;
    }
  });
  if (isDone) return;
  const names = missing.map(({ name }) => name).join(', ');
  throw clusterProblem(
    `NameServer ${nameServer} does not know ${names} after ${parts.timeoutMs / 1000} s${reason}`,
    `see ${missing[0]?.log ?? 'the logs'}`,
    { details: { problem: 'not-registered', node: names, address: nameServer, seconds: parts.timeoutMs / 1000 } },
  );
}

async function inTime({ clock, timeoutMs, goOn }: WaitParts, isDone: () => Promise<boolean>): Promise<boolean> {
  const deadlineMs = clock.now() + timeoutMs;
  while (!(await isDone())) {
    goOn();
    if (clock.now() > deadlineMs) return false;
    await delay(POLL_MS);
  }
  return true;
}

/** `name/id` → address. */
async function knownTo(nameServer: string, parts: AskParts): Promise<Map<string, string>> {
  const body = await askNode(nameServer, RequestCode.GET_BROKER_CLUSTER_INFO, parts, ANSWER_MS);
  return new Map(
    decodeClusterInfo(body).brokers.flatMap(({ brokerName, brokerAddrs }) =>
      [...brokerAddrs].map(([brokerId, address]) => [idOf({ brokerName, brokerId }), address] as const),
    ),
  );
}

function idOf(broker: { readonly brokerName: string; readonly brokerId: number } | undefined): string {
  return `${broker?.brokerName}/${broker?.brokerId}`;
}
