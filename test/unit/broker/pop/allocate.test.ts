import assert from 'node:assert/strict';
import fc from 'fast-check';
import { allocateQueues } from '../../../../src/broker/pop/allocate.ts';
import type { MessageRequestMode } from '../../../../src/protocol/bodies/pop.ts';
import type { MessageQueue } from '../../../../src/protocol/bodies/topic.ts';

const queuesOf = (count: number, brokerName = 'b'): MessageQueue[] =>
  Array.from({ length: count }, (_, queueId) => ({ topic: 'T', brokerName, queueId }));

interface Group {
  readonly queues?: readonly MessageQueue[];
  readonly ids?: readonly string[];
  readonly strategyName?: string;
  readonly mode?: MessageRequestMode;
  readonly shared?: number;
}

const allocate = (clientId: string, group: Group = {}): string[] | undefined => {
  const { queues = queuesOf(8), ids = ['a', 'b', 'c'], strategyName = 'AVG', mode = 'PULL', shared = 0 } = group;
  return allocateQueues(queues, ids, {
    clientId,
    strategyName,
    mode: { topic: 'T', consumerGroup: 'G', mode, popShareQueueNum: shared },
  })?.map(({ brokerName, queueId }) => `${brokerName}${queueId}`);
};

describe('shares of queues', () => {
  it('are runs or every n-th, the first clients having one more', () => {
    assert.deepEqual(
      ['a', 'b', 'c'].map((id) => allocate(id)),
      [
        ['b0', 'b1', 'b2'],
        ['b3', 'b4', 'b5'],
        ['b6', 'b7'],
      ],
    );
    assert.deepEqual(allocate('b', { strategyName: 'AVG_BY_CIRCLE' }), ['b1', 'b4', 'b7']);
    assert.deepEqual(allocate('z'), []);
    assert.equal(allocate('a', { strategyName: 'MACHINE_ROOM' }), undefined);
  });

  it('give every queue to exactly one client, whatever the numbers', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom('AVG', 'AVG_BY_CIRCLE'),
        (queueCount, clientCount, strategyName) => {
          const ids = Array.from({ length: clientCount }, (_, at) => `c${at}`);
          const shares = ids.map((id) => allocate(id, { queues: queuesOf(queueCount), ids, strategyName }) ?? []);
          assert.deepEqual(
            shares.flat().sort(),
            queuesOf(queueCount)
              .map(({ queueId }) => `b${queueId}`)
              .sort(),
          );
          assert.ok(
            Math.max(...shares.map((share) => share.length)) - Math.min(...shares.map((share) => share.length)) <= 1,
          );
        },
      ),
    );
  });

  it('with POP are any queue of each broker, unless so many clients share', () => {
    const queues = [...queuesOf(2, 'y'), ...queuesOf(2, 'x')];
    assert.deepEqual(allocate('b', { queues, mode: 'POP' }), ['x-1', 'y-1']);
    assert.deepEqual(allocate('b', { queues, mode: 'POP', shared: 2 }), ['x-1', 'y-1']);
    const ids = ['a', 'b', 'c', 'd'];
    assert.deepEqual(allocate('d', { queues, ids, mode: 'POP', shared: 1 }), ['y1', 'x0']);
    assert.deepEqual(allocate('e', { queues, ids: [...ids, 'e', 'f'], mode: 'POP', shared: 1 }), ['x0']);
  });
});
