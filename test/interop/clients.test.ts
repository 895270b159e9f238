import assert from 'node:assert/strict';

import { mqadmin } from '../support/apache/java.ts';
import { CLIENTS } from '../support/apache/jars.ts';
import { startScenario } from '../support/apache/javaScenario.ts';
import type { RunningScenario, ScenarioLine } from '../support/scenario.ts';
import { forPrograms } from '../support/backends.ts';
import { requireTools } from '../support/skip.ts';
import { waitFor } from '../support/waitFor.ts';

const SENT = 14;
const ALL = Array.from({ length: SENT }, (_, n) => String(n));

forPrograms((cluster) => {
  for (const release of CLIENTS) {
    describe(`the official Java client ${release}`, () => {
      let topic = '';
      let clients: RunningScenario | undefined;

      before(async function () {
        this.timeout(240_000);
        requireTools(this, 'java', 'javac', 'mvn');
        topic = await cluster.newTopic();
        clients = await startScenario('Clients', [topic], { release, nameServer: cluster.nameServer });
        await clients.untilLines('started');
      });
      after(async () => clients?.stop());

      const sent = (kind: string): ScenarioLine[] => clients!.lines('sent').filter((line) => line['kind'] === kind);

      /** The numbers that one consumer has got, in order, when there are as many. */
      const received = async (by: string, count: number): Promise<string[]> => {
        const lines = (): ScenarioLine[] => clients!.lines('received').filter((line) => line['by'] === by);
        await waitFor(`${count} messages for ${by}`, () => lines().length >= count, {
          timeoutMs: 120_000,
          details: () => clients!.output().slice(-8_000),
        });
        return lines()
          .map((line) => String(line['n']))
          .sort((a, b) => Number(a) - Number(b));
      };

      it('sends in every way', () => {
        assert.deepEqual(clients!.lines('failed'), []);
        for (const [kind, count] of Object.entries({ sync: 4, async: 2, batch: 1, selector: 2, compressed: 1 })) {
          assert.deepEqual(
            sent(kind).map((line) => line['status']),
            Array.from({ length: count }, () => 'SEND_OK'),
            kind,
          );
        }
        assert.deepEqual(
          sent('selector').map((line) => line['queueId']),
          [2, 2],
        );
        assert.equal(String(sent('batch')[0]?.['msgId']).split(',').length, 3);
        assert.equal(String(sent('batch')[0]?.['offsetMsgId']).split(',').length, 3);
      });

      it('pushes everything, each message once and as it was sent', async () => {
        assert.deepEqual(await received('all', SENT), ALL);
        const last = clients!.lines('received').find((line) => line['by'] === 'all' && line['n'] === '13');
        assert.deepEqual([last?.['size'], last?.['body']], [5003, 'xxxxxxx 13']);
      });

      it('pushes what a tag filter takes', async () => {
        assert.deepEqual(await received('tag', SENT / 2), ['0', '2', '4', '6', '8', '10', '12']);
      });

      it('pushes what an SQL92 filter takes', async () => {
        assert.deepEqual(await received('sql', 2), ['3', '5']);
      });

      it('broadcasts everything to each', async () => {
        assert.deepEqual(await received('cast one', SENT), ALL);
        assert.deepEqual(await received('cast two', SENT), ALL);
      });

      it('pulls by subscription with a filter, and by assignment', async () => {
        assert.deepEqual(await received('subscribed', SENT - 4), ALL.slice(4));
        assert.deepEqual(await received('assigned', SENT), ALL);
      });

      it('consumes again after mqadmin resetOffsetByTime', async () => {
        await received('all', SENT);
        const reset = ['resetOffsetByTime', '-g', `${topic}-all`, '-t', topic, '-s', String(Date.now() - 3_600_000)];
        const { output } = await mqadmin(cluster.nameServer, reset);
        assert.match(output, /broker-a +0 +0/);
        assert.deepEqual(
          await received('all', 2 * SENT),
          ALL.flatMap((n) => [n, n]),
        );
      }).timeout(240_000);
    });
  }
});
