import assert from 'node:assert/strict';
import { silentLogger } from '../../../../src/base/logger.ts';
import { brokerConfig } from '../../../../src/broker/config.ts';
import { CheckPoints } from '../../../../src/broker/pop/checkPoints.ts';
import { ReviveLog } from '../../../../src/broker/pop/reviveLog.ts';
import { ConsumerOffsets } from '../../../../src/broker/state/consumerOffsets.ts';
import type { MessageToStore } from '../../../../src/broker/store/messageToStore.ts';
import { propertyOf } from '../../../../src/protocol/messageProperty.ts';
import type { PopCheckPoint } from '../../../../src/protocol/popRecord.ts';
import { FakeClock } from '../../../support/fakeClock.ts';
import { makeTempDir } from '../../../support/tempDir.ts';
import type { TempDir } from '../../../support/tempDir.ts';

describe('check points of pops', () => {
  let directory: TempDir;
  let clock: FakeClock;
  let offsets: ConsumerOffsets;
  let points: CheckPoints;
  let written: string[];
  let isFull: boolean;
  beforeEach(() => {
    directory = makeTempDir('check-points');
    clock = new FakeClock();
    written = [];
    isFull = false;
    offsets = new ConsumerOffsets({
      path: `${directory.path}/consumerOffset.json`,
      clock,
      logger: silentLogger,
      delayMs: 5000,
    });
    points = newPoints(true);
  });
  afterEach(() => {
    points.stop();
    offsets.dispose();
    directory.remove();
  });

  const newPoints = (enablePopBufferMerge: boolean): CheckPoints =>
    new CheckPoints({
      clock,
      logger: silentLogger,
      offsets,
      config: brokerConfig({ enablePopBufferMerge, popCkMaxBufferSize: 2 }),
      log: new ReviveLog({
        topic: 'log',
        queues: 8,
        host: { ip: Buffer.from([127, 0, 0, 1]), port: 1 },
        now: () => clock.now(),
        stage: () => Promise.reject(new Error('acknowledgements are written one by one here')),
        put: (message: MessageToStore) => {
          if (isFull) throw new Error('full');
          written.push(`${propertyOf(message.properties, 'TAGS')} ${message.queueId}`);
        },
      }),
    });

  const point = (startOffset: number, count = 2, more: Partial<PopCheckPoint> = {}): PopCheckPoint => ({
    topic: 'T',
    group: 'G',
    queueId: 0,
    startOffset,
    popTime: clock.now(),
    invisibleTime: 60_000,
    brokerName: 'b',
    offsets: Array.from({ length: count }, (_, at) => startOffset + at),
    suspend: false,
    ...more,
  });

  const committed = (): number | undefined => offsets.committed('G', 'T', 0);

  it('without memory: written at once, and the group goes on at once', () => {
    points = newPoints(false);
    points.add(point(0), 3, 2);
    assert.deepEqual([written, committed(), points.latest('T', 'G', 0)], [['ck 3'], 2, undefined]);
    assert.equal(points.acknowledge(point(0)), false);
  });

  it('what cannot be written is not popped', () => {
    points = newPoints(false);
    isFull = true;
    assert.throws(() => points.add(point(0), 0, 2), /full/);
    assert.equal(committed(), undefined);
  });

  it('acknowledged in memory, nothing is ever written', () => {
    const popped = point(0);
    points.add(popped, 3, 2);
    assert.deepEqual([committed(), points.latest('T', 'G', 0)], [undefined, 2]);
    assert.equal(points.acknowledge({ ...popped, offsets: [1] }), true);
    assert.equal(committed(), undefined, 'a crash now brings both again');
    assert.equal(points.acknowledge({ ...popped, offsets: [0] }), true);
    assert.deepEqual([written, committed(), points.buffered, clock.pendingCount], [[], 2, 0, 1]);
    assert.equal(points.latest('T', 'G', 0), undefined);
  });

  it('the group’s offset waits for the pops before', () => {
    const [first, second] = [point(0), point(2)];
    points.add(first, 0, 2);
    points.add(second, 1, 4);
    points.skip('T', 'G', 0, 9);
    assert.equal(points.latest('T', 'G', 0), 9);
    points.acknowledge(second);
    assert.equal(committed(), undefined);
    points.acknowledge(first);
    assert.equal(committed(), 9);
  });

  it('after ten seconds the check point is written with what was acknowledged, and the group goes on', () => {
    const popped = point(0);
    points.add(popped, 3, 2);
    points.acknowledge({ ...popped, offsets: [1] });
    clock.advance(8600);
    assert.equal(points.acknowledge({ ...popped, offsets: [0] }), false, 'too late for memory');
    clock.advance(1400);
    assert.deepEqual(written, []);
    clock.advance(500);
    assert.deepEqual([written, committed(), points.buffered], [['ck 3', 'ack 3'], 2, 0]);
  });

  it('three seconds before the messages are visible again at the latest', () => {
    points.add(point(0, 2, { invisibleTime: 5000 }), 0, 2);
    clock.advance(2000);
    assert.deepEqual(written, []);
    clock.advance(500);
    assert.deepEqual(written, ['ck 0']);
    points.add(point(2, 2, { invisibleTime: 4000 }), 0, 4);
    assert.deepEqual(written, ['ck 0', 'ck 0'], 'too short for memory');
  });

  it('a full buffer is no refusal', () => {
    for (const start of [0, 2, 4]) points.add(point(start), 0, start + 2);
    assert.deepEqual([points.buffered, written], [3, []]);
    points.add(point(6), 0, 8);
    assert.deepEqual([points.buffered, written, committed()], [3, ['ck 0'], undefined]);
  });

  it('a stop leaves nothing in memory; what cannot be written is popped again', () => {
    points.add(point(0), 0, 2);
    points.stop();
    assert.deepEqual([written, committed()], [['ck 0'], 2]);
    points = newPoints(true);
    points.add(point(2), 0, 4);
    isFull = true;
    points.stop();
    assert.equal(committed(), 2);
  });

  it('an operator’s offset is not moved by pops from before', () => {
    const popped = point(0);
    points.add(popped, 0, 2);
    points.clear('T', 'G', 0);
    offsets.commit('G', 'T', 0, 100);
    points.acknowledge(popped);
    assert.deepEqual([committed(), points.latest('T', 'G', 0)], [100, undefined]);
  });
});
