import assert from 'node:assert/strict';
import type { BrokerConfig } from '../../../src/broker/config.ts';
import { RequestCode, ResponseCode } from '../../../src/protocol/codes.ts';
import type { RemotingCommand, RequestParts } from '../../../src/protocol/command.ts';
import { ackRequest, changeRequest, popRequest, poppedMessages } from '../../support/popClient.ts';
import type { PoppedMessage } from '../../support/popClient.ts';
import { waitFor } from '../../support/waitFor.ts';
import { TIMEOUT_MS } from '../testBroker.ts';
import { TestPair } from './pair.ts';

const GROUP = 'G';

/**
 * Apache's slave gives out what it is asked for, and can write neither check points nor acknowledgements: what a client
 * does there counts for nothing. Source: PopBufferMergeService.java, AckMessageProcessor.java,
 * ChangeInvisibleTimeProcessor.java, EscapeBridge.java.
 */
describe('broker: pops at a slave', () => {
  let pair: TestPair;

  afterEach(() => pair.stop());

  async function start(slave: Partial<BrokerConfig> = {}): Promise<void> {
    pair = await TestPair.start({ slave: { popFromRetryProbability: 0, ...slave } });
    await pair.master.createTopic('T', 1);
    for (const body of ['a', 'b']) await pair.master.send('T', body);
    await pair.startSlave();
    await pair.caughtUp();
    await waitFor('the topic', () => pair.slave?.context.topics.get('T') !== undefined, { pollMs: 5 });
  }

  function ask(parts: RequestParts): Promise<RemotingCommand> {
    assert.ok(pair.slaveClient);
    return pair.slaveClient.request(parts, TIMEOUT_MS);
  }

  async function pop(header: Record<string, string> = {}): Promise<PoppedMessage[]> {
    const answer = await ask(
      popRequest({ topic: 'T', group: GROUP, bornTime: pair.slaveClock.now(), header: { maxMsgNums: '1', ...header } }),
    );
    return answer.code === ResponseCode.SUCCESS ? poppedMessages(answer, GROUP) : [];
  }

  async function popBodies(header: Record<string, string> = {}): Promise<string[]> {
    return (await pop(header)).map(({ body }) => body);
  }

  it('give messages out one after the other, and all of them again some seconds later', async () => {
    await start();
    const before = pair.slave?.context.store.maxPhysicalOffset;
    assert.deepEqual([await popBodies(), await popBodies(), await popBodies()], [['a'], ['b'], []]);
    await pair.slaveClock.advanceAsync(5000);
    assert.deepEqual(await popBodies(), ['a']);
    assert.equal(pair.slave?.context.store.maxPhysicalOffset, before, 'nothing is written at a slave');
    assert.equal(pair.slave?.context.offsets.committed(GROUP, 'T', 0) ?? 0, 0, 'nor is an offset moved');
  });

  it('go on for minutes at one that may act as the master', async () => {
    await start({ enableSlaveActingMaster: true });
    assert.deepEqual([await popBodies(), await popBodies()], [['a'], ['b']]);
    await pair.slaveClock.advanceAsync(30_000);
    assert.deepEqual(await popBodies(), []);
  });

  for (const enableSlaveActingMaster of [false, true]) {
    const who = enableSlaveActingMaster ? 'a slave that may act as the master' : 'a slave';

    it(`are acknowledged with success, and changed with SYSTEM_ERROR and no remark, by ${who}`, async () => {
      await start({ enableSlaveActingMaster });
      const [message] = await pop();
      assert.ok(message);
      const ack = await ask(ackRequest(GROUP, message));
      assert.deepEqual([ack.code, ack.remark], [ResponseCode.SUCCESS, undefined]);
      const acks = [{ c: GROUP, t: 'T', r: '0', so: 0, rq: 0, q: 0, pt: pair.slaveClock.now(), it: 10_000, b: 'AQ==' }];
      const body = Buffer.from(JSON.stringify({ brokerName: 'broker-a', acks }));
      assert.equal((await ask({ code: RequestCode.BATCH_ACK_MESSAGE, body })).code, ResponseCode.SUCCESS);
      const changed = await ask(changeRequest(GROUP, message, 30_000));
      assert.deepEqual([changed.code, changed.remark], [ResponseCode.SYSTEM_ERROR, undefined]);
      const wrong = await ask(ackRequest(GROUP, { ...message, queueOffset: 9 }));
      assert.equal(wrong.code, ResponseCode.NO_MESSAGE, 'what a master would refuse is refused');
    });
  }

  it('of an ordered group are kept there, since that writes no message', async () => {
    await start();
    const [a] = await pop({ order: 'true', attemptId: '1' });
    assert.ok(a);
    assert.deepEqual(await popBodies({ order: 'true', attemptId: '2' }), [], 'a is not consumed yet');
    assert.equal((await ask(changeRequest(GROUP, a, 20_000))).code, ResponseCode.SUCCESS);
    assert.equal((await ask(ackRequest(GROUP, a))).code, ResponseCode.SUCCESS);
    assert.deepEqual(await popBodies({ order: 'true', attemptId: '3' }), ['b']);
  });

  it('are told of as at a master', async () => {
    await start();
    const notify = async (): Promise<string | undefined> => {
      const extFields = { consumerGroup: GROUP, topic: 'T', queueId: '0', pollTime: '0' };
      const bornTime = String(pair.slaveClock.now());
      const answer = await ask({ code: RequestCode.NOTIFICATION, extFields: { ...extFields, bornTime } });
      return answer.extFields['hasMsg'];
    };
    assert.equal(await notify(), 'true');
    await popBodies({ maxMsgNums: '32' });
    assert.equal(await notify(), 'false');
  });

  it('are no reason to take a message back from a consumer', async () => {
    await start({ enableSlaveActingMaster: true });
    const back = await ask({
      code: RequestCode.CONSUMER_SEND_MSG_BACK,
      extFields: { offset: '0', group: GROUP, delayLevel: '0' },
    });
    assert.deepEqual([back.code, back.remark], [ResponseCode.SYSTEM_ERROR, 'no master available along with 127.0.0.1']);
  });
});
