import assert from 'node:assert/strict';
import { RequestCode } from '../../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../../src/protocol/command.ts';
import { parseFastjson } from '../../../src/protocol/fastjson.ts';
import { decodeFrame } from '../../../src/protocol/frame.ts';
import { goldenExchange } from '../../support/goldenFrames.ts';
import { ackRequest, popRequest, poppedMessages } from '../../support/popClient.ts';
import { waitFor } from '../../support/waitFor.ts';
import { RawClient } from '../rawClient.ts';
import { TIMEOUT_MS, TestBroker, consumerBeat, records } from '../testBroker.ts';

/** When the recorded pop was answered. */
const RECORDED_MS = 1795366140868;

describe('broker: recorded POP requests', () => {
  let broker: TestBroker;
  let client: RawClient;
  before(async () => {
    broker = await TestBroker.start({ nowMs: RECORDED_MS });
    client = await RawClient.connect(broker.runtime.broker.address);
    await broker.createTopic('GoldenPop', 1);
    await broker.createTopic('GoldenAuto', 4);
    for (const body of ['pop 0', 'pop 1', 'pop 2', 'pop 3']) await broker.send('GoldenPop', body);
  });
  after(async () => {
    client.close();
    await broker.stop();
  });

  /** Sends the recorded request. @returns the answer, checked against the recorded one but for the values of fields */
  const play = async (name: string, meanwhile?: () => Promise<void>): Promise<RemotingCommand> => {
    const { requestHex, responseHex } = goldenExchange(name);
    const request = Buffer.from(requestHex, 'hex');
    client.write(request);
    await meanwhile?.();
    const answer = await client.answer();
    assert.ok(answer !== 'closed', 'the connection was closed');
    const { command } = answer;
    const expected = decodeFrame(Buffer.from(responseHex ?? '', 'hex')).command;
    assert.equal(command.opaque, decodeFrame(request).command.opaque);
    assert.equal(command.code, expected.code, command.remark);
    assert.deepEqual(Object.keys(command.extFields).sort(), Object.keys(expected.extFields).sort());
    if (command.code !== 0) assert.equal(command.remark, expected.remark);
    return command;
  };

  const recorded = (name: string): Record<string, string> => ({ ...goldenExchange(name).response?.extFields });

  it('set_request_mode, and the table of modes before and after', async () => {
    const before = await play('slave_all_request_mode');
    assert.equal(before.body.toString(), goldenExchange('slave_all_request_mode').response?.bodyUtf8);
    await play('set_request_mode');
    const after = await broker.ask(RequestCode.GET_ALL_MESSAGE_REQUEST_MODE);
    assert.equal(
      after.body.toString(),
      '{"messageRequestModeMap":{"GoldenPop":{"GoldenPopGroup":{"consumerGroup":"GoldenPopGroup","mode":"POP","popShareQueueNum":0,"topic":"GoldenPop"}}}}',
    );
  });

  it('query_assignment', async () => {
    const member = await broker.connect();
    await broker.heartbeat(member, consumerBeat('127.0.0.1@golden-pop', 'GoldenPopGroup', { GoldenPop: '*' }));
    const { body } = await play('query_assignment');
    const expected = goldenExchange('query_assignment').response?.bodyUtf8 ?? '';
    assert.deepEqual(parseFastjson(body.toString()), parseFastjson(expected));
  });

  it('pop_found', async () => {
    const answer = await play('pop_found');
    assert.deepEqual(answer.extFields, recorded('pop_found'));
    assert.deepEqual(
      records(answer.body).map(({ body, queueOffset }) => [body.toString(), queueOffset]),
      goldenExchange('pop_found').response?.records?.map(({ bodyUtf8, queueOffset }) => [bodyUtf8, queueOffset]),
    );
  });

  it('ack', async () => {
    await play('ack');
  });

  it('change_invisible_time', async () => {
    await broker.clock.advanceAsync(Number(recorded('change_invisible_time')['popTime']) - broker.clock.now());
    assert.deepEqual((await play('change_invisible_time')).extFields, recorded('change_invisible_time'));
  });

  it('pop_held_and_expired', async () => {
    const { bornTime, pollTime } = goldenExchange('pop_held_and_expired').request.extFields;
    await waitFor(
      'what was not acknowledged to come again',
      async () => {
        await broker.clock.advanceAsync(Math.min(100, Number(bornTime) - broker.clock.now()));
        return broker.context.store.maxOffset('%RETRY%GoldenPopGroup_GoldenPop', 0) === 3;
      },
      { pollMs: 1 },
    );
    await broker.clock.advanceAsync(Number(bornTime) - broker.clock.now());
    const parts = { topic: 'GoldenPop', group: 'GoldenPopGroup', bornTime: broker.clock.now() };
    const rest = poppedMessages(await broker.client.request(popRequest(parts), TIMEOUT_MS), 'GoldenPopGroup');
    assert.deepEqual(rest.map(({ body }) => body).sort(), ['pop 0', 'pop 2', 'pop 3'], 'all but the one acknowledged');
    for (const message of rest) await broker.client.request(ackRequest('GoldenPopGroup', message), TIMEOUT_MS);
    const began = broker.clock.now();
    const answer = await play('pop_held_and_expired', async () => {
      await waitFor('the pop to be held', () => broker.context.pops.held.size === 1, { pollMs: 2 });
      await broker.clock.advanceAsync(Number(pollTime) - 50);
      assert.equal(broker.context.pops.held.size, 1, 'it is not answered before its time');
      await broker.clock.advanceAsync(1);
    });
    assert.equal(Number(answer.extFields['popTime']), began + Number(pollTime) - 49);
  });

  it('pop_empty', async () => {
    await broker.clock.advanceAsync(Number(recorded('pop_empty')['popTime']) - broker.clock.now());
    const { reviveQid, ...fields } = (await play('pop_empty')).extFields;
    assert.match(reviveQid ?? '', /^[0-7]$/);
    assert.deepEqual({ ...fields, reviveQid: '0' }, recorded('pop_empty'));
  });

  it('ack_bad_offset, batch_ack, notification', async () => {
    for (const body of ['pop 4', 'pop 5']) await broker.send('GoldenPop', body);
    await play('ack_bad_offset');
    assert.deepEqual((await play('notification')).extFields, recorded('notification'));
    await play('batch_ack');
  });
});
