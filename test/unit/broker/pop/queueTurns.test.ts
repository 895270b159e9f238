import assert from 'node:assert/strict';
import { Deferred } from '../../../../src/base/deferred.ts';
import { QueueTurns } from '../../../../src/broker/pop/queueTurns.ts';

describe('turns at a queue', () => {
  it('come one after the other within a queue, and leave nothing behind', async () => {
    const turns = new QueueTurns();
    const gate = new Deferred<void>();
    const order: string[] = [];
    const work = (name: string, until?: Promise<void>) => async () => {
      order.push(`${name} begins`);
      await until;
      order.push(`${name} ends`);
      return name;
    };
    const first = turns.take('T', 'G', 0, work('first', gate.promise));
    const second = turns.take('T', 'G', 0, work('second'));
    await turns.take('T', 'G', 1, work('other'));
    assert.deepEqual(order, ['first begins', 'other begins', 'other ends']);
    gate.resolve();
    assert.deepEqual(await Promise.all([first, second]), ['first', 'second']);
    assert.deepEqual(order.slice(3), ['first ends', 'second begins', 'second ends']);
    assert.equal(turns.size, 0);
  });

  it('one that fails does not keep the next', async () => {
    const turns = new QueueTurns();
    const failing = turns.take('T', 'G', 0, () => Promise.reject(new Error('no')));
    const next = turns.take('T', 'G', 0, () => 'yes');
    await assert.rejects(failing, /no/);
    assert.equal(await next, 'yes');
    assert.equal(turns.size, 0);
  });
});
