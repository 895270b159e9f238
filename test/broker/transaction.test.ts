import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import { offsetMessageId } from '../../src/protocol/messageId.ts';
import { decodeProperties } from '../../src/protocol/messageProperty.ts';
import { goldenExchange } from '../support/goldenFrames.ts';
import { makeTempDir } from '../support/tempDir.ts';
import { waitFor } from '../support/waitFor.ts';
import { TIMEOUT_MS, TestBroker, ask, sendRequest } from './testBroker.ts';
import { COMMIT, ROLLBACK, TransactionClient } from './transactionClient.ts';
import type { HalfPlace } from './transactionClient.ts';

const HALF = 'RMQ_SYS_TRANS_HALF_TOPIC';
const OP = 'RMQ_SYS_TRANS_OP_HALF_TOPIC';
const GIVEN_UP = 'TRANS_CHECK_MAX_TIME_TOPIC';
const GROUP = 'CID_RMQ_SYS_TRANS';
const ROUND_MS = 10_000;
const CHECKED = { transactionCheckInterval: ROUND_MS };

const transactionClient = (broker: TestBroker, group?: string, clientId?: string): Promise<TransactionClient> =>
  TransactionClient.start({
    connect: (handle) => broker.connect(handle),
    clock: broker.clock,
    ...(group === undefined ? {} : { group }),
    ...(clientId === undefined ? {} : { clientId }),
  });

