import assert from 'node:assert/strict';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import { decodeFrame } from '../../src/protocol/frame.ts';
import { decodeMessages, measureMessage } from '../../src/protocol/message.ts';
import type { StoredMessage } from '../../src/protocol/message.ts';
import { offsetMessageId } from '../../src/protocol/messageId.ts';
import { decodeProperties, encodeProperties } from '../../src/protocol/messageProperty.ts';
import { goldenExchange } from '../support/goldenFrames.ts';
import { waitFor } from '../support/waitFor.ts';
import { RawClient } from './rawClient.ts';
import { TestBroker, consumerBeat } from './testBroker.ts';

/** When the recorded message that fails was sent back. */
const RECORDED_MS = 1795366061026;
/** The newest subscription that a recorded pull names. */
const SUB_VERSION = 1795366219404;

/**
 * Pulls recorded from Apache's clients, over the recorded messages: this broker's answers have every value that
 * Apache's broker gave, but for where and when it stored the messages.
 */
describe('broker: recorded pulls', () => {
  let broker: TestBroker;
  let client: RawClient;
  before(async () => {
    broker = await TestBroker.start({ nowMs: RECORDED_MS });
    client = await RawClient.connect(broker.runtime.broker.address);
    for (const topic of ['GoldenTopic', 'GoldenSql', 'GoldenFifo', 'GoldenDelay', 'GoldenShort']) {
      await broker.createTopic(topic);
    }
    for (const [group, topic] of [
      ['GoldenPush', 'GoldenTopic'],
      ['GoldenShortGroup', 'GoldenShort'],
    ] as const) {
      const member = await broker.connect();
      await broker.heartbeat(
        member,
        consumerBeat(`127.0.0.1@${group}`, group, { [topic]: '*' }, { subVersion: SUB_VERSION }),
      );
    }
    const filtering = await broker.connect();
    const filters = consumerBeat(
      '127.0.0.1@golden-sql',
      'GoldenSqlGroup',
      { GoldenSql: 'n >= 2 AND n IS NOT NULL' },
      {
        subVersion: SUB_VERSION,
        expressionType: 'SQL92',
      },
    );
    await broker.heartbeat(filtering, filters);
  });
  after(async () => {
    client.close();
    await broker.stop();
  });

  const recorded = (name: string): RemotingCommand =>
    decodeFrame(Buffer.from(goldenExchange(name).responseHex ?? '', 'hex')).command;

  /** Stores what an answer carried, with the recorded properties and in the recorded queue. */
  const store = (...messages: StoredMessage[]): void => {
    for (const message of messages) broker.context.store.append({ ...message, storeHost: broker.context.storeHost });
  };

  /** Sends the recorded request. @returns the answer, which has all that was recorded */
  const play = async (name: string, meanwhile?: () => Promise<void>): Promise<RemotingCommand> => {
    const request = Buffer.from(goldenExchange(name).requestHex, 'hex');
    client.write(request);
    await meanwhile?.();
    const answer = await client.answer();
    assert.ok(answer !== 'closed', 'the connection was closed');
    assert.equal(answer.serializeType, 'JSON', 'the C++ client reads nothing else');
    const { command } = answer;
    const expected = recorded(name);
    assert.equal(command.opaque, expected.opaque);
    assert.deepEqual([command.code, command.remark], [expected.code, expected.remark]);
    assert.deepEqual(command.extFields, { ...expected.extFields });
    return command;
  };

  const found = async (name: string, meanwhile?: () => Promise<void>): Promise<void> => {
    const answer = await play(name, meanwhile);
    assert.deepEqual(decodeMessages(answer.body).map(essence), decodeMessages(recorded(name).body).map(essence));
  };

  it('send_back, and pull_retry_topic a second later', async () => {
    const [failed] = decodeMessages(recorded('pull_retry_topic').body);
    assert.ok(failed);
    const properties = decodeProperties(failed.properties);
    for (const added of ['ORIGIN_MESSAGE_ID', 'RETRY_TOPIC', 'DELAY', 'REAL_TOPIC', 'REAL_QID'])
      properties.delete(added);
    properties.set('WAIT', 'true');
    const message = { ...failed, topic: 'GoldenTopic', reconsumeTimes: 0, properties: encodeProperties(properties) };
    // The recorded request names the place in the log.
    const offset = Number(goldenExchange('send_back').request.extFields['offset']);
    const filler = { ...message, queueId: 1, properties: '', body: Buffer.alloc(0) };
    store({ ...filler, body: Buffer.alloc(offset - measureMessage(filler).sizeBytes) }, { ...message, queueId: 1 });
    await play('send_back');
    await broker.clock.advanceAsync(1000);
    const answer = await play('pull_retry_topic');
    const [retried] = decodeMessages(answer.body);
    assert.ok(retried);
    const originId = offsetMessageId(broker.context.storeHost, offset);
    const origin = { ...propertiesOf(failed), ORIGIN_MESSAGE_ID: originId };
    assert.deepEqual(
      { ...essence(retried), properties: propertiesOf(retried) },
      { ...essence(failed), properties: origin },
    );
  });

  for (const name of ['pull_found', 'pull_found_compressed', 'pull_delayed', 'lite_pull'])
    it(name, async () => {
      store(...decodeMessages(recorded(name).body));
      await found(name);
    });

  for (const name of ['pull_not_found', 'pull_offset_illegal'])
    it(name, async () => {
      await play(name);
    });

  it('pull_held_and_expired', async () => {
    await play('pull_held_and_expired', () => held(2000));
  });

  it('pull_held_and_woken', async () => {
    await found('pull_held_and_woken', async () => {
      await held(0);
      store(...decodeMessages(recorded('pull_held_and_woken').body));
    });
  });

  /** Until the pull is held, and so long. */
  const held = async (forMs: number): Promise<void> => {
    await waitFor('the pull to be held', () => broker.context.heldPulls.size > 0, { pollMs: 2 });
    broker.clock.advance(forMs);
  };

  it('pull_sql', async () => {
    const [second, third] = decodeMessages(recorded('pull_sql').body);
    assert.ok(second && third);
    for (const n of ['0', '1']) store({ ...second, properties: second.properties.replace('n\u00012', `n\u0001${n}`) });
    store(second, third);
    await found('pull_sql');
  });

  it('pull_offset_reset', async () => {
    store({ ...decodeMessages(recorded('pull_found').body)[0]!, queueId: 2 });
    broker.context.offsets.reset('GoldenPush', 'GoldenTopic', 2, 0);
    await play('pull_offset_reset');
  });

  it('binary_pull_found and binary_both_pull_found', async () => {
    store(...decodeMessages(recorded('binary_pull_found').body));
    await found('binary_pull_found');
    await play('binary_both_pull_found');
  });
});

/** What does not depend on the place and the time of storing. */
function essence(message: StoredMessage): object {
  const { topic, queueId, queueOffset, flag, sysFlag, reconsumeTimes, bornTimestamp, bodyCrc, body, properties } =
    message;
  return {
    topic,
    queueId,
    queueOffset,
    flag,
    sysFlag,
    reconsumeTimes,
    bornTimestamp,
    bodyCrc,
    properties,
    text: body.toString('hex'),
  };
}

function propertiesOf(message: StoredMessage): Record<string, string> {
  return Object.fromEntries(decodeProperties(message.properties));
}
