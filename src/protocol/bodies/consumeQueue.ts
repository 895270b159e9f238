import { stringifyFastjson } from '../fastjson.ts';
import { subscriptionJson } from './connection.ts';
import type { Subscription } from './group.ts';

export interface ConsumeQueueBody {
  readonly entries: readonly {
    readonly physicalOffset: number;
    readonly sizeBytes: number;
    readonly tagsCode: number;
  }[];
  readonly minQueueIndex: number;
  readonly maxQueueIndex: number;
  /** What a group that was asked for subscribed to. */
  readonly subscription?: Subscription;
  readonly filterData?: string;
}

/** Body of QUERY_CONSUME_QUEUE 321. Source: QueryConsumeQueueResponseBody.java, ConsumeQueueData.java. */
export function encodeConsumeQueue(body: ConsumeQueueBody): Buffer {
  const { entries, minQueueIndex, maxQueueIndex, subscription, filterData } = body;
  const queueData = entries.map(({ physicalOffset, sizeBytes, tagsCode }) => ({
    eval: false,
    physicOffset: physicalOffset,
    physicSize: sizeBytes,
    tagsCode,
  }));
  return Buffer.from(
    stringifyFastjson({
      filterData,
      maxQueueIndex,
      minQueueIndex,
      queueData,
      subscriptionData: subscription === undefined ? undefined : subscriptionJson(subscription),
    }),
  );
}
