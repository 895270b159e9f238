import assert from 'node:assert/strict';
import type { Clock } from '../../../../src/base/clock.ts';
import { silentLogger } from '../../../../src/base/logger.ts';
import { SlaveLink } from '../../../../src/broker/ha/slaveLink.ts';
import type { HaSettings } from '../../../../src/broker/ha/slaveLink.ts';
import type { MessageStore } from '../../../../src/broker/store/messageStore.ts';
import { HaTransferReader, encodeHaReport } from '../../../../src/protocol/haTransfer.ts';
import { FakeClock } from '../../../support/fakeClock.ts';
import { skewedClock } from '../../../support/skewedClock.ts';
import { messageToStore, openStore } from '../../../support/storeFixture.ts';
import { streamPair } from '../../../support/streamPair.ts';
import type { StreamEnd } from '../../../support/streamPair.ts';
import { makeTempDir } from '../../../support/tempDir.ts';
import type { TempDir } from '../../../support/tempDir.ts';
import { waitFor } from '../../../support/waitFor.ts';

const settings = {
  haSendHeartbeatInterval: 5000,
  haHousekeepingInterval: 20_000,
  haTransferBatchSize: 1024,
  haMaxGapNotInSync: 10_000,
  haFlowControlEnable: false,
  maxHaTransferByteInSecond: 4096,
};

