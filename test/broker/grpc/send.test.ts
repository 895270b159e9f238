import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deflateSync, gzipSync, inflateSync } from 'node:zlib';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, Encoding, MessageType } from '../../../src/protocol/grpc/definition_pb.ts';
import type { MessageSchema, SystemPropertiesSchema } from '../../../src/protocol/grpc/definition_pb.ts';
import type { StoredMessage } from '../../../src/protocol/message.ts';
import { decodeProperties } from '../../../src/protocol/messageProperty.ts';
import { SysFlag } from '../../../src/protocol/sysFlag.ts';
import { GrpcTestBroker } from './grpcTestBroker.ts';
import type { GrpcTestClient } from './grpcTestClient.ts';
import { waitFor } from '../../support/waitFor.ts';

type Message = MessageInitShape<typeof MessageSchema>;
type System = Exclude<MessageInitShape<typeof SystemPropertiesSchema>, { $typeName: string }>;

const NOW = Date.UTC(2026, 0, 1);
let count = 0;

function message(topic: string, body: string | Buffer, system: System = {}, userProperties = {}): Message {
  return {
    topic: { name: topic },
    body: Buffer.from(body),
    userProperties,
    systemProperties: {
      messageId: `01${String(count++).padStart(32, '0')}`,
      bodyEncoding: Encoding.IDENTITY,
      messageType: MessageType.NORMAL,
      bornTimestamp: timestampFromMs(NOW - 5),
      bornHost: 'my-host',
      queueId: 77,
      ...system,
    },
  };
}

