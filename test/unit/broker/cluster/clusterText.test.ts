import assert from 'node:assert/strict';
import { statusText } from '../../../../src/broker/cluster/clusterText.ts';
import type { ClusterNodeStatus } from '../../../../src/broker/control.ts';

const node = (more: Partial<ClusterNodeStatus>): ClusterNodeStatus => ({
  name: 'broker-a',
  role: 'master',
  address: '127.0.0.1:20911',
  pid: 7,
  state: 'running',
  ended: null,
  replication: null,
  conf: 'conf',
  log: 'log',
  ...more,
});

describe('broker/cluster/clusterText', () => {
  it('says of each node how it is, how it ended, and how far a slave is', () => {
    const text = statusText({
      mode: '2m-2s-async',
      pid: 1,
      namesrv: '127.0.0.1:9876',
      dir: 'd',
      nodes: [
        node({}),
        node({ name: 'broker-b', pid: null, state: 'killed', ended: 'SIGKILL' }),
        node({ name: 'namesrv-1', role: 'namesrv', pid: null, state: 'stopped', ended: 0 }),
        node({ name: 'broker-a-s', role: 'slave', replication: { inSync: true, lagBytes: 0 } }),
        node({
          name: 'broker-b-s',
          role: 'slave',
          state: 'paused',
          replication: { inSync: false, lagBytes: 812, lagMessages: 3 },
        }),
      ],
    });
    assert.deepEqual(text.split('\n'), [
      'Cluster 2m-2s-async in d, NameServers 127.0.0.1:9876, supervisor 1.',
      'NODE        ROLE     ADDRESS          PID  STATE',
      'broker-a    master   127.0.0.1:20911  7    running',
      'broker-b    master   127.0.0.1:20911  -    killed (SIGKILL)',
      'namesrv-1   namesrv  127.0.0.1:20911  -    stopped (exit code 0)',
      'broker-a-s  slave    127.0.0.1:20911  7    running, in sync, 0 bytes behind',
      'broker-b-s  slave    127.0.0.1:20911  7    paused, not in sync, 812 bytes (3 messages) behind',
      '',
    ]);
  });
});
