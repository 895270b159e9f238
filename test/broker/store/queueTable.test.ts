import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
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
      const making = table.makeFile(queue);
      for (let turn = 0; turn < turns; turn += 1) await nextTurn();
      await Promise.all([table.deleteTopic('gone'), making]);
      assert.deepEqual([existsSync(join(temp.path, 'consumequeue', 'gone')), table.entryCount], [false, 0]);
    }
  });

  it('leaves a queue alone that took the place of one that was deleted while its file was made', () =>
    takesThePlace('makeFile'));

  it('leaves it alone as well when the one before it was on its way to the disk', () => takesThePlace('toDisk'));

  async function takesThePlace(work: 'makeFile' | 'toDisk'): Promise<void> {
    const table = new QueueTable(join(temp.path, work), ENTRY_BYTES * 10);
    const old = table.obtain('again', 0);
    table.put(old, 0, ENTRY);
    const making = table[work](old);
    const deleting = table.deleteTopic('again');
    const queue = table.obtain('again', 0);
    table.put(queue, 0, { ...ENTRY, physicalOffset: 7 });
    queue.flush();
    await Promise.all([making, deleting]);
    queue.release();
    const reopened = new QueueTable(join(temp.path, work), ENTRY_BYTES * 10);
    await reopened.load({ logStart: 0, safeOffset: 1000, crashed: false });
    assert.deepEqual(await reopened.find('again', 0)?.entry(0), { ...ENTRY, physicalOffset: 7 });
    assert.equal(reopened.find('again', 0)?.max, 1);
    reopened.release();
  }
});
