import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
  openSync,
  writeSync,
  closeSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { decodeMessages } from '../../../src/protocol/message.ts';
import type { MessageStore } from '../../../src/broker/store/messageStore.ts';
import { FakeClock } from '../../support/fakeClock.ts';
import { messageToStore, openStore } from '../../support/storeFixture.ts';
import { makeTempDir } from '../../support/tempDir.ts';

describe('recovery of the store', () => {
  const temp = makeTempDir('recovery');
  after(() => temp.remove());

  /** A copy of the directory while the broker runs is what `kill -9` leaves. */
  function crash(directory: string, name: string): string {
    const copy = join(temp.path, name);
    rmSync(copy, { recursive: true, force: true });
    cpSync(directory, copy, { recursive: true });
    rmSync(join(copy, 'lock'));
    return copy;
  }

  async function readAll(store: MessageStore, queueId: number): Promise<string[]> {
    const found: string[] = [];
    for (let offset = store.minOffset('T', queueId); offset < store.maxOffset('T', queueId);) {
      const result = await store.read({ topic: 'T', queueId, offset, maxMessages: 32, maxBytes: 1_000_000 });
      assert.equal(result.status, 'found', `queue ${queueId} offset ${offset}`);
      const messages = decodeMessages(Buffer.concat(result.records));
      messages.forEach((message, index) => assert.equal(message.queueOffset, offset + index));
      found.push(...messages.map((message) => message.body.toString()));
      offset = result.nextBeginOffset;
    }
    return found;
  }

  it('has every message that append returned for, though nothing was flushed', async () => {
    const store = await openStore(join(temp.path, 'killed'));
    for (let index = 0; index < 100; index += 1)
      store.append(messageToStore({ body: String(index), queueId: index % 3 }));
    const copy = crash(join(temp.path, 'killed'), 'killed-copy');
    await store.close();
    const reopened = await openStore(copy);
    for (const queueId of [0, 1, 2]) {
      const expected = Array.from({ length: 100 }, (_, index) => index).filter((index) => index % 3 === queueId);
      assert.deepEqual(await readAll(reopened, queueId), expected.map(String));
    }
    await reopened.close();
  });

  it('reads only what came after the last checkpoint', async () => {
    const clock = new FakeClock();
    const directory = join(temp.path, 'checkpointed');
    const store = await openStore(directory, { clock });
    for (let index = 0; index < 100; index += 1) store.append(messageToStore({ body: String(index) }));
    await store.deleteTopic('none'); // writes a checkpoint
    for (let index = 100; index < 110; index += 1) store.append(messageToStore({ body: String(index) }));
    const copy = crash(directory, 'checkpointed-copy');
    await store.close();
    const lines: string[] = [];
    const logger = {
      debug: () => undefined,
      info: (line: string) => lines.push(line),
      warn: () => undefined,
      error: () => undefined,
    };
    const reopened = await openStore(copy, { logger });
    assert.match(lines.join('\n'), /store recovered: 10 records/);
    assert.equal((await readAll(reopened, 0)).length, 110);
    await reopened.close();
  });

  it('makes lost queues again from the log', async () => {
    const directory = join(temp.path, 'queueless');
    const store = await openStore(directory);
    for (let index = 0; index < 60; index += 1) store.append(messageToStore({ body: String(index) }));
    await store.close();
    rmSync(join(directory, 'consumequeue'), { recursive: true });
    rmSync(join(directory, 'checkpoint'));
    const reopened = await openStore(directory);
    assert.equal((await readAll(reopened, 0)).length, 60);
    await reopened.close();
  });

  it('gives a topic that was deleted and made again its new messages only, also from the whole log', async () => {
    const directory = join(temp.path, 'made-again');
    const store = await openStore(directory);
    for (let index = 0; index < 50; index += 1) store.append(messageToStore({ body: `old ${index}` }));
    store.append(messageToStore({ body: 'old', queueId: 1 }));
    await store.deleteTopic('T');
    const sent = Array.from({ length: 20 }, (_, index) => `new ${index}`);
    for (const body of sent) store.append(messageToStore({ body }));
    await store.close();
    rmSync(join(directory, 'consumequeue'), { recursive: true });
    rmSync(join(directory, 'checkpoint'));
    for (const last of ['first', 'second']) {
      const reopened = await openStore(directory);
      assert.deepEqual(await readAll(reopened, 0), sent);
      sent.push(last);
      assert.equal(reopened.append(messageToStore({ body: last })).queueOffset, sent.length - 1);
      await reopened.close();
    }
  });

  it('reads on behind a message that ends with a zero, as items of a batch of Apache may, but not at the end', async () => {
    const directory = join(temp.path, 'zeros');
    const store = await openStore(directory);
    const odd = { properties: 'a\u0001b\0' };
    store.append(messageToStore({ body: 'first', ...odd }));
    // The next one begins a file.
    store.append(messageToStore({ body: Buffer.alloc(3800), ...odd }));
    store.append(messageToStore({ body: 'third' }));
    store.append(messageToStore({ body: 'torn', ...odd }));
    await store.close();
    rmSync(join(directory, 'consumequeue'), { recursive: true });
    rmSync(join(directory, 'checkpoint'));
    const reopened = await openStore(directory);
    const bodies = await readAll(reopened, 0);
    assert.deepEqual([bodies.length, bodies[0], bodies[2]], [3, 'first', 'third']);
    assert.ok(reopened.maxPhysicalOffset > 4096);
    await reopened.close();
  });

  it('keeps a whole prefix when the log is cut or overwritten at any byte, and goes on from there', async function () {
    this.timeout(60_000);
    const directory = join(temp.path, 'original');
    const store = await openStore(directory);
    const sent: string[] = [];
    const ends: number[] = [];
    for (let index = 0; index < 60; index += 1) {
      const body = `${index}:${'x'.repeat((index * 37) % 200)}`;
      const { physicalOffset, sizeBytes } = store.append(messageToStore({ body }));
      sent.push(body);
      ends.push(physicalOffset + sizeBytes);
    }
    const copy = crash(directory, 'original-copy');
    await store.close();
    const end = ends.at(-1)!;
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: end - 1 }), fc.constantFrom('zero', 'garbage'), async (at, damage) => {
        const damaged = join(temp.path, `damaged-${(round += 1)}`);
        cpSync(copy, damaged, { recursive: true });
        damageLog(join(damaged, 'commitlog'), at, damage);
        const reopened = await openStore(damaged);
        const found = await readAll(reopened, 0);
        const whole = ends.filter((recordEnd) => recordEnd <= at).length;
        assert.ok(found.length >= whole, `cut at ${at}: ${found.length} of ${whole}`);
        assert.deepEqual(found, sent.slice(0, found.length));
        assert.equal(reopened.append(messageToStore({ body: 'after' })).queueOffset, found.length);
        assert.deepEqual((await readAll(reopened, 0)).at(-1), 'after');
        await reopened.close();
        const again = await openStore(damaged);
        assert.deepEqual(await readAll(again, 0), [...found, 'after']);
        await again.close();
        rmSync(damaged, { recursive: true });
      }),
      { numRuns: 60 },
    );
  });

  it('takes over the lock of a process that is gone', async () => {
    const directory = join(temp.path, 'stale');
    const store = await openStore(directory);
    await store.close();
    writeFileSync(join(directory, 'lock'), JSON.stringify({ pid: process.pid, startMark: 'another start' }));
    const reopened = await openStore(directory);
    await reopened.close();
    assert.equal(existsSync(join(directory, 'lock')), false);
  });
});

/** From `at` on the bytes are zero, or noise for 300 bytes; later files are gone. */
function damageLog(directory: string, at: number, damage: string): void {
  for (const name of readdirSync(directory)) {
    const start = Number(name);
    const path = join(directory, name);
    const { size } = statSync(path);
    if (start > at) rmSync(path);
    else if (start + size > at) {
      truncateSync(path, at - start);
      truncateSync(path, size);
      if (damage === 'zero') continue;
      const file = openSync(path, 'r+');
      writeSync(file, Buffer.alloc(Math.min(300, start + size - at), 0xa7), 0, undefined, at - start);
      closeSync(file);
    }
  }
}
