import { stringifyFastjson } from '../fastjson.ts';

/** Body of GET_BROKER_HA_STATUS 907 of a master without slaves. Source: HARuntimeInfo.java. */
export function encodeHaStatus(masterCommitLogMaxOffset: number): Buffer {
  return Buffer.from(
    stringifyFastjson({
      haClientRuntimeInfo: {
        lastReadTimestamp: 0,
        lastWriteTimestamp: 0,
        masterFlushOffset: 0,
        maxOffset: 0,
        transferredByteInSecond: 0,
      },
      haConnectionInfo: [],
      inSyncSlaveNums: 0,
      master: true,
      masterCommitLogMaxOffset,
    }),
  );
}
