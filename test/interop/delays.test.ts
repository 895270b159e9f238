import assert from 'node:assert/strict';

import { startScenario } from '../support/apache/javaScenario.ts';
import type { RunningScenario, ScenarioLine } from '../support/scenario.ts';
import { forPrograms } from '../support/backends.ts';
import { requireTools } from '../support/skip.ts';

/** Brokers and clients share a busy machine. */
const MOST_LATE_MS = 15_000;

forPrograms(
  (cluster) => {
    describe('the official Java client, with messages for later', () => {
      let clients: RunningScenario | undefined;
      let topic = '';
      let failing = '';

      before(async function () {
        this.timeout(240_000);
        requireTools(this, 'java', 'javac', 'mvn');
        topic = await cluster.newTopic();
        failing = await cluster.newTopic({ readQueueNums: 1, writeQueueNums: 1 });
        clients = await startScenario('Delays', [topic, failing], { release: '5', nameServer: cluster.nameServer });
      });
      after(async () => clients?.stop());

      /** What one consumer got, when there is as much of it. */
      const received = async (by: string, count: number): Promise<ScenarioLine[]> => {
        const ofHim = (): ScenarioLine[] => clients!.lines('received').filter((line) => line['by'] === by);
        for (let seen = 1; ofHim().length < count; seen += 1) await clients!.untilLines('received', seen);
        return ofHim();
      };

      it('gets each at its time, and none that was taken back', async () => {
        const sent = await clients!.untilLines('sent', 6);
        assert.deepEqual(
          sent.map((line) => [line['body'], line['status'], line['recall']]),
          [
            ['level', 'SEND_OK', false],
            ['millis', 'SEND_OK', true],
            ['seconds', 'SEND_OK', true],
            ['moment', 'SEND_OK', true],
            ['past', 'SEND_OK', false],
            ['last', 'SEND_OK', true],
          ],
        );
        assert.deepEqual(
          (await clients!.untilLines('recalled')).map((line) => line['is']),
          [true],
        );
        const found = await received(`${topic}-delays`, 6);
        assert.deepEqual(found.map((line) => line['body']).sort(), [
          'last',
          'level',
          'millis',
          'moment',
          'past',
          'seconds',
        ]);
        for (const { body, dueMs } of sent) {
          const storedMs = Number(found.find((line) => line['body'] === body)?.['storedMs']);
          const isInTime = dueMs === 0 || (storedMs >= Number(dueMs) && storedMs < Number(dueMs) + MOST_LATE_MS);
          assert.ok(isInTime, `${String(body)} ${storedMs - Number(dueMs)} ms after its time`);
        }
      });

      it('is told that three days are the most', async () => {
        const [refused] = await clients!.untilLines('refused');
        assert.equal(refused?.['code'], 13);
        assert.match(String(refused['text']), /^timer message illegal, the delay time should not be bigger than/);
      });

      for (const [kind, tries] of [
        ['concurrent', [0, 1, 2]],
        ['ordered', [0, 1, 2]],
      ] as const) {
        it(`tries again in ${kind} consumption until the limit, and finds the dead letter`, async () => {
          const group = `${failing}-${kind}`;
          const found = await received(group, tries.length);
          assert.deepEqual(
            found.map((line) => [line['times'], line['topic'], line['tag']]),
            tries.map((times) => [times, failing, 'Tag']),
          );
          const [dead] = await received(`dead ${group}`, 1);
          assert.deepEqual([dead?.['body'], dead?.['times'], dead?.['topic']], ['fails', 3, `%DLQ%${group}`]);
          assert.equal((await received(group, tries.length)).length, tries.length);
        });
      }
    });
  },
  { brokerConfig: { recallMessageEnable: true } },
);