describe('broker: transactions', () => {
  let broker: TestBroker;
  let producer: TransactionClient;
  beforeEach(async () => {
    broker = await TestBroker.start({ broker: CHECKED });
    await broker.createTopic('T', 2);
    producer = await transactionClient(broker);
  });
  afterEach(() => broker.stop());

  const bodies = async (topic: string, queueId = 0): Promise<string[]> =>
    (await broker.read(topic, queueId)).map(({ body }) => body.toString());
  const round = (): Promise<void> => broker.clock.advanceAsync(ROUND_MS);
  const progress = (topic: string): number | undefined => broker.context.offsets.committed(GROUP, topic, 0);

  it('parks a half message where its topic does not show it, and answers with that place', async () => {
    const answer = await producer.connection.request(
      sendRequest('T', 'half', {
        queueId: 1,
        properties: { TRAN_MSG: 'true', PGROUP: 'TxGroup', UNIQ_KEY: 'AB', TAGS: 'x' },
        header: { f: '5' },
      }),
      TIMEOUT_MS,
    );
    const [half] = await broker.read(HALF);
    assert.ok(half);
    assert.deepEqual(answer.extFields, {
      queueId: '1',
      queueOffset: '0',
      msgId: offsetMessageId(half.storeHost, half.physicalOffset),
      transactionId: 'AB',
      MSG_REGION: 'DefaultRegion',
      TRACE_ON: 'true',
    });
    assert.deepEqual([half.queueId, half.sysFlag, half.body.toString()], [0, 1, 'half']);
    const properties = decodeProperties(half.properties);
    assert.deepEqual(
      ['TRAN_MSG', '__transactionId__', 'REAL_TOPIC', 'REAL_QID', 'PGROUP', 'TAGS', 'CLUSTER'].map((name) =>
        properties.get(name),
      ),
      ['true', 'AB', 'T', '1', 'TxGroup', 'x', 'DefaultCluster'],
    );
    assert.deepEqual([await bodies('T', 0), await bodies('T', 1)], [[], []]);
  });

  it('a commit puts the message into its queue as Apache does, TRAN_MSG included', async () => {
    const place = await producer.half('T', 'yes', { TAGS: 'x' });
    await broker.clock.advanceAsync(10);
    assert.equal((await producer.end(place, COMMIT)).code, ResponseCode.SUCCESS);
    const [half] = await broker.read(HALF);
    const [message] = await broker.read('T');
    assert.ok(half && message);
    assert.deepEqual([message.body.toString(), message.queueOffset, message.sysFlag], ['yes', 0, 8]);
    assert.equal(message.preparedTransactionOffset, Number(place.commitLogOffset));
    assert.equal(message.bornTimestamp, half.bornTimestamp);
    assert.equal(message.storeTimestamp, half.storeTimestamp + 10);
    const [before, after] = [decodeProperties(half.properties), decodeProperties(message.properties)];
    for (const name of ['REAL_TOPIC', 'REAL_QID']) assert.ok(before.delete(name));
    assert.deepEqual([...after].sort(), [...before].sort());
    assert.equal(after.get('TRAN_MSG'), 'true');
    const recorded = goldenExchange('pull_transaction').response?.records?.[0];
    assert.equal(recorded?.sysFlag, 8);
    assert.deepEqual([...after.keys(), 'KEYS'].sort(), Object.keys(recorded.properties).sort());
    assert.equal((await broker.context.store.entry('T', 0, 0))?.tagsCode, 120);
  });

  it('a rollback leaves nothing to read', async () => {
    const place = await producer.half('T', 'no');
    assert.equal((await producer.end(place, ROLLBACK)).code, ResponseCode.SUCCESS);
    await round();
    await round();
    assert.deepEqual([await bodies('T'), await producer.settled()], [[], []]);
  });

  it('an end that is not known yet changes nothing', async () => {
    const place = await producer.half('T', 'perhaps');
    assert.equal((await producer.end(place, 0)).code, ResponseCode.SUCCESS);
    await broker.clock.advanceAsync(3000);
    assert.deepEqual([await bodies('T'), broker.context.store.maxOffset(OP, 0)], [[], 0]);
  });

  it('marks what ended some seconds later, many in one record', async () => {
    for (const body of ['a', 'b', 'c']) {
      await producer.end(await producer.half('T', body), body === 'b' ? ROLLBACK : COMMIT);
    }
    await broker.clock.advanceAsync(2999);
    assert.equal(broker.context.store.maxOffset(OP, 0), 0);
    await broker.clock.advanceAsync(1);
    const [mark, ...more] = await broker.read(OP);
    assert.ok(mark);
    assert.deepEqual([mark.body.toString(), more], ['0,1,2,', []]);
    assert.equal(decodeProperties(mark.properties).get('TAGS'), 'd');
  });

  it('marks at once what fills a record', async () => {
    const small = await TestBroker.start({ broker: { transactionOpMsgMaxSize: 4 } });
    try {
      const client = await transactionClient(small);
      for (const body of ['a', 'b', 'c']) await client.end(await client.half('T', body), COMMIT);
      assert.deepEqual(
        (await small.read(OP)).map(({ body }) => body.toString()),
        ['0,1,'],
      );
    } finally {
      await small.stop();
    }
  });

  const wrong: readonly [string, Partial<HalfPlace> & { producerGroup?: string }, RegExp][] = [
    ['another group', { producerGroup: 'Other' }, /^The producer group wrong$/],
    ['another queue offset', { tranStateTableOffset: '7' }, /^The transaction state table offset wrong$/],
    ['no record', { commitLogOffset: '3' }, /^Find prepared transaction message failed$/],
    ['a place past the end', { commitLogOffset: '999999' }, /^Find prepared transaction message failed$/],
    ['an offset that is no number', { commitLogOffset: 'x' }, /commitLogOffset/],
  ];
  for (const [what, header, remark] of wrong) {
    it(`refuses an end that names ${what}`, async () => {
      const place = await producer.half('T', 'x');
      for (const end of [COMMIT, ROLLBACK]) {
        const answer = await producer.end(place, end, header);
        assert.equal(answer.code, ResponseCode.SYSTEM_ERROR);
        assert.match(answer.remark ?? '', remark);
      }
      await broker.clock.advanceAsync(3000);
      assert.deepEqual([await bodies('T'), broker.context.store.maxOffset(OP, 0)], [[], 0]);
    });
  }

  it('refuses to commit a message that is no half message', async () => {
    const answer = await broker.send('T', 'plain', {
      properties: { PGROUP: 'TxGroup', REAL_TOPIC: 'T', REAL_QID: '0' },
    });
    const { physicalOffset } = (await broker.read('T'))[0] ?? assert.fail();
    const place = { tranStateTableOffset: '0', commitLogOffset: String(physicalOffset), msgId: 'x' };
    assert.equal(answer.code, 0);
    assert.equal((await producer.end(place, COMMIT)).remark, 'Find prepared transaction message failed');
    assert.deepEqual(await bodies('T'), ['plain']);
  });

  it('a delay counts from the commit on', async () => {
    const place = await producer.half('T', 'later', { DELAY: '2' });
    await broker.clock.advanceAsync(10_000);
    await producer.end(place, COMMIT);
    await broker.clock.advanceAsync(4999);
    assert.deepEqual(await bodies('T'), []);
    await broker.clock.advanceAsync(1);
    assert.deepEqual(await bodies('T'), ['later']);
  });

  it('takes no half messages where the configuration says so, but a committed one that comes again', async () => {
    const refusing = await TestBroker.start({ broker: { rejectTransactionMessage: true } });
    try {
      await refusing.createTopic('T');
      const half = await refusing.send('T', 'x', { properties: { TRAN_MSG: 'TRUE' } });
      assert.equal(half.code, ResponseCode.NO_PERMISSION);
      assert.equal(half.remark, 'the broker[127.0.0.1] sending transaction message is forbidden');
      const again = { properties: { TRAN_MSG: 'true', DELAY: '3' }, header: { j: '1' } };
      assert.equal((await refusing.send('T', 'x', again)).code, ResponseCode.SUCCESS);
      assert.equal(refusing.context.store.maxOffset('SCHEDULE_TOPIC_XXXX', 2), 1);
    } finally {
      await refusing.stop();
    }
  });

  describe('questions', () => {
    it('ask the producer about what did not end, as Apache does, and its answer ends the copy', async () => {
      const place = await producer.half('T', 'open', { TAGS: 'x' });
      await round();
      const [asked, ...more] = await producer.settled();
      assert.ok(asked);
      assert.deepEqual(more, []);
      const copy = (await broker.read(HALF))[1] ?? assert.fail('the message was not put again');
      assert.equal(asked.command.flag, 2);
      assert.deepEqual(asked.command.extFields, {
        tranStateTableOffset: '1',
        commitLogOffset: String(copy.physicalOffset),
        msgId: 'KEY-open',
        transactionId: 'KEY-open',
        offsetMsgId: offsetMessageId(copy.storeHost, copy.physicalOffset),
        topic: HALF,
        bname: 'broker-a',
      });
      assert.deepEqual(
        [asked.half.topic, asked.half.queueId, asked.half.queueOffset, asked.half.physicalOffset],
        ['T', 0, 1, copy.physicalOffset],
      );
      const properties = decodeProperties(asked.half.properties);
      assert.deepEqual(
        ['TRANSACTION_CHECK_TIMES', 'WAIT', 'TAGS'].map((name) => properties.get(name)),
        ['1', 'false', 'x'],
      );
      const recorded = goldenExchange('tx_check').request;
      assert.deepEqual(Object.keys(asked.command.extFields).sort(), Object.keys(recorded.extFields).sort());
      assert.deepEqual(
        [...properties.keys(), 'CHECK_IMMUNITY_TIME_IN_SECONDS', 'KEYS'].sort(),
        Object.keys(recorded.records?.[0]?.properties ?? {}).sort(),
      );
      assert.notEqual(asked.place.commitLogOffset, place.commitLogOffset);
      await producer.end(asked.place, COMMIT, { fromTransactionCheck: 'true' });
      await round();
      await round();
      assert.deepEqual([await bodies('T'), (await producer.settled()).length], [['open'], 1]);
      assert.deepEqual([progress(HALF), progress(OP)], [2, 1]);
    });

    it('leave in peace what is younger than transactionTimeOut, and all behind it', async () => {
      await broker.clock.advanceAsync(4001);
      await producer.half('T', 'young');
      await broker.clock.advanceAsync(5999);
      assert.deepEqual([await producer.settled(), progress(HALF)], [[], undefined]);
      await round();
      assert.equal((await producer.settled()).length, 1);
    });

    it('pass over what ended, though the mark is not written yet', async () => {
      const place = await producer.half('T', 'slow');
      await broker.clock.advanceAsync(9000);
      await producer.end(place, COMMIT);
      await broker.clock.advanceAsync(1000);
      assert.deepEqual([await producer.settled(), progress(HALF), broker.context.store.maxOffset(OP, 0)], [[], 1, 0]);
    });

    it('go to the members of the group in turn, and to nobody else', async () => {
      const second = await transactionClient(broker, 'TxGroup', 'tx-2');
      const other = await transactionClient(broker, 'OtherGroup', 'tx-3');
      for (const body of ['a', 'b', 'c', 'd']) await producer.half('T', body);
      await round();
      assert.deepEqual(
        [(await producer.settled()).length, (await second.settled()).length, (await other.settled()).length],
        [2, 2, 0],
      );
    });

    it('wait for a producer that comes later', async () => {
      await producer.half('T', 'alone');
      producer.connection.dispose();
      await waitFor('the producer to be gone', () => broker.context.producers.members('TxGroup') === undefined, {
        pollMs: 2,
      });
      await round();
      const later = await transactionClient(broker);
      assert.deepEqual(await later.settled(), []);
      await round();
      const [asked] = await later.settled();
      assert.ok(asked);
      await later.end(asked.place, COMMIT, { fromTransactionCheck: 'true' });
      assert.deepEqual(await bodies('T'), ['alone']);
    });

    it('end after transactionCheckMax rounds, and begin again when an operator says so', async () => {
      const patient = await TestBroker.start({ broker: { ...CHECKED, transactionCheckMax: 2 } });
      try {
        const client = await transactionClient(patient);
        await client.half('T', 'never');
        for (let n = 0; n < 4; n += 1) await patient.clock.advanceAsync(ROUND_MS);
        assert.equal((await client.settled()).length, 2);
        const [gone, ...more] = await patient.read(GIVEN_UP);
        assert.ok(gone);
        assert.deepEqual([gone.body.toString(), more], ['never', []]);
        const msgId = offsetMessageId(gone.storeHost, gone.physicalOffset);
        const resumed = await ask(patient.client, RequestCode.RESUME_CHECK_HALF_MESSAGE, { topic: GIVEN_UP, msgId });
        assert.equal(resumed.code, ResponseCode.SUCCESS);
        await patient.clock.advanceAsync(ROUND_MS);
        const asked = (await client.settled())[2];
        assert.ok(asked);
        assert.equal(decodeProperties(asked.half.properties).get('TRANSACTION_CHECK_TIMES'), '1');
      } finally {
        await patient.stop();
      }
    });

    it('end for what is older than messages are kept', async () => {
      await producer.connection.request(
        sendRequest('T', 'ancient', { properties: { TRAN_MSG: 'true', PGROUP: 'TxGroup' } }),
        TIMEOUT_MS,
      );
      await round();
      assert.deepEqual([await producer.settled(), await bodies(GIVEN_UP)], [[], ['ancient']]);
    });

    it('end for what has no room to count them, and go on with what is behind it', async () => {
      await producer.half('T', 'one');
      const taken = (await broker.read(HALF))[0]?.properties.length ?? 0;
      await producer.half('T', 'two', { filler: 'x'.repeat(32_767 - taken - 'filler'.length - 2) });
      await producer.half('T', 'six');
      await round();
      const asked = (await producer.settled()).map(({ half }) => half.body.toString());
      assert.deepEqual([asked, await bodies(GIVEN_UP)], [['one', 'six'], ['two']]);
    });

    it('are not taken up again for an id that names nothing', async () => {
      for (const msgId of ['', 'nonsense', offsetMessageId(broker.context.storeHost, 12)]) {
        const answer = await broker.ask(RequestCode.RESUME_CHECK_HALF_MESSAGE, { msgId });
        assert.equal(answer.code, ResponseCode.SYSTEM_ERROR);
        assert.equal(answer.remark, 'Exception was thrown when putting message back to RMQ_SYS_TRANS_HALF_TOPIC.');
      }
    });
  });

  describe('a time before the first question', () => {
    const immune = { CHECK_IMMUNITY_TIME_IN_SECONDS: '25' };

    it('holds for each message alone: others are asked about, and the copy says where it came from', async () => {
      await producer.half('T', 'later', immune);
      await producer.half('T', 'now');
      await round();
      assert.deepEqual(
        (await producer.settled()).map(({ half }) => half.body.toString()),
        ['now'],
      );
      await round();
      const copies = (await broker.read(HALF)).filter(({ body }) => body.toString() === 'later');
      assert.deepEqual(
        copies.map(({ properties }) => decodeProperties(properties).get('TRAN_PREPARED_QUEUE_OFFSET')),
        [undefined, '0', '0'],
      );
      await round();
      assert.deepEqual(
        (await producer.settled()).slice(2).map(({ half }) => half.body.toString()),
        ['later', 'now'],
      );
    });

    it('lets the producer end it in that time, wherever its copies are, and asks no more', async () => {
      const place = await producer.half('T', 'mine', immune);
      await round();
      assert.equal((await producer.end(place, COMMIT)).code, ResponseCode.SUCCESS);
      await broker.clock.advanceAsync(3000);
      for (let n = 0; n < 4; n += 1) await round();
      assert.deepEqual([await bodies('T'), await producer.settled()], [['mine'], []]);
      assert.deepEqual([progress(HALF), progress(OP)], [2, 1]);
    });

    it('keeps what it knows of the first place for a copy that a young message hides for a while', async () => {
      const slow = await TestBroker.start({ broker: { ...CHECKED, transactionTimeOut: 15_000 } });
      try {
        const client = await transactionClient(slow);
        const place = await client.half('T', 'immune', immune);
        await slow.clock.advanceAsync(9000);
        await client.half('T', 'young');
        await slow.clock.advanceAsync(1000);
        await client.end(place, COMMIT);
        await slow.clock.advanceAsync(10_000);
        const { offsets } = slow.context;
        assert.deepEqual([offsets.committed(GROUP, HALF, 0), offsets.committed(GROUP, OP, 0)], [1, undefined]);
        await slow.clock.advanceAsync(10_000);
        assert.deepEqual(
          (await client.settled()).map(({ half }) => half.body.toString()),
          ['young'],
        );
        assert.deepEqual([offsets.committed(GROUP, HALF, 0), offsets.committed(GROUP, OP, 0)], [3, 1]);
      } finally {
        await slow.stop();
      }
    });

    it('is the last time at which it may end without being asked', async () => {
      const place = await producer.half('T', 'late', immune);
      await broker.clock.advanceAsync(25_001);
      for (const end of [COMMIT, ROLLBACK]) {
        const answer = await producer.end(place, end);
        assert.deepEqual([answer.code, answer.remark], [ResponseCode.ILLEGAL_OPERATION, undefined]);
      }
      assert.deepEqual(await bodies('T'), []);
      assert.equal((await producer.end(place, COMMIT, { fromTransactionCheck: 'true' })).code, ResponseCode.SUCCESS);
    });

    it('is never shorter than transactionTimeOut', async () => {
      const place = await producer.half('T', 'hasty', { CHECK_IMMUNITY_TIME_IN_SECONDS: '1' });
      await broker.clock.advanceAsync(6000);
      assert.equal((await producer.end(place, COMMIT)).code, ResponseCode.SUCCESS);
    });
  });
});

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