describe('gRPC SendMessage', () => {
  let test: GrpcTestBroker;
  let client: GrpcTestClient;

  beforeEach(async () => {
    test = await GrpcTestBroker.start({ nowMs: NOW });
    client = test.client();
  });
  afterEach(() => test.stop());

  const send = (...messages: Message[]) => client.call('sendMessage', { messages });
  const codeOf = async (...messages: Message[]): Promise<Code | undefined> => (await send(...messages)).status?.code;

  const stored = async (topic: string): Promise<StoredMessage[]> => {
    const queues = test.broker.context.topics.get(topic)?.readQueueNums ?? 0;
    const found = await Promise.all(Array.from({ length: queues }, (_, queue) => test.broker.read(topic, queue)));
    return found.flat();
  };

  it('stores a message under the names of remoting, and says where it is (checks 32, 53)', async () => {
    const sent = message('T', 'hello', { tag: 'a', keys: ['k1', 'k2'], traceContext: 'tr' }, { u: 'v' });
    const { status, entries } = await send(sent);
    assert.deepEqual([status?.code, entries.length], [Code.OK, 1]);
    assert.equal(entries[0]?.status?.code, Code.OK);
    assert.equal(entries[0].messageId, sent.systemProperties?.messageId);
    assert.equal(entries[0].offset, 0n);
    assert.equal(entries[0].recallHandle, '');
    const [found, ...others] = await stored('T');
    assert.ok(found !== undefined && others.length === 0);
    assert.deepEqual(
      [found.body.toString(), found.bornTimestamp, found.sysFlag, found.reconsumeTimes],
      ['hello', NOW - 5, 0, 0],
    );
    assert.deepEqual(Object.fromEntries(decodeProperties(found.properties)), {
      u: 'v',
      TAGS: 'a',
      KEYS: 'k1 k2',
      UNIQ_KEY: sent.systemProperties?.messageId,
      PGROUP: 'T',
      TRACE_CONTEXT: 'tr',
      __BORNHOST: 'my-host',
      BORN_TIMESTAMP: String(NOW - 5),
      MSG_REGION: 'DefaultRegion',
      TRACE_ON: 'true',
      CLUSTER: 'DefaultCluster',
    });
  });

  it('takes the place of the producer where it does not say it', async () => {
    await send(message('T', 'x', { bornHost: '', bornTimestamp: undefined }));
    const properties = decodeProperties((await stored('T'))[0]?.properties ?? '');
    assert.equal(properties.get('__BORNHOST'), '127.0.0.1');
    assert.equal(properties.get('BORN_TIMESTAMP'), String(NOW));
  });

  it('stores each of several messages, with an entry each (check 42)', async () => {
    const { status, entries } = await send(message('T', 'a'), message('T', 'b'), message('T', 'c'));
    assert.equal(status?.code, Code.OK);
    assert.equal(entries.length, 3);
    assert.deepEqual((await stored('T')).map(({ body }) => body.toString()).sort(), ['a', 'b', 'c']);
  });

  it('stores none of several messages of which one cannot be', async () => {
    assert.equal(await codeOf(message('T', 'a'), message('T', '')), Code.MESSAGE_BODY_EMPTY);
    assert.deepEqual(await stored('T'), []);
    assert.equal(await codeOf(message('T', 'a'), message('U', 'b')), Code.MESSAGE_CORRUPTED);
    assert.equal(await codeOf(), Code.MESSAGE_CORRUPTED);
  });

  it('says MULTIPLE_RESULTS when the store takes only the first (check 42)', async () => {
    await test.stop();
    test = await GrpcTestBroker.start({ nowMs: NOW, broker: { maxStoreBytes: 3000 } });
    client = test.client();
    const { status, entries } = await send(message('T', 'x'.repeat(1500)), message('T', 'x'.repeat(1500)));
    assert.equal(status?.code, Code.MULTIPLE_RESULTS);
    assert.deepEqual(
      entries.map((entry) => entry.status?.code),
      [Code.OK, Code.INTERNAL_SERVER_ERROR],
    );
  });

  describe('when the log cannot be written', () => {
    const block = (): string => {
      const log = path.join(test.broker.context.store.directory, 'commitlog');
      writeFileSync(log, 'in the way');
      return log;
    };

    it('says so, and the next one takes the place', async () => {
      await test.broker.createTopic('T', 1);
      const log = block();
      const answers = await Promise.all([send(message('T', 'a')), send(message('T', 'b'))]);
      for (const { status, entries } of answers) {
        assert.equal(status?.code, Code.INTERNAL_SERVER_ERROR);
        assert.match(status.message, /commitlog/);
        assert.deepEqual([entries.length, entries[0]?.messageId, entries[0]?.transactionId], [1, '', '']);
      }
      rmSync(log);
      assert.deepEqual(await stored('T'), []);
      const { status, entries } = await send(message('T', 'c'));
      assert.deepEqual([status?.code, entries[0]?.offset], [Code.OK, 0n]);
      assert.deepEqual(
        (await stored('T')).map(({ body }) => body.toString()),
        ['c'],
      );
    });

    it('knows no transaction that was not stored', async () => {
      await test.broker.createTopic('T', 1, { attributes: '+message.type=TRANSACTION' });
      const log = block();
      const half = message('T', 'a', { messageType: MessageType.TRANSACTION });
      assert.equal(await codeOf(half), Code.INTERNAL_SERVER_ERROR);
      rmSync(log);
      const transactionId = half.systemProperties?.messageId ?? assert.fail();
      const end = await client.call('endTransaction', {
        topic: { name: 'T' },
        transactionId,
        messageId: transactionId,
      });
      assert.deepEqual(
        [end.status?.code, end.status?.message],
        [Code.INTERNAL_SERVER_ERROR, 'cannot found transaction data'],
      );
    });
  });

  const refused: readonly (readonly [string, Code, () => Message])[] = [
    ['an empty body', Code.MESSAGE_BODY_EMPTY, () => message('T', '')],
    ['more than 4 MiB', Code.MESSAGE_BODY_TOO_LARGE, () => message('T', Buffer.alloc(4 * 1024 * 1024 + 1))],
    ['a system topic', Code.ILLEGAL_TOPIC, () => message('SCHEDULE_TOPIC_XXXX', 'x')],
    [
      '129 properties',
      Code.MESSAGE_PROPERTIES_TOO_LARGE,
      () => message('T', 'x', {}, Object.fromEntries(Array.from({ length: 129 }, (_, n) => [`k${n}`, 'v']))),
    ],
    [
      'more than 16 KiB of properties, tag and keys',
      Code.MESSAGE_PROPERTIES_TOO_LARGE,
      () => message('T', 'x', { tag: 'tag', keys: ['key'] }, { k: 'v'.repeat(16 * 1024 - 6) }),
    ],
    ['a reserved key', Code.ILLEGAL_MESSAGE_PROPERTY_KEY, () => message('T', 'x', {}, { KEYS: 'v' })],
    [
      'a control character in a key',
      Code.ILLEGAL_MESSAGE_PROPERTY_KEY,
      () => message('T', 'x', {}, { 'a\u0001': 'v' }),
    ],
    ['a control character in a value', Code.ILLEGAL_MESSAGE_PROPERTY_KEY, () => message('T', 'x', {}, { a: '\u0002' })],
    ['a tag with a bar', Code.ILLEGAL_MESSAGE_TAG, () => message('T', 'x', { tag: 'a|b' })],
    ['a tag of blanks', Code.ILLEGAL_MESSAGE_TAG, () => message('T', 'x', { tag: '  ' })],
    ['a tag with a control character', Code.ILLEGAL_MESSAGE_TAG, () => message('T', 'x', { tag: 'a\n' })],
    ['a key of blanks', Code.ILLEGAL_MESSAGE_KEY, () => message('T', 'x', { keys: ['a', ' '] })],
    ['a key with a control character', Code.ILLEGAL_MESSAGE_KEY, () => message('T', 'x', { keys: ['a\u0001'] })],
    ['no message id', Code.ILLEGAL_MESSAGE_ID, () => message('T', 'x', { messageId: ' ' })],
    ['a group of blanks', Code.ILLEGAL_MESSAGE_GROUP, () => message('T', 'x', { messageGroup: ' ' })],
    ['a group of 64 bytes', Code.ILLEGAL_MESSAGE_GROUP, () => message('T', 'x', { messageGroup: 'ü'.repeat(32) })],
    [
      'a group with a control character',
      Code.ILLEGAL_MESSAGE_GROUP,
      () => message('T', 'x', { messageGroup: 'a\u0085' }),
    ],
    [
      'a moment more than a day ahead',
      Code.ILLEGAL_DELIVERY_TIME,
      () => message('T', 'x', { deliveryTimestamp: timestampFromMs(NOW + 86_400_001) }),
    ],
    [
      'a recovery time of more than an hour',
      Code.BAD_REQUEST,
      () =>
        message('T', 'x', {
          messageType: MessageType.TRANSACTION,
          orphanedTransactionRecoveryDuration: durationFromMs(3_601_000),
        }),
    ],
    ['a body that is not compressed', Code.MESSAGE_CORRUPTED, () => message('T', 'x', { bodyEncoding: Encoding.GZIP })],
  ];
  for (const [what, code, of] of refused) {
    it(`refuses ${what} (check 34)`, async () => {
      assert.equal(await codeOf(of()), code);
      assert.deepEqual(await stored('T'), []);
    });
  }

  it('takes what is just legal (checks 5, 34)', async () => {
    await test.stop();
    test = await GrpcTestBroker.start({ broker: { mappedFileSizeCommitLog: 16 * 1024 * 1024 } });
    client = test.client();
    assert.equal(await codeOf(message('T', Buffer.alloc(4 * 1024 * 1024))), Code.OK);
    assert.equal(await codeOf(message('T', 'x', { messageGroup: 'a'.repeat(63) })), Code.OK);
    assert.equal(await codeOf(message('T', 'x', { keys: ['key'] }, { k: 'v'.repeat(16 * 1024 - 4) })), Code.OK);
  });

  it('checks the type by what a message bears, whatever it says of itself (check 35)', async () => {
    await test.broker.createTopic('Normal', 2, { attributes: '+message.type=NORMAL' });
    await test.broker.createTopic('Fifo', 2, { attributes: '+message.type=FIFO' });
    assert.equal(await codeOf(message('Normal', 'x')), Code.OK);
    const conflict = await send(message('Normal', 'x', { messageGroup: 'g', messageType: MessageType.NORMAL }));
    assert.deepEqual(
      [conflict.status?.code, conflict.status?.message],
      [
        Code.MESSAGE_PROPERTY_CONFLICT_WITH_TYPE,
        'TopicMessageType validate failed, the expected type is NORMAL, but actual type is FIFO',
      ],
    );
    assert.equal(await codeOf(message('Fifo', 'x')), Code.MESSAGE_PROPERTY_CONFLICT_WITH_TYPE);
    assert.equal(await codeOf(message('Fifo', 'x', { messageGroup: 'g' })), Code.OK);
    const delayed = message('Fifo', 'x', { messageGroup: 'g', deliveryTimestamp: timestampFromMs(NOW + 1000) });
    assert.equal(await codeOf(delayed), Code.MESSAGE_PROPERTY_CONFLICT_WITH_TYPE);
  });

  it('checks no type where that is off', async () => {
    await test.stop();
    test = await GrpcTestBroker.start({ broker: { enableTopicMessageTypeCheck: false } });
    client = test.client();
    await test.broker.createTopic('Normal', 2);
    assert.equal(await codeOf(message('Normal', 'x', { messageGroup: 'g' })), Code.OK);
  });

  it('makes an unknown topic, or says that there is none (checks 28, 29)', async () => {
    assert.equal(await codeOf(message('Fresh', 'x')), Code.OK);
    assert.equal(test.broker.context.topics.get('Fresh')?.attributes['message.type'], 'MIXED');
    await test.stop();
    test = await GrpcTestBroker.start({ broker: { autoCreateTopicEnable: false } });
    client = test.client();
    assert.equal(await codeOf(message('Fresh', 'x')), Code.TOPIC_NOT_FOUND);
  });

  it('says FORBIDDEN where no queue is writable', async () => {
    await test.broker.createTopic('ReadOnly', 2, { perm: '4' });
    assert.equal(await codeOf(message('ReadOnly', 'x')), Code.FORBIDDEN);
  });

  it('keeps a message group in one queue, the same that the proxy of Apache takes (check 33)', async () => {
    await test.broker.createTopic('Fifo', 8, { attributes: '+message.type=FIFO' });
    const groups = ['order-1', 'order-2', 'a', 'zzzz', ''.padEnd(63, 'x')];
    for (const messageGroup of [...groups, ...groups]) {
      await send(message('Fifo', messageGroup, { messageGroup, messageType: MessageType.FIFO, queueId: count % 8 }));
    }
    const queues = new Map<string, Set<number>>();
    for (const { body, queueId } of await stored('Fifo')) {
      const name = body.toString();
      queues.set(name, (queues.get(name) ?? new Set()).add(queueId));
    }
    assert.deepEqual(
      [...queues.values()].map((set) => set.size),
      [1, 1, 1, 1, 1],
    );
    assert.deepEqual(
      groups.map((group) => [...(queues.get(group) ?? [])][0]),
      EXPECTED_QUEUES,
    );
  });

  it('puts priorities of a topic for them into queues of their own, the highest last (check 43)', async () => {
    await test.broker.createTopic('P', 4, { attributes: '+message.type=PRIORITY' });
    for (const priority of [0, 2, 99]) {
      assert.equal(
        await codeOf(message('P', String(priority), { priority, messageType: MessageType.PRIORITY })),
        Code.OK,
      );
    }
    const found = (await stored('P')).map(({ body, queueId }) => [body.toString(), queueId]);
    assert.deepEqual(found, [
      ['0', 0],
      ['2', 2],
      ['99', 3],
    ]);
    assert.equal(await codeOf(message('P', 'x')), Code.MESSAGE_PROPERTY_CONFLICT_WITH_TYPE);
    const received = await client.read('receiveMessage', {
      group: { name: 'G' },
      messageQueue: { topic: { name: 'P' }, id: -1 },
      batchSize: 8,
      invisibleDuration: durationFromMs(30_000),
    });
    const messages = received.flatMap(({ content }) => (content.case === 'message' ? [content.value] : []));
    const served = messages.map(({ body, systemProperties }) => [
      Buffer.from(body).toString(),
      systemProperties?.priority,
    ]);
    assert.deepEqual(served, [
      ['99', 99],
      ['2', 2],
      ['0', 0],
    ]);
  });

  it('stores compressed bodies so that remoting consumers can read them', async () => {
    for (const compress of [gzipSync, deflateSync]) {
      assert.equal(await codeOf(message('Z', compress('plain'), { bodyEncoding: Encoding.GZIP })), Code.OK);
    }
    for (const { body, sysFlag } of await stored('Z')) {
      assert.equal(sysFlag, SysFlag.COMPRESSED);
      assert.equal(inflateSync(body).toString(), 'plain');
    }
  });

  it('ignores the number of tries that C++ fills in (check 41)', async () => {
    await send(message('T', 'x', { deliveryAttempt: 1_700_000_000 }));
    const [found] = await stored('T');
    assert.equal(found?.reconsumeTimes, 0);
    assert.equal(decodeProperties(found.properties).get('RECONSUME_TIME'), undefined);
  });

  describe('for a moment', () => {
    it('delivers it then, and at once when it is past (check 36)', async () => {
      const dueMs = NOW + 3000;
      const { entries } = await send(message('D', 'later', { deliveryTimestamp: timestampFromMs(dueMs) }));
      assert.notEqual(entries[0]?.recallHandle, '');
      await send(message('D', 'past', { deliveryTimestamp: timestampFromMs(NOW - 1000) }));
      const texts = async (): Promise<string[]> => (await stored('D')).map(({ body }) => body.toString()).sort();
      assert.deepEqual(await texts(), ['past']);
      await test.broker.clock.advanceAsync(2900);
      assert.deepEqual(await texts(), ['past']);
      await test.broker.clock.advanceAsync(1100);
      const arrived = await waitFor('both', async () => {
        const found = await stored('D');
        return found.length >= 2 ? found : undefined;
      });
      assert.deepEqual(arrived.map(({ body }) => body.toString()).sort(), ['later', 'past']);
    });

    it('recalls it: it never comes (check 37)', async () => {
      const sent = message('D', 'x', { deliveryTimestamp: timestampFromMs(NOW + 60_000) });
      const { entries } = await send(sent);
      const recallHandle = entries[0]?.recallHandle ?? '';
      const answer = await client.call('recallMessage', { topic: { name: 'D' }, recallHandle });
      assert.equal(answer.status?.code, Code.OK, answer.status?.message);
      assert.equal(answer.messageId, sent.systemProperties?.messageId);
      await test.broker.clock.advanceAsync(70_000);
      assert.deepEqual(await stored('D'), []);
      const late = await client.call('recallMessage', { topic: { name: 'D' }, recallHandle });
      assert.equal(late.status?.code, Code.INTERNAL_SERVER_ERROR);
    });

    it('refuses handles that are none, and topics that take no delay (check 37)', async () => {
      await send(message('D', 'x', { deliveryTimestamp: timestampFromMs(NOW + 60_000) }));
      const none = await client.call('recallMessage', { topic: { name: 'D' }, recallHandle: 'none' });
      assert.deepEqual(
        [none.status?.code, none.status?.message],
        [Code.INTERNAL_SERVER_ERROR, 'recall handle is invalid'],
      );
      await test.broker.createTopic('Normal', 1);
      const conflict = await client.call('recallMessage', { topic: { name: 'Normal' }, recallHandle: 'x' });
      assert.equal(conflict.status?.code, Code.MESSAGE_PROPERTY_CONFLICT_WITH_TYPE);
    });
  });
});

/** Of Hashing.consistentHash(group.hashCode(), 8) of Guava 32, for the groups above. */
const EXPECTED_QUEUES: readonly number[] = [3, 2, 0, 6, 2];
