import assert from 'node:assert/strict';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { retryLimit } from '../../src/broker/handlers/retryTarget.ts';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import { decodeTopicRoute } from '../../src/protocol/bodies/route.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import type { StoredMessage } from '../../src/protocol/message.ts';
import { offsetMessageId } from '../../src/protocol/messageId.ts';
import { decodeProperties, encodeProperties } from '../../src/protocol/messageProperty.ts';
import { messageToStore } from '../support/storeFixture.ts';
import { makeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';
import { TestBroker } from './testBroker.ts';

describe('broker: retries and delays', () => {
  let broker: TestBroker;
  beforeEach(async () => {
    broker = await TestBroker.start();
    await broker.createTopic('T', 1);
  });
  afterEach(() => broker.stop());

  const sendBack = (message: StoredMessage, more: Record<string, string> = {}): Promise<RemotingCommand> =>
    broker.ask(RequestCode.CONSUMER_SEND_MSG_BACK, {
      offset: String(message.physicalOffset),
      group: 'G',
      delayLevel: '0',
      originMsgId: 'whatever',
      originTopic: message.topic,
      unitMode: 'false',
      ...more,
    });

  /** The only message of a topic, once it is there. */
  const only = (topic: string): Promise<StoredMessage> =>
    waitFor(
      `a message in ${topic}`,
      async () => {
        const found = broker.context.store.maxOffset(topic, 0) > 0 ? await broker.read(topic) : [];
        assert.ok(found.length <= 1, `${found.length} messages in ${topic}`);
        return found[0];
      },
      { pollMs: 2 },
    );

  const only0 = async (): Promise<StoredMessage> => {
    const [message] = await broker.read('T');
    assert.ok(message);
    return message;
  };

  it('delays by level: invisible before its time, then in its topic with the properties Java leaves', async () => {
    const answer = await broker.send('T', 'later', { properties: { UNIQ_KEY: 'AA', DELAY: '2', TAGS: 'x' } });
    assert.equal(answer.extFields['queueId'], '0');
    assert.equal(broker.context.store.maxOffset('SCHEDULE_TOPIC_XXXX', 1), 1);
    await broker.clock.advanceAsync(4999);
    assert.equal(broker.context.store.maxOffset('T', 0), 0);
    await broker.clock.advanceAsync(1);
    const message = await only('T');
    const properties = decodeProperties(message.properties);
    assert.equal(message.body.toString(), 'later');
    assert.equal(message.storeTimestamp, broker.clock.now());
    assert.equal(message.bornTimestamp, 1700000000000);
    assert.deepEqual(
      ['UNIQ_KEY', 'TAGS', 'DELAY', 'REAL_TOPIC', 'REAL_QID'].map((name) => properties.get(name)),
      ['AA', 'x', '2', 'T', '0'],
    );
  });

  it('wakes a pull that is filtered by tags when a delayed message gets there', async () => {
    await broker.send('T', 'later', { properties: { DELAY: '1', TAGS: 'x' } });
    await broker.clock.advanceAsync(1000);
    await only('T');
    assert.equal((await broker.context.store.entry('T', 0, 0))?.tagsCode, 120);
  });

  it('delivers at once what has a level that is no whole number', async () => {
    for (const DELAY of ['1.5', 'soon', '0']) await broker.send('T', DELAY, { properties: { DELAY } });
    assert.deepEqual(
      (await broker.read('T')).map((message) => message.body.toString()),
      ['1.5', 'soon', '0'],
    );
  });

  it('drops what falls due for a topic that was deleted, and goes on with the next', async () => {
    await broker.createTopic('Gone', 1);
    await broker.send('Gone', 'x', { properties: { DELAY: '1' } });
    await broker.send('T', 'y', { properties: { DELAY: '1' } });
    await broker.ask(RequestCode.DELETE_TOPIC_IN_BROKER, { topic: 'Gone' });
    await broker.clock.advanceAsync(1000);
    assert.equal((await only('T')).body.toString(), 'y');
    assert.deepEqual(
      [...broker.context.store.queues()].filter(({ topic }) => topic === 'Gone'),
      [],
    );
  });

  it('delivers although the saved progress is past the end of its queue', async () => {
    const directory = makeTempDir('progress');
    await broker.stop();
    mkdirSync(path.join(directory.path, 'config'));
    writeFileSync(path.join(directory.path, 'config', 'delayOffset.json'), '{"offsetTable":{1:100}}');
    broker = await TestBroker.start({ directory: directory.path });
    await broker.createTopic('T', 1);
    assert.equal(broker.context.delayLevels.progress(1), 0);
    await broker.send('T', 'x', { properties: { DELAY: '1' } });
    await broker.clock.advanceAsync(1000);
    assert.equal((await only('T')).body.toString(), 'x');
    await broker.stop();
    directory.remove();
  });

  it('takes a level past the last for the last', async () => {
    await broker.send('T', 'x', { properties: { DELAY: '99' } });
    assert.equal(broker.context.store.maxOffset('SCHEDULE_TOPIC_XXXX', 17), 1);
  });

  it('delivers delayed messages in order, also when many are due at once', async () => {
    for (const body of ['a', 'b', 'c']) await broker.send('T', body, { properties: { DELAY: '1' } });
    await broker.clock.advanceAsync(1000);
    await waitFor('three messages', () => broker.context.store.maxOffset('T', 0) === 3, { pollMs: 2 });
    assert.deepEqual(
      (await broker.read('T')).map((message) => message.body.toString()),
      ['a', 'b', 'c'],
    );
  });

  it('sends back to the retry topic after 10 s, with the origin kept', async () => {
    await broker.send('T', 'fails', { properties: { UNIQ_KEY: 'AA', TAGS: 'x' } });
    const message = await only0();
    assert.equal((await sendBack(message)).code, ResponseCode.SUCCESS);
    const route = await broker.askNameServer(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic: '%RETRY%G' });
    assert.equal(decodeTopicRoute(route.body).queues[0]?.readQueueNums, 1);
    await broker.clock.advanceAsync(9_999);
    assert.equal(broker.context.store.maxOffset('%RETRY%G', 0), 0);
    await broker.clock.advanceAsync(1);
    const again = await only('%RETRY%G');
    const properties = decodeProperties(again.properties);
    assert.equal(again.reconsumeTimes, 1);
    assert.equal(again.body.toString(), 'fails');
    assert.equal(again.bornTimestamp, message.bornTimestamp);
    assert.deepEqual(
      ['RETRY_TOPIC', 'ORIGIN_MESSAGE_ID', 'UNIQ_KEY', 'WAIT', 'DELAY'].map((name) => properties.get(name)),
      ['T', offsetMessageId(message.storeHost, message.physicalOffset), 'AA', 'false', '3'],
    );
    assert.equal((await sendBack(again)).code, ResponseCode.SUCCESS);
    assert.equal(broker.context.store.maxOffset('SCHEDULE_TOPIC_XXXX', 3), 1);
  });

  it('sends back to the dead-letter topic at level -1, and when the tries are used up', async () => {
    await broker.send('T', 'dies');
    const message = await only0();
    await sendBack(message, { delayLevel: '-1' });
    const dead = await only('%DLQ%G');
    assert.equal(dead.reconsumeTimes, 1);
    assert.equal(decodeProperties(dead.properties).get('RETRY_TOPIC'), 'T');
    assert.equal(broker.context.topics.get('%DLQ%G')?.perm, 6);
    await sendBack(message, { maxReconsumeTimes: '0' });
    assert.equal(broker.context.store.maxOffset('%DLQ%G', 0), 2);
  });

  it('answers 1 for a message that is not there and 26 for an illegal group', async () => {
    await broker.send('T', 'x');
    const message = await only0();
    assert.equal((await sendBack({ ...message, physicalOffset: 99_999_999 })).code, ResponseCode.SYSTEM_ERROR);
    assert.equal((await sendBack(message, { group: 'no group!' })).code, ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST);
  });

  it('refuses what is sent back for a retry topic that may not be written, or to a full store', async () => {
    await broker.send('T', 'x');
    const message = await only0();
    await broker.createTopic('%RETRY%G', 1, { perm: '4' });
    const forbidden = await sendBack(message);
    assert.deepEqual(
      [forbidden.code, forbidden.remark],
      [ResponseCode.NO_PERMISSION, 'the topic[%RETRY%G] sending message is forbidden'],
    );
    await broker.createTopic('%RETRY%G', 1);
    const long = 'x'.repeat(32_650);
    await broker.send('T', 'y', { properties: { UNIQ_KEY: 'AA', long } });
    const [, full] = await broker.read('T');
    assert.ok(full);
    const answer = await sendBack(full);
    assert.deepEqual([answer.code, answer.remark], [ResponseCode.SYSTEM_ERROR, 'PROPERTIES_SIZE_EXCEEDED']);
  });

  it('takes the limit of a client only from releases that have one', () => {
    assert.deepEqual([retryLimit(120, 0, 16), retryLimit(121, 0, 16), retryLimit(121, undefined, 16)], [16, 0, 16]);
  });

  it('has the levels that messageDelayLevel says', async () => {
    await broker.stop();
    broker = await TestBroker.start({ broker: { messageDelayLevel: '2s 1m' } });
    await broker.createTopic('T', 1);
    await broker.send('T', 'a', { properties: { DELAY: '1' } });
    await broker.send('T', 'b', { properties: { DELAY: '7' } });
    await broker.clock.advanceAsync(1999);
    assert.equal(broker.context.store.maxOffset('T', 0), 0);
    await broker.clock.advanceAsync(1);
    assert.equal((await only('T')).body.toString(), 'a');
    await broker.clock.advanceAsync(58_000);
    await waitFor('the second message', () => broker.context.store.maxOffset('T', 0) === 2, { pollMs: 2 });
  });

  it('drops a delayed message for a queue that cannot be, and delivers the next', async () => {
    const { store, storeHost } = broker.context;
    const park = (queueId: string, body: string): void => {
      const properties = encodeProperties(Object.entries({ REAL_TOPIC: 'T', REAL_QID: queueId, DELAY: '1' }));
      store.append(messageToStore({ topic: 'SCHEDULE_TOPIC_XXXX', body, properties, storeHost }));
    };
    park('4294967296', 'nowhere');
    park('0', 'next');
    await broker.clock.advanceAsync(1000);
    assert.equal((await only('T')).body.toString(), 'next');
  });

  it('drops a message sent back by a group without retry queues', async () => {
    await broker.ask(RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, { groupName: 'G', retryQueueNums: 0 });
    await broker.send('T', 'x');
    const before = broker.context.store.maxPhysicalOffset;
    assert.equal((await sendBack(await only0())).code, ResponseCode.SUCCESS);
    assert.equal(broker.context.store.maxPhysicalOffset, before);
  });

  it('turns a send to the retry topic to the dead letters when the tries are used up', async () => {
    const retry = (reconsumeTimes: number): Promise<RemotingCommand> =>
      broker.send('%RETRY%G', `try ${reconsumeTimes}`, {
        properties: { RETRY_TOPIC: 'T', DELAY: '3' },
        header: { j: String(reconsumeTimes), l: '2' },
      });
    assert.equal((await retry(2)).code, ResponseCode.SUCCESS);
    assert.equal(broker.context.store.maxOffset('SCHEDULE_TOPIC_XXXX', 2), 1);
    assert.equal((await retry(3)).code, ResponseCode.SUCCESS);
    const dead = await only('%DLQ%G');
    assert.equal(dead.body.toString(), 'try 3');
    assert.equal(decodeProperties(dead.properties).get('DELAY'), '-1');
  });

  it('tells the NameServer of both topics that such a send makes', async () => {
    const header = { j: '3', l: '2' };
    assert.equal((await broker.send('%RETRY%GX', 'x', { header })).code, ResponseCode.SUCCESS);
    for (const topic of ['%RETRY%GX', '%DLQ%GX']) {
      assert.equal((await broker.askNameServer(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic })).code, 0, topic);
    }
  });

  it('turns it there at once while the group consumes in order', async () => {
    const mqSet = [{ topic: 'T', brokerName: 'broker-a', queueId: 0 }];
    await broker.ask(RequestCode.LOCK_BATCH_MQ, {}, { consumerGroup: 'G', clientId: 'c', mqSet });
    await broker.send('%RETRY%G', 'in order', { header: { j: '1', l: '16' } });
    assert.equal((await only('%DLQ%G')).body.toString(), 'in order');
  });

  it('loses nothing when it is killed, also what was stored since its progress was written', async () => {
    const directory = makeTempDir('killed');
    await broker.stop();
    broker = await TestBroker.start({ directory: directory.path });
    await broker.createTopic('T', 1);
    await broker.send('T', 'first', { properties: { DELAY: '1' } });
    await broker.clock.advanceAsync(1000);
    await only('T');
    await broker.send('T', 'second', { properties: { DELAY: '2' } });
    // A copy of the directory while the broker runs is what `kill -9` leaves.
    const copy = `${directory.path}-copy`;
    cpSync(directory.path, copy, { recursive: true });
    rmSync(path.join(copy, 'lock'));
    await broker.stop();
    broker = await TestBroker.start({ directory: copy });
    await broker.clock.advanceAsync(6000);
    const bodies = await waitFor(
      'the second message',
      async () => {
        const found = (await broker.read('T')).map((message) => message.body.toString());
        return found.includes('second') && found;
      },
      { pollMs: 2 },
    );
    assert.deepEqual(new Set(bodies), new Set(['first', 'second']));
    await broker.stop();
    rmSync(copy, { recursive: true });
    directory.remove();
  });

  it('delivers after a restart what became due meanwhile, and nothing twice', async () => {
    const directory = makeTempDir('delays');
    await broker.stop();
    broker = await TestBroker.start({ directory: directory.path });
    await broker.createTopic('T', 1);
    await broker.send('T', 'first', { properties: { DELAY: '1' } });
    await broker.clock.advanceAsync(1000);
    await only('T');
    await broker.send('T', 'second', { properties: { DELAY: '2' } });
    const stoppedAt = broker.clock.now();
    await broker.stop();
    broker = await TestBroker.start({ directory: directory.path });
    await broker.clock.advanceAsync(stoppedAt + 5000 - broker.clock.now());
    await waitFor('the second message', () => broker.context.store.maxOffset('T', 0) >= 2, { pollMs: 2 });
    assert.deepEqual(
      (await broker.read('T')).map((message) => message.body.toString()),
      ['first', 'second'],
    );
    await broker.stop();
    directory.remove();
  });
});
