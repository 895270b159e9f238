import assert from 'node:assert/strict';
import { isCodedError } from '../../../src/base/errors.ts';
import type { MessageStore } from '../../../src/broker/store/messageStore.ts';
import { FollowsMaster } from '../../../src/broker/store/followsMaster.ts';
import type { Replica } from '../../../src/broker/store/replica.ts';
import { decodeMessages } from '../../../src/protocol/message.ts';
import { SysFlag } from '../../../src/protocol/sysFlag.ts';
import { messageToStore, openStore } from '../../support/storeFixture.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import type { TempDir } from '../../support/tempDir.ts';

describe('a store that follows that of a master', () => {
  let directories: TempDir[];
  let master: MessageStore;
  let slave: MessageStore;
  let replica: Replica;

  beforeEach(async () => {
    directories = [makeTempDir('master'), makeTempDir('slave')];
    master = await openStore(directories[0]?.path ?? '');
    slave = await openStore(directories[1]?.path ?? '');
    replica = slave.follow();
  });
  afterEach(async () => {
    await master.close();
    await slave.close();
    for (const directory of directories) directory.remove();
  });

  function append(count: number, more: Parameters<typeof messageToStore>[0] = {}): void {
    for (let index = 0; index < count; index += 1) {
      const properties = `KEYS\u0001k${index}\u0002TAGS\u0001${index % 2 === 0 ? 'even' : 'odd'}\u0002UNIQ_KEY\u0001u${index}\u0002`;
      master.append(messageToStore({ queueId: index % 3, body: `${index}`.padEnd(200, '.'), properties, ...more }));
    }
  }

  /** Brings over what the slave lacks, in pieces of that size, three at a time. */
  async function transfer(pieceBytes: number, replicaOf = replica): Promise<void> {
    for (let pieces = 1; replicaOf.next < master.maxPhysicalOffset; pieces += 1) {
      const piece = Buffer.from(await master.readLog(replicaOf.next, pieceBytes));
      replicaOf.take(piece);
      // Who reads from a socket may use the memory again.
      piece.fill(0);
      if (pieces % 3 === 0) replicaOf.store();
    }
    replicaOf.store();
  }

  async function bodies(store: MessageStore, queueId: number, offset = 0): Promise<string[]> {
    const found: string[] = [];
    for (let next = offset; ;) {
      const { status, records, nextBeginOffset } = await store.read({
        topic: 'T',
        queueId,
        offset: next,
        maxMessages: 32,
        maxBytes: 100_000,
      });
      if (status !== 'found') return found;
      for (const record of records) found.push(...decodeMessages(record).map(({ body }) => body.toString()));
      next = nextBeginOffset;
    }
  }

  it('has the same log, queues and index, however the bytes are cut', async () => {
    append(60);
    for (const pieceBytes of [1, 7, 100, 1024, 5000]) {
      const directory = makeTempDir('copy');
      directories.push(directory);
      const copy = await openStore(directory.path);
      await transfer(pieceBytes, copy.follow());
      assert.equal(copy.maxPhysicalOffset, master.maxPhysicalOffset);
      for (let at = 0; at < master.maxPhysicalOffset; at += 512) {
        assert.deepEqual(
          await copy.readLog(at, 512),
          await master.readLog(at, 512),
          `pieces of ${pieceBytes}, at ${at}`,
        );
      }
      for (const queueId of [0, 1, 2]) assert.deepEqual(await bodies(copy, queueId), await bodies(master, queueId));
      const query = { topic: 'T', key: 'k7', type: 'K', begin: 0, end: Number.MAX_SAFE_INTEGER } as const;
      assert.deepEqual((await copy.query(query, 32)).records, (await master.query(query, 32)).records);
      assert.equal((await copy.query(query, 32)).records.length, 1);
      await copy.close();
    }
  });

  it('holds whole records only, and begins those anew that were cut off', async () => {
    append(3);
    const bytes = Buffer.from(await master.readLog(0, 4096));
    const second = bytes.readInt32BE(0);
    replica.take(bytes.subarray(0, second + 100));
    assert.deepEqual([slave.maxPhysicalOffset, replica.next], [0, second + 100]);
    replica.store();
    assert.equal(slave.maxPhysicalOffset, second);
    assert.equal(replica.next, second + 100);
    replica.reset();
    assert.equal(replica.next, second);
    await transfer(64);
    assert.deepEqual(await bodies(slave, 1), await bodies(master, 1));
  });

  it('goes on after a restart, as a slave and as a master', async () => {
    append(20);
    await transfer(1024);
    const directory = slave.directory;
    await slave.close();
    slave = await openStore(directory);
    append(20);
    await transfer(1024, slave.follow());
    for (const queueId of [0, 1, 2]) assert.deepEqual(await bodies(slave, queueId), await bodies(master, queueId));
    assert.equal((await slave.lastRecord())?.bytes.equals((await master.lastRecord())?.bytes ?? Buffer.alloc(0)), true);
    await slave.close();
    slave = await openStore(directory);
    const before = slave.maxOffset('T', 0);
    assert.equal(slave.append(messageToStore({})).queueOffset, before);
  });

  it('may begin in the middle, where an empty slave gets the newest file', async () => {
    append(60);
    const from = master.logFileStart(master.maxPhysicalOffset);
    assert.ok(from > 0);
    replica.beginAt(from);
    await transfer(512);
    assert.equal(slave.minPhysicalOffset, from);
    const first = slave.minOffset('T', 0);
    assert.ok(first > 0);
    assert.deepEqual(await bodies(slave, 0, first), await bodies(master, 0, first));
    const directory = slave.directory;
    await slave.close();
    slave = await openStore(directory);
    assert.equal(slave.minOffset('T', 0), first);
    assert.deepEqual(await bodies(slave, 0, first), await bodies(master, 0, first));
  });

  it('takes what does not belong there from nobody', async () => {
    append(2);
    const bytes = Buffer.from(await master.readLog(0, 4096));
    const size = bytes.readInt32BE(0);
    const torn = Buffer.from(bytes);
    torn.writeUInt8(torn.readUInt8(size - 60) ^ 1, size - 60);
    const huge = Buffer.alloc(100, 0x7f);
    for (const wrong of [bytes.subarray(size), torn, huge, Buffer.alloc(64)]) {
      replica.take(Buffer.from(wrong));
      assert.throws(
        () => replica.store(),
        (error) => isCodedError(error, 'message-illegal'),
      );
      replica.reset();
      assert.equal(slave.maxPhysicalOffset, 0);
    }
    await transfer(4096);
    assert.equal(slave.maxPhysicalOffset, master.maxPhysicalOffset);
  });

  it('refuses records beyond its own files', async () => {
    const directory = makeTempDir('small');
    directories.push(directory);
    append(10);
    const small = await openStore(directory.path, { commitLogFileBytes: 1024 });
    await assert.rejects(transfer(300, small.follow()), /files of another size/);
    await small.close();
  });

  it('stores nothing of its own', () => {
    assert.throws(() => slave.append(messageToStore({})), FollowsMaster);
    assert.throws(() => slave.stage(messageToStore({})), FollowsMaster);
    assert.equal(slave.maxOffset('T', 0), 0);
  });

  it('keeps half messages out of the queues, and begins a queue anew that its master did', async () => {
    append(3, { queueId: 0 });
    append(1, { sysFlag: SysFlag.TRANSACTION_PREPARED });
    await transfer(1024);
    assert.equal(slave.maxOffset('T', 0), 3);
    await master.deleteTopic('T');
    append(1, { queueId: 0, body: 'again' });
    await transfer(1024);
    assert.deepEqual(await bodies(slave, 0), ['again']);
  });

  it('tells readers that wait', async () => {
    const arrived: string[] = [];
    slave.onArrival(({ topic, queueId, offset }) => arrived.push(`${topic}/${queueId}/${offset}`));
    append(3);
    await transfer(1024);
    assert.deepEqual(arrived, ['T/0/0', 'T/1/0', 'T/2/0']);
  });
});
