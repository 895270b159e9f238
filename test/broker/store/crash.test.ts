import assert from 'node:assert/strict';
import { cpSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import type { MessageStore } from '../../../src/broker/store/messageStore.ts';
import { decodeMessage, decodeMessages } from '../../../src/protocol/message.ts';
import { encodeProperties } from '../../../src/protocol/messageProperty.ts';
import { FakeClock } from '../../support/fakeClock.ts';
import { messageToStore, openStore } from '../../support/storeFixture.ts';
import { makeTempDir } from '../../support/tempDir.ts';

const QUEUES = 3;

describe('a crash under SYNC_FLUSH', function () {
  this.timeout(120_000);
  const temp = makeTempDir('crash');
  const clock = new FakeClock();
  const open = (directory: string): Promise<MessageStore> =>
    openStore(directory, { clock, flushDiskType: 'SYNC_FLUSH', index: { slots: 64, entries: 64 } });
  /** Bodies of the messages that were acknowledged, by queue. */
  const sent: string[][] = Array.from({ length: QUEUES }, () => []);
  const left = path.join(temp.path, 'left');

  const send = async (store: MessageStore, queueId: number, body: string): Promise<number> => {
    const properties = encodeProperties([
      ['UNIQ_KEY', `U${body}`],
      ['KEYS', `K${body}`],
    ]);
    const { queueOffset } = store.append(messageToStore({ queueId, body, properties }));
    assert.equal(await store.flushed(), true);
    return queueOffset;
  };

  before(async () => {
    const directory = path.join(temp.path, 'alive');
    const store = await open(directory);
    for (let index = 0; index < 120; index += 1) {
      const queueId = index % QUEUES;
      const body = `${index}:${'x'.repeat((index * 37) % 150)}`;
      await send(store, queueId, body);
      sent[queueId]?.push(body);
      if (index === 50 || index === 80) await store.deleteTopic('none'); // writes a checkpoint
    }
    cpSync(directory, left, { recursive: true });
    rmSync(path.join(left, 'lock'));
    await store.close();
  });
  after(() => temp.remove());

  async function assertAllThere(store: MessageStore, expected: readonly (readonly string[])[]): Promise<void> {
    for (const [queueId, bodies] of expected.entries()) {
      const found: string[] = [];
      for (let offset = 0; offset < store.maxOffset('T', queueId);) {
        const result = await store.read({ topic: 'T', queueId, offset, maxMessages: 32, maxBytes: 1_000_000 });
        assert.equal(result.status, 'found', `queue ${queueId} offset ${offset}`);
        const messages = decodeMessages(Buffer.concat(result.records));
        messages.forEach((message, index) => assert.equal(message.queueOffset, offset + index));
        found.push(...messages.map((message) => message.body.toString()));
        offset = result.nextBeginOffset;
      }
      assert.deepEqual(found, bodies);
      for (const body of bodies) {
        for (const key of [`U${body}`, `K${body}`]) {
          const query = { topic: 'T', key, type: 'K', begin: 0, end: Number.MAX_SAFE_INTEGER } as const;
          const { records } = await store.query(query, 9);
          assert.deepEqual(
            records.map((record) => decodeMessage(record).body.toString()),
            [body],
          );
        }
      }
    }
  }

  const damagedFiles = (): string[] =>
    ['consumequeue', 'index', 'checkpoint']
      .flatMap((name) => filesUnder(path.join(left, name)))
      .map((file) => path.relative(left, file));

  it('loses no message and no key, and doubles none, wherever queues, index or checkpoint were cut', async () => {
    const files = damagedFiles();
    assert.ok(files.length > 8, files.join());
    let round = 0;
    const damages = fc.array(fc.tuple(fc.constantFrom(...files), fc.double({ min: 0, max: 1, noNaN: true })), {
      minLength: 1,
      maxLength: 2,
    });
    await fc.assert(
      fc.asyncProperty(damages, fc.boolean(), async (cuts, isPadded) => {
        const damaged = path.join(temp.path, `damaged-${(round += 1)}`);
        cpSync(left, damaged, { recursive: true });
        for (const [name, where] of cuts) {
          const file = path.join(damaged, name);
          const { size } = statSync(file);
          truncateSync(file, Math.floor(size * where));
          // A system that crashed may give the length but not the bytes; finished index files were synced long ago.
          if (isPadded && name.startsWith('consumequeue')) truncateSync(file, size);
        }
        const store = await open(damaged);
        await assertAllThere(store, sent);
        assert.equal(await send(store, 1, `after-${round}`), sent[1]?.length);
        await store.close();
        const again = await open(damaged);
        await assertAllThere(
          again,
          sent.map((bodies, queueId) => (queueId === 1 ? [...bodies, `after-${round}`] : bodies)),
        );
        await again.close();
        rmSync(damaged, { recursive: true });
      }),
      { numRuns: 40 },
    );
  });

  it('and what it left opens any number of times', async () => {
    for (let time = 0; time < 3; time += 1) {
      const copy = path.join(temp.path, `again-${time}`);
      cpSync(left, copy, { recursive: true });
      const first = await open(copy);
      await assertAllThere(first, sent);
      const crashedAgain = path.join(temp.path, `crashed-${time}`);
      cpSync(copy, crashedAgain, { recursive: true });
      rmSync(path.join(crashedAgain, 'lock'));
      await first.close();
      const second = await open(crashedAgain);
      await assertAllThere(second, sent);
      await second.close();
    }
  });
});

function filesUnder(folder: string): string[] {
  if (!statSync(folder).isDirectory()) return [folder];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}
