import { int, string } from '../fields.ts';

/** How every header begins that names a queue and a group that reads it; where any queue will do, -1. */
export const groupQueue = { consumerGroup: string, topic: string, queueId: int } as const;
