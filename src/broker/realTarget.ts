import { PropertyName } from '../protocol/messageProperty.ts';

/** A record holds no greater one. */
const MAX_QUEUE_ID = 0x7fffffff;

export interface RealTarget {
  readonly topic: string;
  readonly queueId: number;
}

/** The topic and queue that a message is for which waits in another; undefined when it does not say that. */
export function realTarget(property: (name: string) => string | undefined): RealTarget | undefined {
  const topic = property(PropertyName.REAL_TOPIC);
  const queueId = Number(property(PropertyName.REAL_QUEUE_ID));
  const isQueue = Number.isInteger(queueId) && queueId >= 0 && queueId <= MAX_QUEUE_ID;
  return topic === undefined || !isQueue ? undefined : { topic, queueId };
}
