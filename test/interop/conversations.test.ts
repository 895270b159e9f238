import assert from 'node:assert/strict';

import { CLIENTS } from '../support/apache/jars.ts';
import { mqadmin } from '../support/apache/java.ts';
import { startScenario } from '../support/apache/javaScenario.ts';
import type { RunningScenario, ScenarioLine } from '../support/scenario.ts';
import { forPrograms } from '../support/backends.ts';
import { requireTools } from '../support/skip.ts';
import { waitFor } from '../support/waitFor.ts';

forPrograms(
  (cluster) => {
    for (const release of CLIENTS) {
      describe(`the official Java client ${release}`, () => {
        let running: RunningScenario | undefined;
        let topic = '';

        before(function () {
          requireTools(this, 'java', 'javac', 'mvn');
        });
        afterEach(async () => {
          await running?.stop();
          running = undefined;
        });

        const start = async (mainClass: string): Promise<RunningScenario> => {
          topic = await cluster.newTopic();
          running = await startScenario(mainClass, [topic], { release, nameServer: cluster.nameServer });
          return running;
        };

        it('gets replies to its requests, and no reply in time where there is none', async () => {
          const scenario = await start('RequestReply');
          await scenario.untilLines('done');
          assert.deepEqual(
            scenario.lines('reply').map(({ kind, size, body, type }) => [kind, size, body, type]),
            [
              ['sync', 14, 'answer to sync', 'reply'],
              ['async', 15, 'answer to async', 'reply'],
              ['large', 6015, `answer to large${'x'.repeat(25)}`, 'reply'],
            ],
          );
          assert.deepEqual(
            scenario.lines('failed').map(({ kind, error }) => [kind, error]),
            [['ignored', 'RequestTimeoutException']],
          );
          assert.deepEqual(
            scenario.lines('replied').map(({ kind, status }) => [kind, status]),
            [
              ['sync', 'SEND_OK'],
              ['async', 'SEND_OK'],
              ['large', 'SEND_OK'],
            ],
          );
        }).timeout(240_000);

        it('consumes in order with two that share the queues, refused messages included, and one after the other', async () => {
          const scenario = await start('Orderly');
          await scenario.untilLines('done');
          assert.deepEqual([scenario.lines('failed'), scenario.lines('refused').length], [[], 2]);
          const received = (phase: string): ScenarioLine[] =>
            scenario.lines('received').filter((line) => line['phase'] === phase);
          for (const phase of ['both', 'alone']) {
            for (const queueId of [0, 1, 2, 3]) {
              const inQueue = received(phase).filter((line) => line['queueId'] === queueId);
              assert.deepEqual(
                inQueue.map((line) => line['n']),
                Array.from({ length: 10 }, (_, index) => queueId + index * 4),
                `${phase} ${queueId}`,
              );
              assert.equal(new Set(inQueue.map((line) => line['by'])).size, 1);
            }
          }
          assert.deepEqual(new Set(received('both').map((line) => line['by'])), new Set(['one', 'two']));
          assert.deepEqual(new Set(received('alone').map((line) => line['by'])), new Set(['two']));
        }).timeout(240_000);

        it('traces what is sent and consumed, without set-up', async () => {
          const scenario = await start('Trace');
          const [sent] = await scenario.untilLines('sent');
          assert.deepEqual([sent?.['traceOn'], sent?.['region']], [true, 'DefaultRegion']);
          const kinds = (): string[] => [
            ...new Set(
              scenario
                .lines('trace')
                .filter((line) => String(line['keys']).includes(String(sent?.['msgId'])))
                .map((line) => String(line['kind'])),
            ),
          ];
          await waitFor('the three traces', () => kinds().length >= 3, {
            timeoutMs: 120_000,
            details: () => scenario.output().slice(-8_000),
          });
          assert.deepEqual(kinds().sort(), ['Pub', 'SubAfter', 'SubBefore']);
        }).timeout(240_000);

        // One release is enough for what the tools and the broker say.
        if (release !== '5') return;

        it('tells of itself, its threads too, and consumes one message again, when mqadmin asks', async () => {
          const scenario = await start('RequestReply');
          await scenario.untilLines('reply');
          const group = `${topic}-responder`;
          const ask = async (...args: string[]): Promise<string> => (await mqadmin(cluster.nameServer, args)).output;
          const clientId = /^\s*(\S+@responder)\s/m.exec(await ask('consumerConnection', '-g', group))?.[1] ?? '';
          const about = await ask('consumerStatus', '-g', group, '-i', clientId, '-s');
          assert.match(about, /#Consumer Properties#[^]*PROP_CONSUME_TYPE +: CONSUME_PASSIVELY/);
          assert.match(about, /#Consumer jstack#[^]*ConsumeMessageThread_/);
          const { offsetMessageId } = await cluster.client.send({ topic, body: Buffer.from('ignored') });
          const again = (client: string): Promise<string> =>
            ask('queryMsgById', '-i', offsetMessageId, '-t', topic, '-g', group, '-d', client);
          assert.match(await again(clientId), /order=false, autoCommit=true, consumeResult=CR_SUCCESS/);
          assert.match(await again('nobody'), new RegExp(`CODE: 1 +DESC: The Consumer <${group}> <nobody> not online`));
          const producers = await ask('producer', '-b', cluster.brokerAddress);
          assert.match(
            producers,
            new RegExp(`producer group \\(${topic}-requester\\) instance : clientId=\\S+@requester`),
          );
        }).timeout(240_000);
      });
    }
  },
  { brokerConfig: { traceTopicEnable: true } },
);
