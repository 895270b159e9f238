import assert from 'node:assert/strict';
import { silentLogger } from '../../../../src/base/logger.ts';
import { Follower } from '../../../../src/broker/ha/follower.ts';
import type { MessageStore } from '../../../../src/broker/store/messageStore.ts';
import { HaReportReader, encodeTransferHeader } from '../../../../src/protocol/haTransfer.ts';
import { FakeClock } from '../../../support/fakeClock.ts';
import { skewedClock } from '../../../support/skewedClock.ts';
import type { SkewedClock } from '../../../support/skewedClock.ts';
import { messageToStore, openStore } from '../../../support/storeFixture.ts';
import { streamPair } from '../../../support/streamPair.ts';
import type { StreamEnd } from '../../../support/streamPair.ts';
import { makeTempDir } from '../../../support/tempDir.ts';
import type { TempDir } from '../../../support/tempDir.ts';
import { waitFor } from '../../../support/waitFor.ts';

describe('HA: a slave and a scripted master', () => {
  let directories: TempDir[];
  let clock: FakeClock;
  let time: SkewedClock;
  let master: MessageStore;
  let slave: MessageStore;
  let follower: Follower;
  let tries: string[];
  let ends: StreamEnd[];
  let reports: number[];
  let foundAt: string | undefined;
  let difference: string | undefined;

  beforeEach(async () => {
    directories = [makeTempDir('master'), makeTempDir('slave')];
    clock = new FakeClock();
    time = skewedClock(clock);
    master = await openStore(directories[0]?.path ?? '');
    slave = await openStore(directories[1]?.path ?? '');
    [tries, ends, reports, foundAt, difference] = [[], [], [], 'm:1', undefined];
    follower = new Follower({
      store: slave,
      replica: slave.follow(),
      settings: { haSendHeartbeatInterval: 5000, haHousekeepingInterval: 20_000 },
      clock: time,
      logger: silentLogger,
      onFollowing: () => undefined,
      findMaster: () => Promise.resolve(foundAt),
      check: () => (difference === undefined ? Promise.resolve() : Promise.reject(new Error(difference))),
      connect: (address) => {
        tries.push(address);
        const [near, far] = streamPair();
        const reader = new HaReportReader();
        far.on('data', (chunk: Buffer) => {
          const report = reader.push(chunk);
          if (report !== undefined) reports.push(report);
        });
        far.on('error', () => undefined);
        ends.push(far);
        return Promise.resolve(near);
      },
    });
  });
  afterEach(async () => {
    follower.dispose();
    await master.close();
    await slave.close();
    for (const directory of directories) directory.remove();
  });

  async function untilReported(count: number): Promise<number | undefined> {
    await waitFor(`${count} reports`, () => reports.length >= count, { pollMs: 1 });
    return reports.at(-1);
  }

  /** A transfer as a master sends it. */
  async function transfer(offset: number, sizeBytes = 4096): Promise<Buffer> {
    const bytes = await master.readLog(offset, sizeBytes);
    return Buffer.concat([encodeTransferHeader(offset, bytes.length), bytes]);
  }

  function end(): StreamEnd {
    const last = ends.at(-1);
    assert.ok(last);
    return last;
  }

  it('says where it is at once, and after all that it took', async () => {
    master.append(messageToStore({}));
    follower.start();
    assert.equal(await untilReported(1), 0);
    end().write(await transfer(0));
    assert.equal(await untilReported(2), master.maxPhysicalOffset);
    assert.equal(slave.maxOffset('T', 0), 1);
    const status = follower.status();
    assert.deepEqual([status.masterAddr, status.maxOffset], ['m:1', master.maxPhysicalOffset]);
  });

  it('gives signs of life, and leaves a master that gives none', async () => {
    follower.start();
    await untilReported(1);
    await clock.advanceAsync(6000);
    assert.equal(await untilReported(2), 0);
    end().write(encodeTransferHeader(0, 0));
    await waitFor('the sign of life', () => follower.status().lastReadTimestamp === clock.now(), { pollMs: 1 });
    await clock.advanceAsync(20_000);
    assert.ok(follower.isConnected);
    await clock.advanceAsync(1000);
    assert.equal(follower.isConnected, false);
    await clock.advanceAsync(500);
    assert.deepEqual(tries, ['m:1', 'm:1']);
  });

  it('goes on so when the clock is set back', async () => {
    follower.start();
    await untilReported(1);
    await clock.advanceAsync(1000);
    time.setBack(3_600_000);
    await clock.advanceAsync(7000);
    assert.equal(await untilReported(2), 0);
    await clock.advanceAsync(15_000);
    assert.deepEqual(tries, ['m:1', 'm:1'], 'it left a master that was silent');
  });

  it('waits longer after each failure, follows a master that moved, and is quick again', async () => {
    foundAt = undefined;
    follower.start();
    await clock.advanceAsync(499 + 1000 + 2000);
    assert.deepEqual(tries, []);
    foundAt = 'm:2';
    await clock.advanceAsync(4000 + 1);
    assert.deepEqual(tries, ['m:2']);
    end().write(encodeTransferHeader(0, 0));
    await waitFor('the sign of life', () => follower.status().lastReadTimestamp === clock.now(), { pollMs: 1 });
    foundAt = undefined;
    end().destroy();
    await waitFor('the end', () => !follower.isConnected, { pollMs: 1 });
    await clock.advanceAsync(500);
    assert.deepEqual(tries, ['m:2', 'm:2'], 'nobody knows another');
  });

  it('takes nothing from where it is not, and asks for it anew', async () => {
    master.append(messageToStore({}));
    master.append(messageToStore({}));
    follower.start();
    await untilReported(1);
    const second = await master.readLog(0, 4);
    end().write(await transfer(0, second.readInt32BE(0)));
    await untilReported(2);
    const at = slave.maxPhysicalOffset;
    end().write(await transfer(0));
    await waitFor('the end', () => !follower.isConnected, { pollMs: 1 });
    assert.equal(slave.maxPhysicalOffset, at);
    await clock.advanceAsync(500);
    assert.equal(await untilReported(3), at);
    end().write(await transfer(at));
    assert.equal(await untilReported(4), master.maxPhysicalOffset);
  });

  it('begins half a record anew after the line was cut', async () => {
    master.append(messageToStore({ body: Buffer.alloc(1000) }));
    follower.start();
    await untilReported(1);
    end().write(await transfer(0, 500));
    await waitFor(
      'the half',
      () => follower.status().transferredByteInSecond > 0 || clock.advance(1000) !== undefined,
      {
        pollMs: 1,
      },
    );
    assert.equal(slave.maxPhysicalOffset, 0);
    end().destroy();
    await waitFor('the end', () => !follower.isConnected, { pollMs: 1 });
    await clock.advanceAsync(500);
    assert.equal(await untilReported(2), 0);
    end().write(await transfer(0, 700));
    end().write(await transfer(700));
    assert.equal(await untilReported(3), master.maxPhysicalOffset);
  });

  it('does not connect while its log differs from that of the master', async () => {
    difference = 'other messages';
    follower.start();
    await clock.advanceAsync(10_000);
    assert.deepEqual(tries, []);
    difference = undefined;
    await clock.advanceAsync(5000);
    assert.deepEqual(tries, ['m:1']);
  });

  it('leaves no timer behind', async () => {
    follower.start();
    await untilReported(1);
    follower.dispose();
    assert.equal(clock.pendingCount, 0);
    end().write(await transfer(0));
    await clock.advanceAsync(10_000);
    assert.deepEqual(tries, ['m:1']);
  });
});
