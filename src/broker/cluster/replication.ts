import { decodeSlaves } from '../../protocol/bodies/haStatus.ts';
import { RequestCode } from '../../protocol/codes.ts';
import type { Replication } from '../control.ts';
import { askNode } from './askNode.ts';
import type { AskParts } from './askNode.ts';

const TIMEOUT_MS = 1000;

/** How far the slave of a master is; a master here has one. Null when the master does not say. */
export async function replicationOf(masterAddress: string, parts: AskParts): Promise<Replication | null> {
  try {
    const body = await askNode(masterAddress, RequestCode.GET_BROKER_HA_STATUS, parts, TIMEOUT_MS);
    const [slave] = decodeSlaves(body);
    // Behind by less than nothing is what a master says whose log grew since it counted.
    return slave === undefined ? null : { inSync: slave.inSync, lagBytes: Math.max(0, slave.diff) };
  } catch {
    return null;
  }
}
