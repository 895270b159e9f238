import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import type { Connection } from '../../src/remoting/connection.ts';
import { decodeFrame } from '../../src/protocol/frame.ts';
import { goldenExchanges } from '../support/goldenFrames.ts';
import { quietDisk } from '../support/quietDisk.ts';
import { ask, connect, sendRequest, TestBroker, TIMEOUT_MS } from './testBroker.ts';

const NO_CODE = 31_999;
/** A held request is answered when its time is over. */
const LONGEST_HOLD_MS = 50_000;
const HOLD_FIELDS = ['suspendTimeoutMillis', 'pollTime', 'n', 'q'];
const ANSWER_TIMEOUT_MS = 30_000;
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 100);

const NAMES = [
  ...['topic', 'queueId', 'queueOffset', 'consumerGroup', 'group', 'maxMsgNums', 'sysFlag', 'commitOffset', 'offset'],
  ...['suspendTimeoutMillis', 'subscription', 'subVersion', 'expressionType', 'timestamp', 'boundaryType', 'key'],
  ...['clientID', 'producerGroup', 'defaultTopic', 'readQueueNums', 'writeQueueNums', 'perm', 'topicFilterType'],
  ...['order', 'attributes', 'topicSysFlag', 'msgId', 'tranStateTableOffset', 'commitLogOffset', 'transactionId'],
  ...['fromTransactionCheck', 'commitOrRollback', 'extraInfo', 'invisibleTime', 'pollTime', 'bornTime', 'initMode'],
  ...['exp', 'expType', 'delayLevel', 'maxReconsumeTimes', 'originMsgId', 'originTopic', 'brokerName', 'brokerAddr'],
  ...['clusterName', 'brokerId', 'haServerAddr', 'namespace', 'value', 'username', 'subject', 'filter', 'groupName'],
  ...['cleanOffset', 'statsName', 'statsKey', 'isOffline', 'isForce', 'srcGroup', 'destGroup', 'topicName', 'count'],
  ...['beginTimestamp', 'endTimestamp', 'maxNum', 'index', 'recallHandle', 'seq', 'AccessKey', 'Signature', 'version'],
  ...'a b c d e f g h i j k l m n'.split(' '),
];

const VALUES = [
  ...['', ' ', '0', '-1', '1', '7', '2147483647', '2147483648', '-2147483648', '9223372036854775807', '1e9', 'NaN'],
  ...['99999999999999999999', 'true', 'false', 'null', '*', 'TAG', 'SQL92', "a = 'b", 'T', '%RETRY%g', '%DLQ%g', 'g'],
  ...['TBW102', 'SCHEDULE_TOPIC_XXXX', 'RMQ_SYS_TRANS_HALF_TOPIC', '../../etc', '{"a":1}', '0 1 2 3 4 5 6 7', '0 0'],
  ...['0A000001000000000000000000000001', '\u0000\u0001\u0002', '名前', 'x'.repeat(300)],
];

const BODIES = [
  '{}',
  '[]',
  'null',
  '"text"',
  '{"clientID":1,"consumerDataSet":[{}],"producerDataSet":{}}',
  '{"consumerGroup":{},"clientId":[],"mqSet":{"a":1}}',
  '{"topicConfigList":[{}],"groupConfigList":[null],"policies":[{"entries":[{}]}]}',
  '{"topicConfigSerializeWrapper":{"topicConfigTable":{"T":5}},"filterServerList":1}',
  '['.repeat(500),
  '{"a":9223372036854775808,"b":{"$ref":"$"},"c":{"$ref":"$.c"}}',
];

const value = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...VALUES) },
  { weight: 1, arbitrary: fc.string({ maxLength: 40 }) },
);

