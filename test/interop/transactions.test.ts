import assert from 'node:assert/strict';

import { CLIENTS } from '../support/apache/jars.ts';
import { startScenario } from '../support/apache/javaScenario.ts';
import type { RunningScenario } from '../support/scenario.ts';
import { QUICK_CHECKS, forPrograms } from '../support/backends.ts';
import { requireTools } from '../support/skip.ts';
import { waitFor } from '../support/waitFor.ts';

const ASKED = ['throws then commit', 'unknown then commit', 'unknown then rollback', 'unknown twice then commit'];
const COMMITTED = ['commit', 'throws then commit', 'unknown then commit', 'unknown twice then commit'];

forPrograms((cluster) => {
  for (const release of CLIENTS) {
    describe(`transactions of the official Java client ${release}`, () => {
      let clients: RunningScenario | undefined;
      let topic = '';

      before(async function () {
        this.timeout(240_000);
        requireTools(this, 'java', 'javac', 'mvn');
        topic = await cluster.newTopic({ messageType: 'TRANSACTION' });
        clients = await startScenario('Transactions', [topic], { release, nameServer: cluster.nameServer });
        await clients.untilLines('started');
      });
      after(async () => clients?.stop());

      const different = (event: string): string[] =>
        [...new Set(clients!.lines(event).map((line) => String(line['body'])))].sort();
      const until = (event: string, bodies: readonly string[]): Promise<unknown> =>
        waitFor(`every line "${event}"`, () => bodies.every((body) => different(event).includes(body)), {
          timeoutMs: 120_000,
          details: () => clients!.output().slice(-8_000),
        });

      it('run the local part once, with the id that the result tells', () => {
        const [sent, executed] = [clients!.lines('sent'), clients!.lines('executed')];
        assert.deepEqual(
          sent.map((line) => line['state']),
          ['COMMIT_MESSAGE', 'ROLLBACK_MESSAGE', 'UNKNOW', 'UNKNOW', 'UNKNOW', 'UNKNOW'],
        );
        assert.deepEqual(
          executed.map((line) => line['transactionId']),
          sent.map((line) => line['transactionId']),
        );
        assert.ok(sent.every((line) => line['status'] === 'SEND_OK' && line['transactionId'] === line['msgId']));
      });

      it('ask the producer about those that did not end', async () => {
        await until('checked', ASKED);
        assert.ok(clients!.lines('checked').every((line) => line['topic'] === topic));
        await waitFor(
          'the second question',
          () =>
            clients!
              .lines('checked')
              .some((line) => line['body'] === 'unknown twice then commit' && line['times'] === '2'),
          { timeoutMs: 120_000, details: () => clients!.output().slice(-8_000) },
        );
      });

      it('deliver what was committed, at once or by an answer, and nothing else', async () => {
        await until('received', COMMITTED);
        assert.deepEqual(different('received'), COMMITTED);
        for (const line of clients!.lines('received')) {
          const sent = clients!.lines('sent').find(({ body }) => body === line['body']);
          assert.deepEqual(
            [line['transactionId'], line['msgId'], line['keys']],
            [sent?.['transactionId'], sent?.['msgId'], String(line['body']).replaceAll(' ', '-')],
          );
        }
      });
    });
  }
}, QUICK_CHECKS);
