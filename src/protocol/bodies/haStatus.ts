import { stringifyFastjson } from '../fastjson.ts';
import { booleanAt, numberAt, objectsAt, readBody, textAt } from './read.ts';

/** Body of GET_BROKER_HA_STATUS 907. Source: HARuntimeInfo.java. */
export interface HaStatus {
  readonly master: boolean;
  /** End of a master's log; 0 of a slave. */
  readonly masterCommitLogMaxOffset: number;
  readonly inSyncSlaveNums: number;
  readonly haConnectionInfo: readonly SlaveStatus[];
  readonly haClientRuntimeInfo: FollowerStatus;
}

/** A slave, as its master sees it. */
export interface SlaveStatus {
  readonly addr: string;
  readonly slaveAckOffset: number;
  /** How far that is behind. */
  readonly diff: number;
  /** The same in messages, from a broker of ours that was asked to count and could. */
  readonly diffMessages?: number | undefined;
  readonly inSync: boolean;
  readonly transferredByteInSecond: number;
  readonly transferFromWhere: number;
}

/** A slave, as it sees itself. */
export interface FollowerStatus {
  readonly masterAddr?: string | undefined;
  readonly maxOffset: number;
  readonly lastReadTimestamp: number;
  readonly lastWriteTimestamp: number;
  readonly transferredByteInSecond: number;
  readonly masterFlushOffset: number;
}

/** What a master says of the slave that it is not. */
export const FOLLOWS_NOBODY: FollowerStatus = {
  lastReadTimestamp: 0,
  lastWriteTimestamp: 0,
  masterFlushOffset: 0,
  maxOffset: 0,
  transferredByteInSecond: 0,
};

export function encodeHaStatus(status: HaStatus): Buffer {
  return Buffer.from(stringifyFastjson(status));
}

/** The slaves of a master. */
export function decodeSlaves(body: Buffer): SlaveStatus[] {
  return objectsAt(readBody(body), 'haConnectionInfo').map((slave) => ({
    addr: textAt(slave, 'addr'),
    slaveAckOffset: numberAt(slave, 'slaveAckOffset'),
    diff: numberAt(slave, 'diff'),
    ...(slave['diffMessages'] === undefined ? {} : { diffMessages: numberAt(slave, 'diffMessages') }),
    inSync: booleanAt(slave, 'inSync'),
    transferredByteInSecond: numberAt(slave, 'transferredByteInSecond'),
    transferFromWhere: numberAt(slave, 'transferFromWhere'),
  }));
}
