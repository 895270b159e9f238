import { Code } from '../../protocol/grpc/definition_pb.ts';
import type { TopicConfig } from '../../protocol/bodies/topic.ts';
import { AUTO_CREATE_TOPIC } from '../../protocol/topicName.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { MESSAGE_TYPE_ATTRIBUTE } from './messageType.ts';
import { Refusal } from './refusal.ts';

/** As many as remoting clients ask for where they send to an unknown topic. Source: DefaultMQProducer.java. */
const QUEUES = 4;

/**
 * The topic; one that nobody made begins to exist where topics may, and takes messages of all types, since clients
 * refuse by themselves what a route does not name. Apache's proxy makes none.
 * @throws Refusal TOPIC_NOT_FOUND
 */
export function obtainTopic(broker: BrokerContext, topic: string): TopicConfig | Promise<TopicConfig> {
  const known = broker.topics.get(topic);
  if (known !== undefined) return known;
  const created = broker.topics.createOnSend(topic, AUTO_CREATE_TOPIC, QUEUES);
  if (created === undefined) {
    // Source: TopicRouteHelper.java.
    throw new Refusal(Code.TOPIC_NOT_FOUND, `No topic route info in name server for the topic: ${topic}`);
  }
  const config = { ...created, attributes: { ...created.attributes, [MESSAGE_TYPE_ATTRIBUTE]: 'MIXED' } };
  broker.topics.put(config);
  broker.logger.info(`topic ${topic} created for a gRPC client`);
  return Promise.all([broker.registration.announce([topic]), broker.topics.saved()]).then(() => config);
}
