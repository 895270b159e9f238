import assert from 'node:assert/strict';

import { routeQueues } from '../../../src/client/routeQueues.ts';
import { brokerData, queueData } from '../../support/scriptedCluster.ts';

describe('queues of a route', () => {
  const read = (brokers: ReturnType<typeof brokerData>[], queues: ReturnType<typeof queueData>[]) =>
    routeQueues(
      { brokers, queues, orderTopicConf: undefined },
      4,
      ({ readQueueNums }) => readQueueNums,
      ({ brokerAddrs }) => brokerAddrs.get(0),
    );

  it('are those of brokers with an address that give the permission', () => {
    assert.deepEqual(
      read(
        [brokerData('a', 'a:1'), brokerData('b', undefined, 'b:1'), brokerData('c', 'c:1')],
        [queueData('a', 2), queueData('b', 1), queueData('c', 1, 2), queueData('gone', 1)],
      ),
      [
        { address: 'a:1', brokerName: 'a', queueId: 0 },
        { address: 'a:1', brokerName: 'a', queueId: 1 },
      ],
    );
  });

  it('end at 65 536, whatever the route says', () => {
    const queues = read(
      [brokerData('a', 'a:1')],
      [queueData('a', 65_000), ...Array.from({ length: 9 }, () => queueData('a', 2 ** 31 - 1))],
    );
    assert.equal(queues.length, 65_536);
  });
});
