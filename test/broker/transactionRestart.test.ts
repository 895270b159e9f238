import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { makeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';
import { TestBroker } from './testBroker.ts';
import { COMMIT, ROLLBACK } from './transactionClient.ts';
import { CHECKED, GROUP, HALF, ROUND_MS, transactionClient } from './transactions.ts';

describe('broker: transactions over a restart', () => {
  const directory = makeTempDir('transactions');
  after(() => directory.remove());

  /** The files as they are at this moment, as a process that is killed leaves them. */
  const snapshot = (from: string, name: string): string => {
    const to = path.join(directory.path, name);
    cpSync(from, to, { recursive: true });
    rmSync(path.join(to, 'lock'), { force: true });
    return to;
  };

  it('goes on where it was, also after a kill: what ended is asked about no more, what is open is', async () => {
    const running = path.join(directory.path, 'running');
    const first = await TestBroker.start({ directory: running, broker: CHECKED });
    const producer = await transactionClient(first);
    await first.createTopic('T', 1);
    await producer.end(await producer.half('T', 'done'), COMMIT);
    await producer.half('T', 'open');
    await producer.end(await producer.half('T', 'undone'), ROLLBACK);
    await first.clock.advanceAsync(3000);
    const killed = snapshot(running, 'killed');
    await first.stop();
    for (const store of [running, killed]) {
      const second = await TestBroker.start({ directory: store, broker: CHECKED });
      try {
        // The clock of a new broker begins again, before the messages were born.
        await second.clock.advanceAsync(3000);
        const client = await transactionClient(second);
        await second.clock.advanceAsync(ROUND_MS);
        // What is read from disk takes its own time.
        const { offsets } = second.context;
        const reached = (offset: number): Promise<unknown> =>
          waitFor('the end of a round', () => offsets.committed(GROUP, HALF, 0) === offset, { pollMs: 2 });
        await reached(3);
        await second.clock.advanceAsync(ROUND_MS);
        await reached(4);
        const asked = (await client.settled())[1];
        assert.ok(asked);
        assert.deepEqual(
          client.questions.map(({ half }) => half.body.toString()),
          ['open', 'open'],
        );
        await client.end(asked.place, COMMIT, { fromTransactionCheck: 'true' });
        assert.deepEqual(
          (await second.read('T')).map(({ body }) => body.toString()),
          ['done', 'open'],
        );
      } finally {
        await second.stop();
      }
    }
  });
});
