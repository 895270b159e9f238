import assert from 'node:assert/strict';

import { startScenario } from '../support/apache/javaScenario.ts';
import type { RunningScenario } from '../support/scenario.ts';
import { forPrograms } from '../support/backends.ts';
import { requireTools } from '../support/skip.ts';
import { waitFor } from '../support/waitFor.ts';

forPrograms((cluster) => {
  describe('an application on the Spring starter', () => {
    let application: RunningScenario | undefined;

    before(async function () {
      this.timeout(240_000);
      requireTools(this, 'java', 'javac', 'mvn');
      const args = [await cluster.newTopic()];
      application = await startScenario('SpringClient', args, { release: 'spring', nameServer: cluster.nameServer });
      await application.untilLines('sent');
    });
    after(async () => application?.stop());

    const received = (by: string): string[] =>
      application!
        .lines('received')
        .filter((line) => line['by'] === by)
        .map((line) => String(line['body']));

    async function receives(by: string, bodies: readonly string[]): Promise<readonly string[]> {
      await waitFor(`${bodies.length} messages for ${by}`, () => received(by).length >= bodies.length, {
        timeoutMs: 120_000,
        details: () => received(by).join(', '),
      });
      return received(by);
    }

    it('sends in every way that the template has', async () => {
      assert.deepEqual(application!.lines('failed'), []);
      const sent = await application!.untilLines('sent', 7);
      assert.deepEqual(
        sent.map((line) => `${String(line['how'])} ${String(line['status'])}`).sort(),
        ['sync', 'async', 'batch', 'delayed', 'timer', 'rollback', 'commit'].map((how) => `${how} SEND_OK`).sort(),
      );
    });

    it('listens by tags, also to what was delayed and what a transaction committed', async () => {
      const expected = [
        'sync',
        'async',
        'one-way',
        '{"converted":1}',
        'batch 0',
        'batch 1',
        'delayed',
        'timer',
        'commit',
      ];
      assert.deepEqual([...(await receives('tagged', expected))].sort(), expected.sort());
      const waited = application!.lines('received').find((line) => line['body'] === 'timer');
      assert.ok(Number(waited?.['waitedMs']) >= 1_000);
    });

    it('listens by SQL92', async () => {
      assert.deepEqual(await receives('filtered', ['sync']), ['sync']);
    });

    it('listens in order', async () => {
      const numbers = Array.from({ length: 10 }, (_, n) => String(n));
      assert.deepEqual(await receives('ordered', numbers), numbers);
    });
  });
});