/** Requests of Apache's clients with some fields spoilt, so that they come further than the first check. */
const spoilt = fc.constantFrom(...goldenExchanges().map(({ requestHex }) => requestHex)).chain((requestHex) => {
  const { code, extFields, body } = decodeFrame(Buffer.from(requestHex, 'hex')).command;
  const names = Object.keys(extFields);
  const changes =
    names.length === 0 ? fc.constant({}) : fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 3 });
  const bodies = fc.oneof(
    fc.constant(body),
    fc.nat(body.length).map((length) => body.subarray(0, length)),
  );
  return fc
    .tuple(changes, bodies)
    .map(([changed, rest]) => ({ code, extFields: { ...extFields, ...changed }, body: rest }));
});

/** A client that asks to be held for days is held for days. */
function heldForSeconds<T extends { readonly extFields: Record<string, string> }>(parts: T): T {
  const extFields = { ...parts.extFields };
  for (const name of HOLD_FIELDS) if (Number(extFields[name]) > LONGEST_HOLD_MS) extFields[name] = '15000';
  return { ...parts, extFields };
}

const anyRequest = fc.record({
  code: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...Object.values(RequestCode)) },
    { weight: 1, arbitrary: fc.integer({ min: -5, max: 32_000 }) },
  ),
  extFields: fc.dictionary(fc.constantFrom(...NAMES), value, { maxKeys: 24 }),
  body: fc.oneof(
    fc.constant(Buffer.alloc(0)),
    fc.constantFrom(...BODIES.map((text) => Buffer.from(text))),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  ),
});

describe('any request', () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  before(() => process.on('unhandledRejection', note));
  after(() => process.off('unhandledRejection', note));

  const answered = async (
    broker: TestBroker,
    connection: Connection,
    parts: { code: number; extFields: Record<string, string>; body: Buffer },
  ): Promise<RemotingCommand> => {
    const state = { isOver: false };
    const isWaiting = (): boolean => !state.isOver;
    const waiting = connection.request(parts, ANSWER_TIMEOUT_MS).finally(() => (state.isOver = true));
    waiting.catch(() => undefined);
    // What is held waits for the broker's clock; connections that are idle for longer would be closed.
    for (let tries = 0; isWaiting() && tries < 2; tries += 1) {
      for (let turn = 0; isWaiting() && turn < 50; turn += 1) await new Promise(setImmediate);
      if (!isWaiting()) break;
      // What is asked after it on the same connection is answered: it arrived. It waits for no file either.
      await connection.request({ code: NO_CODE }, ANSWER_TIMEOUT_MS).catch(() => undefined);
      await quietDisk();
      if (isWaiting()) await broker.clock.advanceAsync(LONGEST_HOLD_MS);
    }
    return waiting;
  };

  for (const target of ['broker', 'NameServer'] as const) {
    it(`to the ${target} is answered, and others are served`, async function () {
      this.timeout(120_000);
      const broker = await TestBroker.start();
      const address = target === 'broker' ? broker.context.address : broker.runtime.nameServerAddress;
      try {
        await broker.createTopic('Bystander', 1);
        let stored = 0;
        await fc.assert(
          fc.asyncProperty(
            fc.array(fc.oneof(anyRequest, spoilt).map(heldForSeconds), { minLength: 1, maxLength: 25 }),
            async (requests) => {
              const connection = await connect(address);
              try {
                for (const parts of requests) {
                  const { code } = await answered(broker, connection, parts);
                  assert.ok(Number.isInteger(code), `${parts.code} is answered ${code}`);
                }
              } finally {
                connection.dispose();
              }
              const sent = await (await broker.connect()).request(sendRequest('Bystander', 'still here'), TIMEOUT_MS);
              assert.equal(sent.code, ResponseCode.SUCCESS, sent.remark);
              assert.equal(sent.extFields['queueOffset'], String(stored));
              stored += 1;
              assert.deepEqual(unhandled, []);
            },
          ),
          { numRuns: RUNS },
        );
        const { extFields } = await ask(await broker.connect(), RequestCode.GET_MAX_OFFSET, {
          topic: 'Bystander',
          queueId: '0',
        });
        assert.equal(extFields['offset'], String(stored));
      } finally {
        await broker.stop();
      }
    });
  }
});
