import assert from 'node:assert/strict';
import { brokerConfig } from '../../../../src/broker/config.ts';
import type { BrokerConfig } from '../../../../src/broker/config.ts';
import { ReplicaShortage } from '../../../../src/broker/ha/replicaShortage.ts';
import { FakeClock } from '../../../support/fakeClock.ts';

describe('HA: a SYNC_MASTER that has too few slaves', () => {
  let clock: FakeClock;
  let said: string[];
  let slaves: number;
  let shortage: ReplicaShortage;

  function start(more: Partial<BrokerConfig>): void {
    clock = new FakeClock();
    said = [];
    slaves = 0;
    const say = (text: string): void => void said.push(text);
    shortage = new ReplicaShortage({
      config: brokerConfig({ brokerRole: 'SYNC_MASTER', brokerName: 'broker-x', ...more }),
      slavesInSync: () => slaves,
      clock,
      logger: { debug: say, info: say, warn: say, error: say },
    });
  }

  it('says at once where it waits for nobody', () => {
    start({});
    assert.equal(said.length, 1);
    assert.match(said[0] ?? '', /WAITS FOR NO SLAVE.*set inSyncReplicas=2/);
    clock.advance(10_000);
    assert.equal(said.length, 1);
  });

  it('says after some seconds what happens to sends and what helps, and when that is over and comes again', () => {
    start({ inSyncReplicas: 2 });
    shortage.look();
    clock.advance(4999);
    assert.equal(said.length, 0);
    clock.advance(1);
    assert.match(
      said.join('\n'),
      /^0 OF 1 SLAVES ARE IN SYNC: each send waits 3000 ms and is answered FLUSH_SLAVE_TIMEOUT; start a slave .*brokerName=broker-x/,
    );
    for (const count of [0, 1, 1, 0, 0]) {
      slaves = count;
      shortage.look();
    }
    assert.deepEqual(
      said.map((text) => text.slice(0, 27)),
      ['0 OF 1 SLAVES ARE IN SYNC: ', '1 of 1 slaves are in sync: ', '0 OF 1 SLAVES ARE IN SYNC: '],
    );
  });

  it('says nothing where the slaves come in time, and nothing after its end', () => {
    start({ inSyncReplicas: 2, enableSlaveActingMaster: true });
    slaves = 1;
    clock.advance(5000);
    assert.equal(said.length, 0);
    slaves = 0;
    shortage.look();
    assert.match(said[0] ?? '', /sends are refused/);
    shortage.dispose();
    start({ inSyncReplicas: 2 });
    shortage.dispose();
    assert.equal(clock.pendingCount, 0);
  });
});
