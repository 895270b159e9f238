import { decodeSlaves } from '../../protocol/bodies/haStatus.ts';
import { RequestCode } from '../../protocol/codes.ts';
import { encodeFields } from '../../protocol/fields.ts';
import { getBrokerHaStatus } from '../../protocol/requests/ha.ts';
import type { Replication } from '../control.ts';
import { askNode } from './askNode.ts';
import type { AskParts } from './askNode.ts';

const TIMEOUT_MS = 1000;

/** How far the slave of a master is; a master here has one. Null when the master does not say. */
export async function replicationOf(masterAddress: string, parts: AskParts): Promise<Replication | null> {
  try {
    const wish = encodeFields(getBrokerHaStatus, { countMessages: true });
    const body = await askNode(masterAddress, RequestCode.GET_BROKER_HA_STATUS, parts, TIMEOUT_MS, wish);
    const [slave] = decodeSlaves(body);
    // Behind by less than nothing is what a master says whose log grew since it counted.
    if (slave === undefined) return null;
    const { inSync, diff, diffMessages } = slave;
    return {
      inSync,
      lagBytes: Math.max(0, diff),
      ...(diffMessages === undefined ? {} : { lagMessages: diffMessages }),
    };
  } catch {
    return null;
  }
}
