import assert from 'node:assert/strict';

import type { CodedError } from '../../../src/base/errors.ts';
import type { ClusterContext } from '../../../src/client/clusterContext.ts';
import { TopicTail } from '../../../src/client/tail.ts';
import type { TailOptions } from '../../../src/client/tail.ts';
import { RequestCode } from '../../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../../src/protocol/command.ts';
import { PullSysFlag } from '../../../src/protocol/requests/pull.ts';
import type { Peer, RequestHandler } from '../../../src/remoting/peer.ts';
import { FakeClock } from '../../support/fakeClock.ts';
import {
  brokerData,
  contextOf,
  nameServerAnswers,
  pullReply,
  queueData,
  record,
  startScripted,
} from '../../support/scriptedCluster.ts';
import type { ScriptedServer } from '../../support/scriptedCluster.ts';
import { turns } from '../../support/turns.ts';
import { waitFor } from '../../support/waitFor.ts';

const { PULL_MESSAGE, GET_MAX_OFFSET, GET_MIN_OFFSET, SEARCH_OFFSET_BY_TIMESTAMP, GET_ROUTEINFO_BY_TOPIC } =
  RequestCode;

/** A broker whose queues hold numbers of messages, with pulls that wait for more. */
class Queues {
  readonly #first = new Map<string, number>();
  readonly #end = new Map<string, number>();
  #held: { readonly command: RemotingCommand; readonly connection: Peer }[] = [];
  /** Offsets from which messages were stored after the time that is asked for. */
  since = 0;

  get heldCount(): number {
    return this.#held.filter(({ connection }) => connection.isOpen).length;
  }

  set(queueId: string, first: number, end: number): void {
    this.#first.set(queueId, first);
    this.#end.set(queueId, end);
  }

  append(queueId: string, count = 1): void {
    this.#end.set(queueId, (this.#end.get(queueId) ?? 0) + count);
    for (const { command, connection } of this.#held.splice(0)) this.#pull(command, connection);
  }

  readonly answers: Record<number, RequestHandler> = {
    [GET_MAX_OFFSET]: ({ command }) => this.#offset(this.#end.get(command.extFields['queueId'] ?? '')),
    [GET_MIN_OFFSET]: ({ command }) => this.#offset(this.#first.get(command.extFields['queueId'] ?? '')),
    [SEARCH_OFFSET_BY_TIMESTAMP]: () => this.#offset(this.since),
    [PULL_MESSAGE]: ({ command, connection }) => {
      this.#pull(command, connection);
      return undefined;
    },
  };

  #offset(offset = 0) {
    return { code: 0, extFields: { offset: String(offset) } };
  }

  #pull(command: RemotingCommand, connection: Peer): void {
    const { queueId = '', queueOffset, topic = '', sysFlag } = command.extFields;
    const offset = Number(queueOffset);
    const end = this.#end.get(queueId) ?? 0;
    if (offset > end) connection.respond(command, pullReply(21, { next: end, max: end }));
    else if (offset === end && (Number(sysFlag) & PullSysFlag.SUSPEND) === 0)
      connection.respond(command, pullReply(19, { next: end }));
    else if (offset === end) this.#held.push({ command, connection });
    else connection.respond(command, pullReply(0, { next: offset + 1 }, [record(topic, Number(queueId), offset)]));
  }
}

