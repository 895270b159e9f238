import assert from 'node:assert/strict';
import { Deferred } from '../../../../src/base/deferred.ts';
import { GatheredAcks } from '../../../../src/broker/pop/gatheredAcks.ts';
import type { PopAck } from '../../../../src/protocol/popRecord.ts';
import { turns } from '../../../support/turns.ts';

const POP = { topic: 'T', group: 'G', queueId: 3, startOffset: 7, popTime: 1_700_000_000_000, brokerName: 'broker-a' };
const REVIVE_TIME = POP.popTime + 60_000;

describe('acknowledgements of one turn', () => {
  let written: { readonly ack: PopAck; readonly reviveQueueId: number; readonly reviveTime: number }[];
  let outcome: (ack: PopAck) => Promise<void>;
  let acks: GatheredAcks;
  beforeEach(() => {
    written = [];
    outcome = () => Promise.resolve();
    acks = new GatheredAcks((ack, reviveQueueId, reviveTime) => {
      written.push({ ack, reviveQueueId, reviveTime });
      return outcome(ack);
    });
  });

  const add = (offset: number, pop: Partial<typeof POP> = {}, reviveQueueId = 0, reviveTime = REVIVE_TIME) =>
    acks.add({ ...POP, ...pop, offsets: [offset] }, reviveQueueId, reviveTime);
  const offsets = (): (readonly number[])[] => written.map(({ ack }) => ack.offsets);

  it('of one pop are one record, written at the end of the turn', async () => {
    const all = [add(9), add(7), add(9), add(8)];
    assert.deepEqual(written, [], 'not before');
    await Promise.all(all);
    assert.deepEqual(written, [{ ack: { ...POP, offsets: [9, 7, 8] }, reviveQueueId: 0, reviveTime: REVIVE_TIME }]);
    await add(10);
    assert.deepEqual(offsets(), [[9, 7, 8], [10]], 'the next turn has a record of its own');
  });

  it('are told when their record is in the files, and not before', async () => {
    const file = new Deferred<void>();
    outcome = () => file.promise;
    let told = 0;
    const all = [add(7), add(8)].map((one) => one.then(() => (told += 1)));
    await turns(3);
    assert.deepEqual([offsets(), told], [[[7, 8]], 0]);
    file.resolve();
    await Promise.all(all);
    assert.equal(told, 2);
  });

  it('of other pops, queues and times are records of their own', async () => {
    const later = REVIVE_TIME + 1;
    await Promise.all([add(7), add(7, { queueId: 4 }), add(7, { popTime: 1 }), add(8, {}, 1), add(9, {}, 0, later)]);
    assert.deepEqual(
      written.map(({ ack, reviveQueueId, reviveTime }) => [ack.queueId, ack.popTime, reviveQueueId, reviveTime]),
      [
        [3, POP.popTime, 0, REVIVE_TIME],
        [4, POP.popTime, 0, REVIVE_TIME],
        [3, 1, 0, REVIVE_TIME],
        [3, POP.popTime, 1, REVIVE_TIME],
        [3, POP.popTime, 0, later],
      ],
    );
  });

  it('are no more than a pop gives out in one record', async () => {
    await Promise.all(Array.from({ length: 70 }, (_, offset) => add(offset)));
    assert.deepEqual(
      offsets().map(({ length }) => length),
      [32, 32, 6],
    );
    assert.deepEqual(
      offsets().flat(),
      Array.from({ length: 70 }, (_, offset) => offset),
    );
  });

  it('fail alone: a record that is refused refuses no other', async () => {
    outcome = ({ queueId }) => (queueId === 3 ? Promise.reject(new Error('full')) : Promise.resolve());
    const results = await Promise.allSettled([add(7), add(8), add(7, { queueId: 4 })]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'rejected', 'fulfilled'],
    );
  });

  it('wait for no end of a turn when they are written at once', async () => {
    const one = add(7);
    acks.writeNow();
    assert.deepEqual(offsets(), [[7]]);
    await one;
    await turns(2);
    assert.equal(written.length, 1);
  });
});
