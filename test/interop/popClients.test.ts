import assert from 'node:assert/strict';

import { mqadmin } from '../support/apache/java.ts';
import { startScenario } from '../support/apache/javaScenario.ts';
import type { RunningScenario, ScenarioLine } from '../support/scenario.ts';
import { forPrograms, uniqueName } from '../support/backends.ts';
import { requireTools } from '../support/skip.ts';
import { waitFor } from '../support/waitFor.ts';

const SENT = 20;
const ALL = Array.from({ length: SENT }, (_, n) => n);
/** A message that is to come later has 10 s, and the broker some more. */
const AGAIN_MS = 120_000;

forPrograms((cluster) => {
  describe('the official Java client by POP', () => {
    let topic = '';
    let clients: RunningScenario | undefined;

    before(async function () {
      this.timeout(240_000);
      requireTools(this, 'java', 'javac', 'mvn');
      topic = await cluster.newTopic();
      clients = await startScenario('PopClients', [topic, String(SENT)], {
        release: '5',
        nameServer: cluster.nameServer,
      });
      await clients.untilLines('sent');
    });
    after(async () => clients?.stop());

    /** Deliveries to those consumers, when there are as many. */
    const received = async (by: readonly string[], count: number): Promise<ScenarioLine[]> => {
      const lines = (): ScenarioLine[] => clients!.lines('received').filter((line) => by.includes(String(line['by'])));
      await waitFor(`${count} messages for ${by.join(', ')}`, () => lines().length >= count, {
        timeoutMs: AGAIN_MS,
        details: () => clients!.output().slice(-8_000),
      });
      return lines();
    };
    const numbers = (lines: readonly ScenarioLine[]): number[] =>
      lines.map((line) => Number(line['n'])).sort((a, b) => a - b);

    it('gets what a tag filter takes, once', async () => {
      const lines = await received(['tag'], SENT / 2);
      assert.deepEqual(
        numbers(lines),
        ALL.filter((n) => n % 2 === 0),
      );
    });

    it('shares a topic between two clients, each message for one of them', async () => {
      assert.deepEqual(numbers(await received(['one', 'two'], SENT)), ALL);
    });

    it('gets again what it asked to have later, counted, under the topic’s name', async function () {
      this.timeout(AGAIN_MS + 5000);
      const lines = await received(['all'], SENT + 1);
      assert.deepEqual(
        numbers(lines),
        [...ALL, 3].sort((a, b) => a - b),
      );
      assert.deepEqual(
        lines.filter((line) => line['n'] === '3').map((line) => [line['reconsumeTimes'], line['topic']]),
        [
          [0, topic],
          [1, topic],
        ],
      );
    });

    it('gets again what it was too slow for', async function () {
      this.timeout(AGAIN_MS + 5000);
      const lines = await received(['slow'], SENT + 1);
      assert.deepEqual(
        lines.filter((line) => line['n'] === '0').map((line) => line['reconsumeTimes']),
        [0, 1],
      );
      assert.equal(lines.length, SENT + 1);
    });

    it('leaves nothing behind: no message comes a third time', () => {
      assert.equal(clients!.lines('received').length, SENT * 3 + 2 + SENT / 2);
    });

    it('mqadmin switches a group to POP', async function () {
      this.timeout(400_000);
      const group = uniqueName('Group');
      await mqadmin(cluster.nameServer, ['updateSubGroup', '-c', cluster.clusterName, '-g', group]);
      const { output } = await mqadmin(cluster.nameServer, [
        'setConsumeMode',
        ...['-c', cluster.clusterName, '-t', topic, '-g', group, '-m', 'POP', '-q', '2'],
      ]);
      assert.match(output, /set consume mode to .* success/);
      assert.match(output, /mode:? ?POP|mode\[POP\]/i);
    });
  });
});
