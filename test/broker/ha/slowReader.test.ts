import assert from 'node:assert/strict';
import type { RemotingCommand } from '../../../src/protocol/command.ts';
import { ResponseCode } from '../../../src/protocol/codes.ts';
import { waitFor } from '../../support/waitFor.ts';
import { TIMEOUT_MS, pullRequest, records } from '../testBroker.ts';
import { TestPair } from './pair.ts';

/** A ratio of 0 makes everything but the end of the log "far behind". */
describe('broker: a reader far behind, with slaveReadEnable', () => {
  let pair: TestPair;

  afterEach(() => pair.stop());

  async function start(master: { slaveReadEnable: boolean; accessMessageInMemoryMaxRatio: number }): Promise<void> {
    pair = await TestPair.start({ master, slave: { accessMessageInMemoryMaxRatio: 0 } });
    for (const [index, tag] of ['a', 'a', 'b', 'b'].entries()) {
      await pair.master.send('T', `m${index}`, { properties: { TAGS: tag, UNIQ_KEY: `u${index}` } });
    }
    await pair.startSlave();
    await pair.caughtUp();
    await waitFor('the topic', () => pair.slave?.context.topics.get('T') !== undefined, { pollMs: 5 });
  }

  function pullFrom(
    brokerId: number,
    queueOffset: number,
    header: Record<string, string> = {},
  ): Promise<RemotingCommand> {
    const client = brokerId === 0 ? pair.master.client : pair.slaveClient;
    assert.ok(client);
    return client.request(pullRequest({ topic: 'T', queueOffset, header: { maxMsgNums: '2', ...header } }), TIMEOUT_MS);
  }

  it('reads from the slave, and from the master again when it has read all', async () => {
    await start({ slaveReadEnable: true, accessMessageInMemoryMaxRatio: 0 });
    const walked: string[] = [];
    let [brokerId, offset] = [0, 0];
    for (let step = 0; step < 6; step += 1) {
      const answer = await pullFrom(brokerId, offset);
      const bodies =
        answer.code === ResponseCode.SUCCESS ? records(answer.body).map(({ body }) => body.toString()) : [];
      walked.push(`${brokerId}: ${bodies.join(' ')}`);
      brokerId = Number(answer.extFields['suggestWhichBrokerId']);
      offset = Number(answer.extFields['nextBeginOffset']);
    }
    // At its end the slave names the master, which holds the pull (here: answers, since none asked to be held).
    assert.deepEqual(walked, ['0: m0 m1', '1: m2 m3', '1: ', '0: ', '0: ', '0: ']);
    await pair.master.send('T', 'new');
    const next = await pullFrom(brokerId, offset);
    assert.deepEqual(
      records(next.body).map(({ body }) => body.toString()),
      ['new'],
    );
  });

  it('is far behind by what was looked at for it, also when its filter refuses that', async () => {
    await start({ slaveReadEnable: true, accessMessageInMemoryMaxRatio: 0 });
    const none = await pullFrom(0, 0, { subscription: 'c' });
    assert.deepEqual([none.code, none.extFields['suggestWhichBrokerId']], [ResponseCode.PULL_RETRY_IMMEDIATELY, '1']);
    const bySql = await pullFrom(0, 0, { subscription: "TAGS = 'c'", expressionType: 'SQL92' });
    assert.deepEqual([bySql.code, bySql.extFields['suggestWhichBrokerId']], [ResponseCode.PULL_RETRY_IMMEDIATELY, '1']);
  });

  it('stays at the master that has it in memory, or was not told to send readers away', async () => {
    await start({ slaveReadEnable: true, accessMessageInMemoryMaxRatio: 40 });
    assert.equal((await pullFrom(0, 0)).extFields['suggestWhichBrokerId'], '0');
    await pair.stop();
    await start({ slaveReadEnable: false, accessMessageInMemoryMaxRatio: 0 });
    assert.equal((await pullFrom(0, 0)).extFields['suggestWhichBrokerId'], '0');
  });
});
