import { stringifyFastjson } from '../fastjson.ts';
import type { MessageQueue } from './topic.ts';

/** A queue, and where in it a group is sent to. */
export interface QueueOffset extends MessageQueue {
  readonly offset: number;
}

/** Body of 222's answer and of 220, keyed by objects. Source: ResetOffsetBody.java; remoting sheet §3.9. */
export function encodeResetOffsets(queues: readonly QueueOffset[]): Buffer {
  const offsetTable = new Map(
    queues.map(({ topic, brokerName, queueId, offset }) => [{ brokerName, queueId, topic }, offset] as const),
  );
  return Buffer.from(stringifyFastjson({ offsetTable }));
}

/** The same as the C++ client reads it: a list. Source: ResetOffsetBodyForC.java. */
export function encodeResetOffsetList(queues: readonly QueueOffset[]): Buffer {
  return Buffer.from(stringifyFastjson({ offsetTable: queues }));
}