describe('TopicTail', () => {
  let clock: FakeClock;
  let queues: Queues;
  let broker: ScriptedServer;
  let names: ScriptedServer;
  let context: ClusterContext;
  let tail: TopicTail | undefined;
  let seen: string[];
  let problems: (string | undefined)[];

  beforeEach(async () => {
    clock = new FakeClock();
    queues = new Queues();
    broker = await startScripted(queues.answers);
    names = await startScripted();
    route(2);
    context = contextOf(names.address, clock, 3_000);
    seen = [];
    problems = [];
  });

  afterEach(async () => {
    tail?.dispose();
    context.pool.dispose();
    await Promise.all([broker.close(), names.close()]);
    assert.equal(clock.pendingCount, 0);
  });

  function route(queueNums: number, perm = 6, address = broker.address): void {
    const handler = nameServerAnswers([brokerData('broker-a', address)], [queueData('broker-a', queueNums, perm)]);
    names.answers.set(GET_ROUTEINFO_BY_TOPIC, handler[GET_ROUTEINFO_BY_TOPIC]!);
  }

  function begin(options?: TailOptions): TopicTail {
    tail = new TopicTail(context, 'T', options);
    tail.onMessages((messages) => seen.push(...messages.map(({ queueId, offset }) => `${queueId}:${offset}`)));
    tail.onProblem((problem: CodedError | undefined) => problems.push(problem?.code));
    return tail;
  }

  function held(count: number): Promise<unknown> {
    return waitFor(`${count} held pulls`, () => queues.heldCount === count, { pollMs: 2 });
  }

  function saw(...rows: readonly string[]): Promise<unknown> {
    return waitFor(rows.join(' '), () => seen.length >= rows.length, { pollMs: 2, details: () => seen.join(' ') }).then(
      () => assert.deepEqual(seen.toSorted(), rows.toSorted()),
    );
  }

  /** Lets backed-off attempts run until the probe is content. */
  function advanceUntil(what: string, probe: () => boolean): Promise<unknown> {
    return waitFor(
      what,
      async () => {
        if (probe()) return true;
        clock.advance(500);
        // What was asked is answered long before its time is over.
        await turns(20);
        return false;
      },
      { pollMs: 5, details: () => `${seen.join(' ')} / ${problems.join(' ')}` },
    );
  }

  it('tells what is sent after it began, and only that, in order', async () => {
    queues.set('0', 0, 3);
    queues.set('1', 0, 0);
    await begin().ready;
    queues.append('0', 2);
    queues.append('1');
    await saw('0:3', '0:4', '1:0');
    assert.deepEqual(
      seen.filter((row) => row.startsWith('0')),
      ['0:3', '0:4'],
    );
    assert.deepEqual(problems, []);
  });

  it('begins at the first message that is left, when told so', async () => {
    queues.set('0', 2, 4);
    queues.set('1', 0, 0);
    await begin({ from: 'earliest' }).ready;
    await saw('0:2', '0:3');
  });

  it('never commits an offset and names no group of its own', async () => {
    await begin().ready;
    queues.append('0', 3);
    await saw('0:0', '0:1', '0:2');
    await held(2);
    const codes = new Set(broker.requests.map(({ code }) => code));
    assert.deepEqual(codes, new Set([GET_MAX_OFFSET, PULL_MESSAGE]));
    for (const { extFields } of broker.requestsOf(PULL_MESSAGE)) {
      assert.equal(Number(extFields['sysFlag']) & 1, 0);
      assert.equal(extFields['consumerGroup'], 'TOOLS_CONSUMER');
    }
  });

  it('leaves out queues that cannot be read', async () => {
    route(2, 2);
    await begin().ready;
    assert.equal(broker.requests.length, 0);
  });

  it('goes on at its place after the connection broke, and tells so', async () => {
    await begin().ready;
    queues.append('0');
    await saw('0:0');
    await held(2);
    for (const connection of broker.server.connections) connection.dispose();
    await waitFor('the problem', () => problems.length > 0, { pollMs: 2 });
    assert.equal(problems[0], 'connection-closed');
    queues.append('0');
    await advanceUntil('the tail to go on', () => seen.length === 2 && problems.at(-1) === undefined);
    await saw('0:0', '0:1');
  });

  it('goes on after a restart of the broker, from the start of queues that began anew', async () => {
    queues.set('0', 0, 10);
    await begin().ready;
    await held(2);
    const { port } = broker.server;
    await broker.close();
    await waitFor('the problem', () => problems.length > 0, { pollMs: 2 });
    await advanceUntil('a failed attempt', () => problems.includes('connect-refused'));
    queues.set('0', 0, 2);
    broker = await startScripted(queues.answers, port);
    await advanceUntil('the tail to go on', () => seen.length === 2 && problems.at(-1) === undefined);
    await saw('0:0', '0:1');
  });

  it('reads queues that come later from where they began', async () => {
    await begin().ready;
    await held(2);
    route(3);
    queues.set('2', 0, 7);
    queues.since = 5;
    clock.advance(10_000);
    await saw('2:5', '2:6');
    const [search] = broker.requestsOf(SEARCH_OFFSET_BY_TIMESTAMP);
    assert.equal(search?.extFields['timestamp'], String(clock.now() - 10_000));
  });

  it('reads a topic that does not exist yet from its first message', async () => {
    names.answers.set(GET_ROUTEINFO_BY_TOPIC, () => ({ code: 17 }));
    await begin().ready;
    assert.deepEqual(problems, ['topic-not-found']);
    route(1);
    queues.set('0', 0, 2);
    await advanceUntil('the topic to be read', () => seen.length === 2);
    await saw('0:0', '0:1');
    assert.deepEqual(problems, ['topic-not-found', undefined]);
  });

  it('stops the queues of a topic that is gone', async () => {
    await begin().ready;
    await held(2);
    names.answers.set(GET_ROUTEINFO_BY_TOPIC, () => ({ code: 17 }));
    clock.advance(10_000);
    await waitFor('the problem', () => problems.length > 0, { pollMs: 2 });
    assert.deepEqual(problems, ['topic-not-found']);
    const { length } = broker.requestsOf(PULL_MESSAGE);
    queues.append('0');
    await advanceUntil('more questions for the route', () => names.requests.length > 5);
    assert.equal(broker.requestsOf(PULL_MESSAGE).length, length);
    assert.deepEqual(seen, []);
  });

  it('reads on while no NameServer answers', async () => {
    await begin().ready;
    await held(2);
    await names.close();
    clock.advance(10_000);
    queues.append('1');
    await saw('1:0');
    assert.deepEqual(problems, []);
  });

  it('tells that nothing can be read when no NameServer ever answered', async () => {
    await names.close();
    await begin().ready;
    assert.deepEqual(problems, ['connect-refused']);
  });

  it('keeps still while paused, and then misses nothing', async () => {
    const running = begin();
    await running.ready;
    await held(2);
    running.pause();
    running.pause();
    queues.append('0', 2);
    const { length } = broker.requestsOf(PULL_MESSAGE);
    clock.advance(1000);
    assert.deepEqual(seen, []);
    running.resume();
    await saw('0:0', '0:1');
    assert.ok(broker.requestsOf(PULL_MESSAGE).length > length);
    assert.deepEqual(problems, []);
  });

  it('a queue that cannot be asked at the start is read from the time of the start', async () => {
    broker.answers.set(GET_MAX_OFFSET, ({ command }) =>
      command.extFields['queueId'] === '0' ? { code: 1 } : { code: 0, extFields: { offset: '0' } },
    );
    queues.set('0', 0, 4);
    queues.since = 3;
    await begin().ready;
    assert.deepEqual(problems, ['response-error']);
    await advanceUntil('the queue to be read', () => seen.length === 1);
    await saw('0:3');
    await waitFor('the end of the problem', () => problems.length === 2, { pollMs: 2 });
    assert.equal(problems[1], undefined);
  });

  it('is still after it was disposed, also before it was ready', async () => {
    const early = begin();
    early.dispose();
    await early.ready;
    const running = begin();
    await running.ready;
    await held(2);
    running.dispose();
    running.dispose();
    running.pause();
    queues.append('0');
    clock.advance(60_000);
    assert.deepEqual([seen, problems], [[], []]);
  });
});
