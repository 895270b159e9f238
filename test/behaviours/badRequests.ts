import assert from 'node:assert/strict';

import { encodeBatch } from '../../src/protocol/batch.ts';
import { RequestCode } from '../../src/protocol/codes.ts';
import type { RequestParts } from '../../src/protocol/command.ts';
import type { Connection } from '../../src/remoting/connection.ts';
import { connect, pullRequest, sendRequest, TIMEOUT_MS } from '../broker/testBroker.ts';
import type { TestCluster } from '../support/backends.ts';

const GROUP = 'BadRequests';

/** Requests that make no sense have the same answer from both brokers, and the next one is served. */
export function badRequestBehaviours(cluster: TestCluster): void {
  let topic = '';
  let connection: Connection;
  before(async () => {
    topic = await cluster.newTopic();
    connection = await connect(cluster.brokerAddress);
    await connection.request(sendRequest(topic, 'first'), TIMEOUT_MS);
    const body = Buffer.from(JSON.stringify({ groupName: GROUP }));
    await connection.request({ code: RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, body }, TIMEOUT_MS);
    await cluster.untilReadable(topic, 1);
  });
  after(() => connection.dispose());

  const send = (header: Record<string, string>): RequestParts => sendRequest(topic, 'x', { header });
  const batch = (properties: Record<string, string>): RequestParts => {
    const body = encodeBatch([{ flag: 0, body: Buffer.from('x'), properties: '' }]);
    const code = RequestCode.SEND_BATCH_MESSAGE;
    return sendRequest(topic, body, { code, properties: { UNIQ_KEY: 'B', ...properties }, header: { m: 'true' } });
  };
  const pull = (header: Record<string, string>): RequestParts => pullRequest({ topic, header });
  const ask = (code: number, fields: Record<string, string>): RequestParts => ({
    code,
    extFields: { topic, ...fields },
  });

  const commit = (fields: Record<string, string>): RequestParts =>
    ask(RequestCode.UPDATE_CONSUMER_OFFSET, { consumerGroup: GROUP, queueId: '0', commitOffset: '0', ...fields });
  const create = (name: string, queues: string): RequestParts =>
    ask(RequestCode.UPDATE_AND_CREATE_TOPIC, {
      topic: topic + name,
      defaultTopic: 'TBW102',
      readQueueNums: queues,
      writeQueueNums: queues,
      perm: '6',
      topicFilterType: 'SINGLE_TAG',
      order: 'false',
    });

  const requests: readonly [
    what: string,
    make: () => RequestParts,
    code: number | Record<TestCluster['backend'], number>,
  ][] = [
    ['a send to queue 99', () => send({ e: '99' }), 29],
    ['a send to queue -1', () => send({ e: '-1' }), 0],
    ['a send to a queue that is no number', () => send({ e: 'zero' }), 1],
    ['a send to a queue past 2^31', () => send({ e: '4294967296' }), 1],
    ['a send without a topic', () => send({ b: '' }), 29],
    ['a send to a topic with a space', () => send({ b: 'a b' }), 29],
    ['a send born before all time', () => send({ g: '-1' }), 0],
    ['a send without a body', () => sendRequest(topic, ''), 1],
    ['a batch without a body', () => sendRequest(topic, '', { code: RequestCode.SEND_BATCH_MESSAGE }), 1],
    ['a reply without a body', () => sendRequest(topic, '', { code: RequestCode.SEND_REPLY_MESSAGE_V2 }), 1],
    ['a batch with a delay level', () => batch({ DELAY: '1' }), 13],
    ['a batch for a moment that is too far', () => batch({ TIMER_DELAY_SEC: '99999999' }), 13],
    ['a send with every bit of sysFlag', () => send({ f: '-1' }), 13],
    ['a send of many messages in one record', () => send({ f: '128' }), 13],
    ['a send that says how many messages its record holds', () => send({ i: 'INNER_NUM\u00012\u0002' }), 13],
    ['a topic with -1 queues', () => create('negative', '-1'), 0],
    ['a send to it', () => send({ b: `${topic}negative` }), 29],
    ['a send to any queue of it', () => send({ b: `${topic}negative`, e: '-1' }), 29],
    ['a topic without queues', () => create('empty', '0'), 0],
    ['a send to any queue of that', () => send({ b: `${topic}empty`, e: '-1' }), 1],
    ['a commit of offset -1', () => commit({ queueId: '98', commitOffset: '-1' }), 0],
    [
      'a query of that offset',
      () => ask(RequestCode.QUERY_CONSUMER_OFFSET, { queueId: '98', consumerGroup: GROUP }),
      22,
    ],
    ['a commit on queue -1', () => commit({ queueId: '-1' }), 0],
    ['a commit on a queue that is no number', () => commit({ queueId: 'x' }), 29],
    ['a commit of an offset that is no number', () => commit({ commitOffset: 'x' }), 29],
    ['a commit of an offset past 2^63', () => commit({ commitOffset: '9223372036854775808' }), 29],
    // Ours does not deliver everything where a filter is asked for that it does not have.
    [
      'a pull by an expression of type NONE',
      () => pull({ expressionType: 'NONE', subscription: 'a > 1' }),
      { local: 23, apache: 0 },
    ],
    ['a pull from queue 99', () => pull({ queueId: '99' }), 29],
    ['a pull from queue -1', () => pull({ queueId: '-1' }), 29],
    ['a pull from offset -5', () => pull({ queueOffset: '-5' }), 21],
    ['a pull from far beyond the end', () => pull({ queueOffset: '9223372036854775807' }), 21],
    ['a pull of -1 messages', () => pull({ maxMsgNums: '-1' }), 0],
    ['a pull of no messages', () => pull({ maxMsgNums: '0' }), 0],
    ['a pull of 2^31 messages', () => pull({ maxMsgNums: '2147483648' }), 1],
    ['a pull without a group', () => pull({ consumerGroup: '' }), 26],
    ['the greatest offset of queue 99', () => ask(RequestCode.GET_MAX_OFFSET, { queueId: '99' }), 0],
    ['the greatest offset of queue -1', () => ask(RequestCode.GET_MAX_OFFSET, { queueId: '-1' }), 0],
    ['the smallest offset of queue 99', () => ask(RequestCode.GET_MIN_OFFSET, { queueId: '99' }), 0],
    [
      'an offset by a time before all time',
      () => ask(RequestCode.SEARCH_OFFSET_BY_TIMESTAMP, { queueId: '0', timestamp: '-1' }),
      0,
    ],
    [
      'an offset by time of queue 99',
      () => ask(RequestCode.SEARCH_OFFSET_BY_TIMESTAMP, { queueId: '99', timestamp: '0' }),
      0,
    ],
    ['a message at offset -1', () => ask(RequestCode.VIEW_MESSAGE_BY_ID, { offset: '-1' }), 1],
    ['a message at an offset that has none', () => ask(RequestCode.VIEW_MESSAGE_BY_ID, { offset: '999999999' }), 1],
    ['a heartbeat without a body', () => ({ code: RequestCode.HEART_BEAT }), 1],
    ['a lock without a body', () => ({ code: RequestCode.LOCK_BATCH_MQ }), 1],
    ['a code that nobody has', () => ({ code: 31_999 }), 3],
    ['a code below zero', () => ({ code: -7 }), 3],
    [
      'an offset of a group on queue 99',
      () => ask(RequestCode.QUERY_CONSUMER_OFFSET, { queueId: '99', consumerGroup: 'g' }),
      22,
    ],
  ];
  for (const [what, make, codes] of requests) {
    const code = typeof codes === 'number' ? codes : codes[cluster.backend];
    it(`${what}: ${code}`, async () => {
      const answer = await connection.request(make(), TIMEOUT_MS);
      assert.equal(answer.code, code, answer.remark);
      assert.equal((await connection.request(sendRequest(topic, 'next'), TIMEOUT_MS)).code, 0);
    });
  }
}
