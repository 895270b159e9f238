import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import { encodeFields } from '../../src/protocol/fields.ts';
import { updateConsumerOffset } from '../../src/protocol/requests/offset.ts';
import { BENCH_TOPIC, connect } from '../backend.ts';
import type { Backend } from '../backend.ts';

const TIMEOUT_MS = 10_000;

/**
 * A group of the topic that reads it from its beginning. Apache's proxy, in its local mode, gives consumers of a group
 * that nobody created no settings, and they do not start.
 */
export async function createGroup({ address }: Backend, group: string, queues: number): Promise<void> {
  const connection = await connect(address);
  const ask = async (parts: Parameters<typeof connection.request>[0]): Promise<void> => {
    const { code, remark } = await connection.request(parts, TIMEOUT_MS);
    if (code !== ResponseCode.SUCCESS) throw new Error(`${group} was not made: ${code} ${remark ?? ''}`);
  };
  try {
    const body = Buffer.from(JSON.stringify({ groupName: group, consumeEnable: true, consumeBroadcastEnable: true }));
    await ask({ code: RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, body });
    for (let queueId = 0; queueId < queues; queueId += 1) {
      const fields = { consumerGroup: group, topic: BENCH_TOPIC, queueId, commitOffset: 0 };
      await ask({ code: RequestCode.UPDATE_CONSUMER_OFFSET, extFields: encodeFields(updateConsumerOffset, fields) });
    }
  } finally {
    connection.dispose();
  }
}
