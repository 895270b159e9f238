import assert from 'node:assert/strict';
import { planCluster } from '../../../../src/broker/cluster/clusterPlan.ts';
import { brokerConf, nameServerConf } from '../../../../src/broker/cluster/nodeConf.ts';
import type { ClusterMode } from '../../../../src/broker/control.ts';
import { readBrokerConf, readNameServerConf } from '../../../../src/broker/config.ts';

const PLACE = { storeDirectory: 'C:\\clusters\\a b', bindAddress: '0.0.0.0', host: '10.0.0.7', port: 20_911 };

describe('broker/cluster/clusterPlan', () => {
  it('has the nodes of each mode, those first that others need', () => {
    const names = (mode: ClusterMode, nameServers?: number): string =>
      planCluster(mode, nameServers)
        .map(({ name }) => name)
        .join(' ');
    assert.equal(names('single'), 'namesrv-1 broker-a');
    assert.equal(names('2m-noslave'), 'namesrv-1 namesrv-2 broker-a broker-b');
    assert.equal(names('2m-2s-async', 1), 'namesrv-1 broker-a broker-b broker-a-s broker-b-s');
    assert.equal(names('2m-2s-sync', 3), 'namesrv-1 namesrv-2 namesrv-3 broker-a broker-b broker-a-s broker-b-s');
  });

  it('gives a slave its master by the name of both, and replication by the mode', () => {
    const brokers = (mode: ClusterMode): string[] =>
      planCluster(mode).flatMap(({ role, broker }) =>
        broker === undefined ? [] : [`${role} ${broker.brokerName} ${broker.brokerId} ${broker.brokerRole}`],
      );
    const slaveReads = (mode: ClusterMode): boolean[] =>
      planCluster(mode).flatMap(({ broker }) => broker?.slaveRead ?? []);
    assert.deepEqual(brokers('2m-2s-sync'), [
      'master broker-a 0 SYNC_MASTER',
      'master broker-b 0 SYNC_MASTER',
      'slave broker-a 1 SLAVE',
      'slave broker-b 1 SLAVE',
    ]);
    assert.deepEqual(brokers('2m-2s-async').slice(0, 2), [
      'master broker-a 0 ASYNC_MASTER',
      'master broker-b 0 ASYNC_MASTER',
    ]);
    assert.deepEqual(slaveReads('2m-2s-async'), [true, true, true, true]);
    assert.deepEqual(slaveReads('2m-2s-sync'), [true, true, true, true]);
    assert.deepEqual(slaveReads('2m-noslave'), [false, false], 'there is nobody to send readers to');
    assert.deepEqual(slaveReads('single'), [false]);
  });
});

describe('broker/cluster/nodeConf', () => {
  it('is a broker.conf in which a master that replicates at once counts a slave', () => {
    const master = { brokerName: 'broker-a', brokerId: 0, brokerRole: 'SYNC_MASTER', slaveRead: true } as const;
    const text = brokerConf(master, PLACE, '10.0.0.7:1;10.0.0.7:2');
    assert.match(text, /^inSyncReplicas=2$/m);
    assert.match(text, /^haListenPort=20912$/m);
    const { settings, ignored, unknown } = readBrokerConf(text);
    assert.deepEqual([ignored, unknown], [[], []]);
    assert.deepEqual(
      [settings.brokerRole, settings.brokerIP1, settings.bindAddress, settings.listenPort, settings.namesrvAddr],
      ['SYNC_MASTER', '10.0.0.7', '0.0.0.0', 20_911, '10.0.0.7:1;10.0.0.7:2'],
    );
    assert.equal(settings.storePathRootDir, PLACE.storeDirectory);
    assert.doesNotMatch(brokerConf({ ...master, brokerRole: 'ASYNC_MASTER' }, PLACE, ''), /inSyncReplicas/);
    assert.equal(settings.slaveReadEnable, true);
    assert.doesNotMatch(brokerConf({ ...master, slaveRead: false }, PLACE, ''), /slaveReadEnable/);
  });

  it('is a namesrv.conf that keeps everything in the directory of the node', () => {
    const { settings, ignored, unknown } = readNameServerConf(nameServerConf(PLACE));
    assert.deepEqual([ignored, unknown], [[], []]);
    assert.deepEqual(
      [settings.listenPort, settings.bindAddress, settings.kvConfigPath],
      [20_911, '0.0.0.0', 'C:\\clusters\\a b/kvConfig.json'],
    );
  });
});
