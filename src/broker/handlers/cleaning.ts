import type { Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { SUCCESS } from '../reply.ts';
import { isSystemTopicOf } from '../systemTopics.ts';

const LITE_QUEUE_PREFIX = '%LMQ%';

/** CLEAN_EXPIRED_CONSUMEQUEUE 306: queues all of whose messages are gone from the log. */
export async function cleanExpiredQueues({ store, config, logger }: BrokerContext): Promise<Reply> {
  const removed = await store.removeExpiredQueues((topic) => !isSystemTopicOf(config, topic));
  logger.info(`${removed} expired queues removed`);
  return SUCCESS;
}

/** CLEAN_UNUSED_TOPIC 316: queues of topics that the broker does not know any more. */
export async function cleanUnusedTopics({ store, topics, config, logger }: BrokerContext): Promise<Reply> {
  const unused = [...store.topicNames()].filter(
    (topic) =>
      topics.get(topic) === undefined && !isSystemTopicOf(config, topic) && !topic.startsWith(LITE_QUEUE_PREFIX),
  );
  for (const topic of unused) await store.deleteTopic(topic);
  logger.info(`queues of ${unused.length} unused topics removed`);
  return SUCCESS;
}

/** DELETE_EXPIRED_COMMITLOG 329: answered before the files are gone, as Apache does. */
export function deleteExpiredLog({ retention }: BrokerContext): Reply {
  retention.cleanManually();
  return SUCCESS;
}
