import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { nextTurn } from '../../../src/base/nextTurn.ts';
import { ENTRY_BYTES } from '../../../src/broker/store/queueEntry.ts';
import { QueueTable } from '../../../src/broker/store/queueTable.ts';
import { makeTempDir } from '../../support/tempDir.ts';

const ENTRY = { physicalOffset: 0, sizeBytes: 100, tagsCode: 0 };

describe('QueueTable', () => {
  const temp = makeTempDir('queues');
  after(() => temp.remove());

  it('leaves no folder of a topic that is deleted while a file of it is made, whenever that is', async () => {
    const table = new QueueTable(temp.path, ENTRY_BYTES * 10);
    for (const turns of [0, 1, 2, 3, 5, 8]) {
      const queue = table.obtain('gone', 0);
      table.put(queue, 0, ENTRY);
      const making = queue.makeFile();
      for (let turn = 0; turn < turns; turn += 1) await nextTurn();
      await Promise.all([table.deleteTopic('gone'), making]);
      assert.deepEqual([existsSync(join(temp.path, 'consumequeue', 'gone')), table.entryCount], [false, 0]);
    }
  });

  it('begins a queue anew when no file of the one before it is being made any more', async () => {
    const root = join(temp.path, 'making');
    const table = new QueueTable(root, ENTRY_BYTES * 10);
    const old = table.obtain('again', 0);
    for (let offset = 0; offset < 10; offset += 1) table.put(old, offset, ENTRY);
    old.flush();
    table.put(old, 10, ENTRY);
    const making = old.makeFile();
    await table.deleteTopic('again', () => {
      assert.equal(old.making, undefined);
      return true;
    });
    const queue = table.obtain('again', 0);
    table.put(queue, 0, { ...ENTRY, physicalOffset: 7 });
    await making;
    queue.release();
    assert.deepEqual(readdirSync(join(root, 'consumequeue', 'again', '0')), ['0'.repeat(20)]);
  });

  it('keeps what a removed queue still writes out of the files of one that took its place', async () => {
    const root = join(temp.path, 'writing');
    const table = new QueueTable(root, ENTRY_BYTES * 10);
    const old = table.obtain('again', 0);
    table.put(old, 0, ENTRY);
    await table.toDisk(old);
    table.put(old, 1, ENTRY);
    const [writing, reading] = [old.flushLater(), old.entry(0)];
    const deleting = table.deleteTopic('again');
    const queue = table.obtain('again', 0);
    table.put(queue, 0, { ...ENTRY, physicalOffset: 7 });
    queue.flush();
    await Promise.all([writing, deleting]);
    queue.release();
    assert.notEqual((await reading)?.physicalOffset, 7);
    const reopened = new QueueTable(root, ENTRY_BYTES * 10);
    await reopened.load({ logStart: 0, safeOffset: 1000, crashed: false });
    assert.deepEqual(await reopened.find('again', 0)?.entry(0), { ...ENTRY, physicalOffset: 7 });
    assert.equal(reopened.find('again', 0)?.max, 1);
    reopened.release();
  });
});
