import assert from 'node:assert/strict';
import type { BrokerConfig } from '../../../src/broker/config.ts';
import { ResponseCode } from '../../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../../src/protocol/command.ts';
import { waitFor } from '../../support/waitFor.ts';
import { TestPair } from './pair.ts';

describe('broker: SYNC_MASTER', () => {
  let pair: TestPair;

  afterEach(() => pair.stop());

  async function start(inSyncReplicas: number, more: Partial<BrokerConfig> = {}): Promise<void> {
    pair = await TestPair.start({ master: { brokerRole: 'SYNC_MASTER', inSyncReplicas, ...more } });
    await pair.master.createTopic('T');
  }

  /** A send that waits, and is in the log. */
  async function sendWaiting(body: string): Promise<{ answer: () => RemotingCommand | undefined }> {
    const { store } = pair.master.context;
    const before = store.maxPhysicalOffset;
    let answer: RemotingCommand | undefined;
    void pair.master.send('T', body).then((found) => (answer = found));
    await waitFor('the message', () => store.maxPhysicalOffset > before, { pollMs: 5 });
    return { answer: () => answer };
  }

  it('answers when the slave has it', async () => {
    await start(2);
    await pair.startSlave();
    await waitFor('the slave', () => pair.master.context.replication.status().inSyncSlaveNums === 1, { pollMs: 5 });
    for (const body of ['one', 'two', 'three']) {
      assert.equal((await pair.master.send('T', body)).code, 0);
      assert.equal(pair.slave?.context.store.maxPhysicalOffset, pair.master.context.store.maxPhysicalOffset, body);
    }
  });

  it('answers FLUSH_SLAVE_TIMEOUT without a slave, and has the message', async () => {
    await start(2);
    const { answer } = await sendWaiting('alone');
    await pair.master.clock.advanceAsync(2999);
    assert.equal(answer(), undefined);
    await pair.master.clock.advanceAsync(1);
    const { code, extFields } = await waitFor('the answer', answer, { pollMs: 5 });
    assert.equal(code, ResponseCode.FLUSH_SLAVE_TIMEOUT);
    assert.equal(extFields['queueOffset'], '0');
    assert.equal((await pair.master.read('T')).length, 1);
  });

  it('waits for so many as it is told', async () => {
    await start(3);
    await pair.startSlave();
    await waitFor('the slave', () => pair.master.context.replication.status().inSyncSlaveNums === 1, { pollMs: 5 });
    const { answer } = await sendWaiting('x');
    await pair.caughtUp();
    assert.equal(answer(), undefined);
    await pair.master.clock.advanceAsync(3000);
    assert.equal((await waitFor('the answer', answer, { pollMs: 5 })).code, ResponseCode.FLUSH_SLAVE_TIMEOUT);
  });

  it('waits for nobody with inSyncReplicas=1, as by default', async () => {
    await start(1);
    assert.equal((await pair.master.send('T', 'x')).code, 0);
  });

  it('waits for nobody where the sender does not', async () => {
    await start(2);
    assert.equal((await pair.master.send('T', 'x', { properties: { WAIT: 'false', UNIQ_KEY: 'u' } })).code, 0);
  });

  it('answers a sender that waits as soon as a slave comes', async () => {
    await start(2);
    const { answer } = await sendWaiting('x');
    await pair.startSlave();
    assert.equal((await waitFor('the answer', answer, { pollMs: 5 })).code, 0);
  });

  it('refuses with enableSlaveActingMaster what would wait in vain, and nothing that does not wait', async () => {
    await start(2, { enableSlaveActingMaster: true });
    const refused = await pair.master.send('T', 'x');
    assert.deepEqual([refused.code, refused.remark], [ResponseCode.SYSTEM_ERROR, 'in-sync replicas not enough']);
    assert.equal(pair.master.context.store.maxPhysicalOffset, 0);
    assert.equal((await pair.master.send('T', 'x', { properties: { WAIT: 'false', UNIQ_KEY: 'u' } })).code, 0);
    await pair.startSlave();
    await waitFor('the slave', () => pair.master.context.replication.status().inSyncSlaveNums === 1, { pollMs: 5 });
    assert.equal((await pair.master.send('T', 'y')).code, 0);
  });

  it('waits with enableAutoInSyncReplicas for as many as there are, but not for fewer than minInSyncReplicas', async () => {
    await start(3, { enableSlaveActingMaster: true, enableAutoInSyncReplicas: true, minInSyncReplicas: 2 });
    assert.equal((await pair.master.send('T', 'x')).code, ResponseCode.SYSTEM_ERROR);
    await pair.startSlave();
    await waitFor('the slave', () => pair.master.context.replication.status().inSyncSlaveNums === 1, { pollMs: 5 });
    assert.equal((await pair.master.send('T', 'y')).code, 0);
    assert.equal(pair.slave?.context.store.maxPhysicalOffset, pair.master.context.store.maxPhysicalOffset);
    await pair.stopSlave();
    await waitFor('its end', () => pair.master.context.replication.status().inSyncSlaveNums === 0, { pollMs: 5 });
    assert.equal((await pair.master.send('T', 'z')).code, ResponseCode.SYSTEM_ERROR);
  });
});