describe('HA: a master and a slave of it', () => {
  let directory: TempDir;
  let store: MessageStore;
  let clock: FakeClock;
  const links: SlaveLink[] = [];

  beforeEach(async () => {
    directory = makeTempDir('ha');
    clock = new FakeClock();
    store = await openStore(directory.path, { clock });
  });
  afterEach(async () => {
    for (const link of links.splice(0)) link.dispose();
    await store.close();
    directory.remove();
  });

  /** A slave that writes down what it gets. */
  function connect(highWaterMark?: number, more: Partial<HaSettings> = {}, time: Clock = clock): Slave {
    const [near, far] = streamPair(highWaterMark === undefined ? {} : { highWaterMark });
    const slave = new Slave(far);
    const link = new SlaveLink({
      stream: near,
      address: 'slave:1',
      log: store,
      settings: { ...settings, ...more },
      clock: time,
      logger: silentLogger,
      onReport: () => (slave.reportsHeard += 1),
      onClose: () => (slave.isLetGo = true),
    });
    store.onGrowth(() => link.wake());
    links.push(link);
    slave.link = link;
    return slave;
  }

  function append(count: number, size = 300): void {
    for (let index = 0; index < count; index += 1) store.append(messageToStore({ body: Buffer.alloc(size, index) }));
  }

  /** The log from an offset on, as it lies in the files. */
  async function logFrom(offset: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (let at = offset; at < store.maxPhysicalOffset; at += pieces.at(-1)?.length ?? 0) {
      pieces.push(await store.readLog(at, 1024));
    }
    return Buffer.concat(pieces);
  }

  it('sends nothing before the slave says where it is', async () => {
    append(2);
    const slave = connect();
    await clock.advanceAsync(6000);
    assert.equal(slave.bytes.length, 0);
    assert.equal(slave.link?.reported, -1);
  });

  it('sends what lies behind the offset, and what comes after, in whole batches that cross no file', async () => {
    append(30);
    const from = store.append(messageToStore({})).physicalOffset;
    append(30);
    const slave = connect();
    slave.report(from);
    await slave.untilAt(store.maxPhysicalOffset);
    append(1);
    await slave.untilAt(store.maxPhysicalOffset);
    assert.deepEqual(slave.bytes, await logFrom(from));
    for (const { offset, sizeBytes } of slave.pieces) {
      assert.ok(sizeBytes <= 1024);
      assert.equal(store.logFileStart(offset), store.logFileStart(offset + sizeBytes - 1), `${offset} + ${sizeBytes}`);
    }
  });

  it('sends what comes in the turn of its last look', async () => {
    const slave = connect();
    slave.report(0);
    await waitFor('the slave to follow', () => slave.link?.reported === 0);
    append(1);
    append(1);
    await slave.untilAt(store.maxPhysicalOffset);
  });

  it('sends no more in a second than it may', async () => {
    append(40);
    const slave = connect(undefined, { haFlowControlEnable: true, maxHaTransferByteInSecond: 1500 });
    slave.heard(encodeHaReport(10));
    const sent = (): number => (slave.link?.status(0).transferFromWhere ?? 0) - 10;
    for (const total of [1500, 3000, 4500]) {
      await waitFor('what it may', () => sent() === total, { pollMs: 1 });
      await clock.advanceAsync(999);
      assert.equal(sent(), total);
      await clock.advanceAsync(1);
    }
  });

  it('is in sync with nobody who said nothing yet', () => {
    assert.equal(connect().link?.isInSync(0), false);
  });

  it('begins at the newest file for a slave that has nothing', async () => {
    append(30);
    const slave = connect();
    slave.report(0);
    await slave.untilAt(store.maxPhysicalOffset);
    const from = store.logFileStart(store.maxPhysicalOffset);
    assert.ok(from > 0);
    assert.equal(slave.pieces[0]?.offset, from);
    assert.deepEqual(slave.bytes, await logFrom(from));
  });

  it('knows how far the slave is, and whether that is in sync', () => {
    append(40);
    const end = store.maxPhysicalOffset;
    const slave = connect();
    assert.ok(end > 10_000);
    slave.heard(encodeHaReport(end).subarray(0, 3));
    assert.equal(slave.link?.reported, -1);
    slave.heard(encodeHaReport(end).subarray(3));
    assert.equal(slave.link.reported, end);
    assert.equal(slave.reportsHeard, 1);
    assert.deepEqual(slave.link.status(end + 9_999), {
      addr: 'slave:1',
      slaveAckOffset: end,
      diff: 9_999,
      inSync: true,
      transferredByteInSecond: 0,
      transferFromWhere: end,
    });
    assert.equal(slave.link.isInSync(end + 10_000), false);
  });

  it('does not serve a slave that is not within this log', () => {
    append(3);
    const slave = connect();
    slave.heard(encodeHaReport(store.maxPhysicalOffset + 1));
    assert.ok(slave.isLetGo);
    assert.equal(slave.link?.reported, -1, 'what it has counts for nothing');
    assert.equal(slave.reportsHeard, 0);
  });

  it('does not serve a slave that waits for what is gone', async () => {
    append(40);
    assert.equal(await store.removeOldFiles(2, () => true), 2);
    const slave = connect();
    slave.heard(encodeHaReport(10));
    assert.ok(slave.isLetGo);
  });

  it('gives a sign of life after silence, and lets a silent slave go', async () => {
    append(1);
    const slave = connect();
    slave.report(store.maxPhysicalOffset);
    await waitFor('the report', () => slave.reportsHeard === 1, { pollMs: 1 });
    await clock.advanceAsync(5000);
    assert.deepEqual(slave.idle, []);
    await clock.advanceAsync(1000);
    await waitFor('the sign of life', () => slave.idle.length === 1, { pollMs: 1 });
    assert.deepEqual(slave.idle, [store.maxPhysicalOffset]);
    await clock.advanceAsync(14_000);
    assert.equal(slave.isLetGo, false);
    await clock.advanceAsync(1000);
    assert.ok(slave.isLetGo);
    assert.equal(clock.pendingCount, 0);
  });

  it('gives signs of life and lets a silent slave go, though the clock is set back', async () => {
    append(1);
    const skewed = skewedClock(clock);
    const slave = connect(undefined, {}, skewed);
    slave.report(store.maxPhysicalOffset);
    await waitFor('the report', () => slave.reportsHeard === 1, { pollMs: 1 });
    await clock.advanceAsync(1000);
    skewed.setBack(3_600_000);
    await clock.advanceAsync(6000);
    await waitFor('the sign of life', () => slave.idle.length === 1, { pollMs: 1 });
    await clock.advanceAsync(16_000);
    assert.ok(slave.isLetGo);
  });

  it('holds no more than a window for a slave that does not read, while it catches up from the files', async () => {
    append(400);
    await store.close();
    store = await openStore(directory.path, { clock });
    const slave = connect(2048);
    slave.end.pause();
    slave.heard(encodeHaReport(100_000));
    const sent = (): number => (slave.link?.status(0).transferFromWhere ?? 0) - 100_000;
    await waitFor('the first batches', () => sent() > 0, { pollMs: 1 });
    await clock.advanceAsync(2000);
    assert.ok(sent() < 16_384, `${sent()} bytes are on the way`);
    slave.end.resume();
    await slave.untilAt(store.maxPhysicalOffset);
    assert.deepEqual(slave.bytes, await logFrom(100_000));
  });
});

class Slave {
  readonly end: StreamEnd;
  readonly #reader = new HaTransferReader();
  readonly pieces: { offset: number; sizeBytes: number }[] = [];
  readonly idle: number[] = [];
  #bytes: Buffer[] = [];
  link: SlaveLink | undefined;
  reportsHeard = 0;
  isLetGo = false;

  constructor(end: StreamEnd) {
    this.end = end;
    end.on('data', (chunk: Buffer) => {
      for (const { offset, bytes } of this.#reader.push(chunk)) {
        if (bytes.length === 0) this.idle.push(offset);
        else this.pieces.push({ offset, sizeBytes: bytes.length });
        this.#bytes.push(bytes);
      }
    });
    end.on('error', () => undefined);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#bytes);
  }

  report(offset: number): void {
    this.end.write(encodeHaReport(offset));
  }

  /** The master reads it at once. */
  heard(bytes: Buffer): void {
    this.end.peer?.emit('data', bytes);
  }

  async untilAt(offset: number): Promise<void> {
    await waitFor(
      `the slave to be at ${offset}`,
      () => {
        const last = this.pieces.at(-1);
        return last !== undefined && last.offset + last.sizeBytes === offset;
      },
      { pollMs: 1 },
    );
  }
}
