import { groupConfig } from '../../../protocol/bodies/group.ts';
import { RequestCode } from '../../../protocol/codes.ts';
import { PropertyName, encodeProperties } from '../../../protocol/messageProperty.ts';
import type { Broker } from '../../broker.ts';
import { askBroker } from '../askBroker.ts';
import { ofItem } from '../controlError.ts';
import { TOPIC_TYPES } from './readSeed.ts';
import type { Seed, SeedGroup, SeedMessage, SeedTopic } from './readSeed.ts';

/**
 * Makes topics and groups and sends messages, in their order.
 * @param checkGoesOn throws when the rest is not to be sown
 * @throws ControlError where the broker refuses one
 */
export async function sow(
  broker: Broker,
  { topics, groups, messages }: Seed,
  checkGoesOn: () => void,
): Promise<object> {
  for (const [index, topic] of topics.entries()) await ofSeed('topics', index, makeTopic(broker, topic));
  for (const [index, group] of groups.entries()) await ofSeed('groups', index, makeGroup(broker, group));
  let sent = 0;
  for (const [index, message] of messages.entries()) {
    for (let copy = 0; copy < message.count; copy++) {
      checkGoesOn();
      await ofSeed('messages', index, send(broker, message, sent++));
    }
  }
  return { topics: topics.length, groups: groups.length, messages: sent };
}

async function ofSeed(name: string, index: number, done: Promise<void>): Promise<void> {
  try {
    await done;
  } catch (error) {
    throw ofItem(error, `${name}[${index}]`);
  }
}

async function makeTopic(broker: Broker, { name, queues, type }: SeedTopic): Promise<void> {
  await askBroker(broker, {
    code: RequestCode.UPDATE_AND_CREATE_TOPIC,
    extFields: {
      topic: name,
      defaultTopic: 'TBW102',
      readQueueNums: String(queues),
      writeQueueNums: String(queues),
      perm: '6',
      topicFilterType: 'SINGLE_TAG',
      order: 'false',
      ...(type === undefined || type === TOPIC_TYPES[0] ? {} : { attributes: `+message.type=${type}` }),
    },
  });
}

async function makeGroup(broker: Broker, { name, maxRetries, orderly }: SeedGroup): Promise<void> {
  const config = groupConfig({
    groupName: name,
    consumeMessageOrderly: orderly,
    ...(maxRetries === undefined ? {} : { retryMaxTimes: maxRetries }),
  });
  await askBroker(broker, {
    code: RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP,
    body: Buffer.from(JSON.stringify(config)),
  });
}

async function send(broker: Broker, message: SeedMessage, index: number): Promise<void> {
  const { topics, newUniqueKey, clock } = broker.context;
  const queues = topics.get(message.topic)?.writeQueueNums ?? 1;
  const properties = new Map<string, string>([[PropertyName.UNIQUE_KEY, newUniqueKey()], ...message.properties]);
  await askBroker(broker, {
    code: RequestCode.SEND_MESSAGE_V2,
    extFields: {
      a: 'rocketmq-local-seed',
      b: message.topic,
      c: 'TBW102',
      d: '4',
      e: String(message.queue ?? index % queues),
      f: '0',
      g: String(clock.now()),
      h: '0',
      i: encodeProperties(properties),
      j: '0',
      k: 'false',
      m: 'false',
    },
    body: message.body,
  });
}
