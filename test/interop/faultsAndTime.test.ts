import assert from 'node:assert/strict';
import { runScenario } from '../support/apache/javaScenario.ts';
import { startLocalBroker } from '../support/localBroker.ts';
import type { LocalBroker } from '../support/localBroker.ts';
import type { ScenarioLine } from '../support/scenario.ts';
import { requireTools } from '../support/skip.ts';

describe('the official Java client, with a broker that fails and a clock that jumps', function () {
  this.timeout(240_000);
  let broker: LocalBroker | undefined;
  let lines: readonly ScenarioLine[] = [];
  before(async function () {
    requireTools(this, 'java', 'javac', 'mvn');
    broker = await startLocalBroker('--control-port', '0');
    const seed = {
      topics: [
        { name: 'Faults', queues: 1 },
        { name: 'Time', queues: 1 },
      ],
      groups: ['TimeGroup'],
    };
    assert.equal((await control('POST', '/seed', seed))['topics'], 2);
    const { url = '', token = '' } = broker.control ?? {};
    lines = await runScenario('FaultsAndTime', [url, token], { release: '5', nameServer: broker.namesrv });
  });
  after(async () => broker?.stop());

  async function control(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const { url = '', token = '' } = broker?.control ?? {};
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return (await answer.json()) as Record<string, unknown>;
  }

  it('tries again what a busy broker refuses, what a broken connection took along and what is not answered', async () => {
    const sent = lines.filter(({ event }) => event === 'sent');
    assert.deepEqual(
      sent.map(({ body, how }) => [body, how]),
      [
        ['warm', 'SEND_OK'],
        ['busy twice', 'SEND_OK'],
        ['busy thrice', 'MQClientException'],
        ['flush', 'FLUSH_DISK_TIMEOUT'],
        ['closed', 'SEND_OK'],
        ['late', 'RemotingTooMuchRequestException'],
        ['dropped', 'SEND_OK'],
      ],
    );
    const { messages } = await control('GET', '/messages?topic=Faults&bodies=true');
    const stored = (messages as { body: string }[]).map(({ body }) => body);
    assert.deepEqual(stored.slice(0, 7), ['warm', 'busy twice', 'flush', 'closed', 'late', 'dropped', 'dropped']);
  });

  it('gets an hour, retries and the question about a transaction by the clock of the broker, and a batch twice', () => {
    const received = lines.filter(({ event }) => event === 'received').map(({ what }) => String(what));
    const tries = received.filter((what) => what.startsWith('fails twice'));
    assert.deepEqual([...new Set(tries)], ['fails twice 0', 'fails twice 1', 'fails twice 2']);
    assert.ok(received.includes('hour 0') && received.includes('transaction 0'), received.join());
    assert.ok(received.length > new Set(received).size, received.join());
    assert.ok(lines.some(({ event }) => event === 'checked'));
    const hour = lines.find(({ what }) => what === 'hour 0');
    assert.ok(Number(hour?.['storedMs']) > Date.now() + 1_800_000);
    assert.deepEqual(lines.at(-1), { event: 'done' });
  });
});
