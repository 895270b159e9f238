import assert from 'node:assert/strict';
import { Deferred } from '../../src/base/deferred.ts';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import { decodeFrame } from '../../src/protocol/frame.ts';
import { formatHostAddress } from '../../src/protocol/hostAddress.ts';
import { offsetMessageId } from '../../src/protocol/messageId.ts';
import { decodeProperties } from '../../src/protocol/messageProperty.ts';
import type { Connection } from '../../src/remoting/connection.ts';
import type { Reply } from '../../src/remoting/peer.ts';
import { goldenExchange } from '../support/goldenFrames.ts';
import { waitFor } from '../support/waitFor.ts';
import { TIMEOUT_MS, TestBroker, sendRequest } from './testBroker.ts';

const TOPIC = 'DefaultCluster_REPLY_TOPIC';
const REPLY = { MSG_TYPE: 'reply', CORRELATION_ID: 'c1', TTL: '3000', UNIQ_KEY: 'AB' };

describe('broker: replies to requests', () => {
  let broker: TestBroker;
  /** What the requester was sent, and how it answers. */
  let pushed: RemotingCommand[];
  let taken: Reply | undefined;
  let requester: Connection;
  beforeEach(async () => {
    broker = await TestBroker.start();
    pushed = [];
    taken = { code: 0 };
    requester = await broker.connect(({ command }) => {
      pushed.push(command);
      return taken;
    });
    await broker.heartbeat(requester, { clientID: 'requester', producerDataSet: [{ groupName: 'P' }] });
  });
  afterEach(() => broker.stop());

  const reply = (
    properties: Record<string, string> = { ...REPLY, REPLY_TO_CLIENT: 'requester' },
    more: { topic?: string; code?: number; header?: Record<string, string> } = {},
  ): Promise<RemotingCommand> => {
    const { topic = TOPIC, code = RequestCode.SEND_REPLY_MESSAGE_V2, header = {} } = more;
    return broker.client.request(sendRequest(topic, 'pong', { code, properties, header }), TIMEOUT_MS);
  };

  it('are answered after their copy is on disk, or after the time for that', async () => {
    const events: string[] = [];
    const disk = new Deferred<boolean>();
    broker.context.store.flushed = () => {
      events.push('waits');
      return disk.promise;
    };
    await broker.createTopic(TOPIC);
    const answered = reply().then(({ code }) => events.push(`answered ${code}`));
    await waitFor('the copy', () => events.length > 0, { pollMs: 2 });
    await broker.ask(RequestCode.GET_ALL_TOPIC_CONFIG);
    events.push('time is over');
    disk.resolve(false);
    await answered;
    assert.equal((await reply({ ...REPLY, REPLY_TO_CLIENT: 'requester', WAIT: 'false' })).code, 0);
    assert.deepEqual(events, ['waits', 'time is over', 'answered 0']);
  });

  it('reach the producer that waits as Apache sends them, and then their topic', async () => {
    const answer = await reply(undefined, { header: { f: '1', j: '2' } });
    const [push] = pushed;
    const [copy] = await broker.read(TOPIC);
    assert.ok(push && copy);
    assert.deepEqual([push.code, push.flag, push.body.toString()], [326, 0, 'pong']);
    const { properties = '', ...header } = push.extFields;
    assert.deepEqual(header, {
      producerGroup: 'TestProducer',
      topic: TOPIC,
      defaultTopic: 'TBW102',
      defaultTopicQueueNums: '4',
      queueId: '0',
      sysFlag: '1',
      bornTimestamp: '1700000000000',
      flag: '0',
      reconsumeTimes: '2',
      unitMode: 'false',
      bornHost: formatHostAddress(copy.bornHost),
      storeHost: formatHostAddress(copy.storeHost),
      storeTimestamp: String(broker.clock.now()),
    });
    const recorded = goldenExchange('reply_push').request;
    assert.deepEqual(Object.keys(push.extFields).sort(), Object.keys(recorded.extFields).sort());
    const stamped = { ...REPLY, REPLY_TO_CLIENT: 'requester', MSG_REGION: 'DefaultRegion', TRACE_ON: 'true' };
    assert.deepEqual(Object.fromEntries(decodeProperties(properties)), {
      ...stamped,
      PUSH_REPLY_TIME: String(broker.clock.now()),
    });
    assert.deepEqual(Object.fromEntries(decodeProperties(copy.properties)), stamped);
    assert.deepEqual([copy.body.toString(), copy.sysFlag, copy.reconsumeTimes], ['pong', 1, 2]);
    assert.equal(answer.code, ResponseCode.SUCCESS);
    assert.deepEqual(answer.extFields, {
      queueId: '0',
      msgId: offsetMessageId(copy.storeHost, copy.physicalOffset),
      queueOffset: '0',
      MSG_REGION: 'DefaultRegion',
      TRACE_ON: 'true',
    });
  });

  it('are answered and pushed as the recorded one was', async () => {
    const { request, response, requestHex } = goldenExchange('reply_send');
    const push = goldenExchange('reply_push').request;
    const clientID = '127.0.0.1@golden-requester';
    await broker.heartbeat(requester, { clientID, producerDataSet: [{ groupName: 'P' }] });
    const { code, extFields, body } = decodeFrame(Buffer.from(requestHex, 'hex')).command;
    const answer = await broker.client.request({ code, extFields, body }, TIMEOUT_MS);
    const [copy] = await broker.read(TOPIC);
    const [pushedReply] = pushed;
    assert.ok(response && copy && pushedReply);
    const msgId = offsetMessageId(copy.storeHost, copy.physicalOffset);
    assert.deepEqual([answer.code, answer.remark], [response.code, undefined]);
    assert.deepEqual({ ...answer.extFields }, { ...response.extFields, msgId });
    assert.equal(pushedReply.body.toString(), push.bodyUtf8);
    const nowMs = String(broker.clock.now());
    const pushedAs = (fields: Readonly<Record<string, string>>): object => ({
      ...fields,
      bornHost: formatHostAddress(copy.bornHost),
      storeHost: formatHostAddress(copy.storeHost),
      storeTimestamp: nowMs,
      properties: Object.fromEntries(decodeProperties(fields['properties'] ?? '').set('PUSH_REPLY_TIME', nowMs)),
    });
    assert.deepEqual(pushedAs(pushedReply.extFields), pushedAs(push.extFields));
    assert.equal(copy.bornTimestamp, Number(request.extFields['g']));
  });

  it('come with the long names of code 324 too', async () => {
    const header = {
      producerGroup: 'R',
      topic: TOPIC,
      defaultTopic: 'TBW102',
      defaultTopicQueueNums: '4',
      queueId: '-1',
      sysFlag: '0',
      bornTimestamp: '1',
      flag: '0',
      properties: 'REPLY_TO_CLIENT\u0001requester\u0002',
    };
    const answer = await broker.ask(RequestCode.SEND_REPLY_MESSAGE, header, Buffer.from('pong'));
    assert.deepEqual([answer.code, answer.extFields['queueId'], pushed.length], [0, '0', 1]);
  });

  const failures: readonly [string, Record<string, string>, string][] = [
    ['names nobody', REPLY, 'reply message properties[REPLY_TO_CLIENT] is null'],
    [
      'names who is not there',
      { ...REPLY, REPLY_TO_CLIENT: 'ghost' },
      'push reply message fail, channel of <ghost> not found.',
    ],
  ];
  for (const [what, properties, remark] of failures) {
    it(`that ${what} is stored, and fails with Apache's remark`, async () => {
      const answer = await reply(properties);
      assert.deepEqual([answer.code, answer.remark], [ResponseCode.SYSTEM_ERROR, remark]);
      assert.deepEqual(
        [answer.extFields['queueOffset'], (await broker.read(TOPIC)).length, pushed.length],
        ['0', 1, 0],
      );
    });
  }

  it('that the requester refuses fails', async () => {
    taken = { code: 1, remark: 'no' };
    const answer = await reply();
    assert.deepEqual([answer.code, answer.remark], [ResponseCode.SYSTEM_ERROR, 'push reply message to requesterfail.']);
  });

  it('that the requester does not answer fails after 10 s, and holds up nobody', async () => {
    taken = undefined;
    const answer = reply();
    await waitFor('the push', () => pushed.length === 1, { pollMs: 2 });
    assert.equal((await broker.send('T', 'meanwhile')).code, 0);
    broker.clock.advance(9999);
    assert.equal((await broker.send('T', 'still')).code, 0);
    broker.clock.advance(1);
    assert.equal((await answer).remark, 'push reply message to requesterfail.');
  });

  it('find a client by whatever group it has left, and not once it is gone', async () => {
    await broker.heartbeat(requester, { clientID: 'requester', producerDataSet: [{ groupName: 'Q' }] });
    const leave = (producerGroup: string): Promise<RemotingCommand> =>
      requester.request({ code: 35, extFields: { clientID: 'requester', producerGroup } }, TIMEOUT_MS);
    await leave('P');
    assert.equal((await reply()).code, 0);
    await leave('Q');
    assert.match((await reply()).remark ?? '', /channel of <requester> not found/);
    await broker.heartbeat(requester, { clientID: 'requester', producerDataSet: [{ groupName: 'Q' }] });
    assert.equal((await reply()).code, 0);
    requester.dispose();
    await waitFor('it to be gone', () => broker.context.producers.find('requester') === undefined, { pollMs: 2 });
    assert.match((await reply()).remark ?? '', /channel of <requester> not found/);
  });

  it('to topics that may not be written are refused before they reach anybody', async () => {
    const remarks: (string | undefined)[] = [];
    for (const [topic, header] of [
      ['no spaces', {}],
      ['SCHEDULE_TOPIC_XXXX', {}],
      ['Unknown', { c: 'NoTemplate' }],
      [TOPIC, { e: '1' }],
    ] as const) {
      const answer = await reply(undefined, { topic, header });
      remarks.push(`${answer.code} ${answer.remark?.slice(0, 30)}`);
    }
    assert.deepEqual(remarks, [
      '29 The specified topic: no spaces',
      '16 Sending message to topic[SCHED',
      '17 topic[Unknown] not exist, appl',
      '29 request queueId[1] is illegal,',
    ]);
    assert.deepEqual(pushed, []);
  });

  it('are not stored where the configuration says so', async () => {
    const bare = await TestBroker.start({ broker: { storeReplyMessageEnable: false } });
    try {
      await bare.heartbeat(await bare.connect(() => ({ code: 0 })), {
        clientID: 'requester',
        producerDataSet: [{ groupName: 'P' }],
      });
      const send = (to: string): Promise<RemotingCommand> => {
        const properties = { ...REPLY, REPLY_TO_CLIENT: to };
        return bare.client.request(sendRequest(TOPIC, 'pong', { code: 325, properties }), TIMEOUT_MS);
      };
      const stamps = { MSG_REGION: 'DefaultRegion', TRACE_ON: 'true' };
      assert.deepEqual((await send('requester')).extFields, { msgId: '0', queueId: '0', queueOffset: '0', ...stamps });
      assert.deepEqual((await send('ghost')).extFields, stamps);
      assert.equal(bare.context.store.maxOffset(TOPIC, 0), 0);
    } finally {
      await bare.stop();
    }
  });
});
