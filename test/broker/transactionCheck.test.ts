import assert from 'node:assert/strict';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import { offsetMessageId } from '../../src/protocol/messageId.ts';
import { decodeProperties } from '../../src/protocol/messageProperty.ts';
import { goldenExchange } from '../support/goldenFrames.ts';
import { waitFor } from '../support/waitFor.ts';
import { TIMEOUT_MS, TestBroker, ask, sendRequest } from './testBroker.ts';
import { COMMIT, ROLLBACK } from './transactionClient.ts';
import { CHECKED, GROUP, HALF, OP, ROUND_MS, transactionClient, useTransactions } from './transactions.ts';

const GIVEN_UP = 'TRANS_CHECK_MAX_TIME_TOPIC';

describe('broker: transactions that did not end', () => {
  const tx = useTransactions();
  const { bodies, round, progress } = tx;

  describe('questions', () => {
    it('ask the producer about what did not end, as Apache does, and its answer ends the copy', async () => {
      const place = await tx.producer.half('T', 'open', { TAGS: 'x' });
      await round();
      const [asked, ...more] = await tx.producer.settled();
      assert.ok(asked);
      assert.deepEqual(more, []);
      const copy = (await tx.broker.read(HALF))[1] ?? assert.fail('the message was not put again');
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
      await tx.producer.end(asked.place, COMMIT, { fromTransactionCheck: 'true' });
      await round();
      await round();
      assert.deepEqual([await bodies('T'), (await tx.producer.settled()).length], [['open'], 1]);
      assert.deepEqual([progress(HALF), progress(OP)], [2, 1]);
    });

    it('leave in peace what is younger than transactionTimeOut, and all behind it', async () => {
      await tx.broker.clock.advanceAsync(4001);
      await tx.producer.half('T', 'young');
      await tx.broker.clock.advanceAsync(5999);
      assert.deepEqual([await tx.producer.settled(), progress(HALF)], [[], undefined]);
      await round();
      assert.equal((await tx.producer.settled()).length, 1);
    });

    it('pass over what ended, though the mark is not written yet', async () => {
      const place = await tx.producer.half('T', 'slow');
      await tx.broker.clock.advanceAsync(9000);
      await tx.producer.end(place, COMMIT);
      await tx.broker.clock.advanceAsync(1000);
      assert.deepEqual(
        [await tx.producer.settled(), progress(HALF), tx.broker.context.store.maxOffset(OP, 0)],
        [[], 1, 0],
      );
    });

    it('go to the members of the group in turn, and to nobody else', async () => {
      const second = await transactionClient(tx.broker, 'TxGroup', 'tx-2');
      const other = await transactionClient(tx.broker, 'OtherGroup', 'tx-3');
      for (const body of ['a', 'b', 'c', 'd']) await tx.producer.half('T', body);
      await round();
      assert.deepEqual(
        [(await tx.producer.settled()).length, (await second.settled()).length, (await other.settled()).length],
        [2, 2, 0],
      );
    });

    it('wait for a producer that comes later', async () => {
      await tx.producer.half('T', 'alone');
      tx.producer.connection.dispose();
      await waitFor('the producer to be gone', () => tx.broker.context.producers.members('TxGroup') === undefined, {
        pollMs: 2,
      });
      await round();
      const later = await transactionClient(tx.broker);
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
      await tx.producer.connection.request(
        sendRequest('T', 'ancient', { properties: { TRAN_MSG: 'true', PGROUP: 'TxGroup' } }),
        TIMEOUT_MS,
      );
      await round();
      assert.deepEqual([await tx.producer.settled(), await bodies(GIVEN_UP)], [[], ['ancient']]);
    });

    it('end for what has no room to count them, and go on with what is behind it', async () => {
      await tx.producer.half('T', 'one');
      const taken = (await tx.broker.read(HALF))[0]?.properties.length ?? 0;
      await tx.producer.half('T', 'two', { filler: 'x'.repeat(32_767 - taken - 'filler'.length - 2) });
      await tx.producer.half('T', 'six');
      await round();
      const asked = (await tx.producer.settled()).map(({ half }) => half.body.toString());
      assert.deepEqual([asked, await bodies(GIVEN_UP)], [['one', 'six'], ['two']]);
    });

    it('are not taken up again for an id that names nothing', async () => {
      for (const msgId of ['', 'nonsense', offsetMessageId(tx.broker.context.storeHost, 12)]) {
        const answer = await tx.broker.ask(RequestCode.RESUME_CHECK_HALF_MESSAGE, { msgId });
        assert.equal(answer.code, ResponseCode.SYSTEM_ERROR);
        assert.equal(answer.remark, 'Exception was thrown when putting message back to RMQ_SYS_TRANS_HALF_TOPIC.');
      }
    });
  });

  describe('a time before the first question', () => {
    const immune = { CHECK_IMMUNITY_TIME_IN_SECONDS: '25' };

    it('holds for each message alone: others are asked about, and the copy says where it came from', async () => {
      await tx.producer.half('T', 'later', immune);
      await tx.producer.half('T', 'now');
      await round();
      assert.deepEqual(
        (await tx.producer.settled()).map(({ half }) => half.body.toString()),
        ['now'],
      );
      await round();
      const copies = (await tx.broker.read(HALF)).filter(({ body }) => body.toString() === 'later');
      assert.deepEqual(
        copies.map(({ properties }) => decodeProperties(properties).get('TRAN_PREPARED_QUEUE_OFFSET')),
        [undefined, '0', '0'],
      );
      await round();
      assert.deepEqual(
        (await tx.producer.settled()).slice(2).map(({ half }) => half.body.toString()),
        ['later', 'now'],
      );
    });

    it('lets the producer end it in that time, wherever its copies are, and asks no more', async () => {
      const place = await tx.producer.half('T', 'mine', immune);
      await round();
      assert.equal((await tx.producer.end(place, COMMIT)).code, ResponseCode.SUCCESS);
      await tx.broker.clock.advanceAsync(3000);
      for (let n = 0; n < 4; n += 1) await round();
      assert.deepEqual([await bodies('T'), await tx.producer.settled()], [['mine'], []]);
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
      const place = await tx.producer.half('T', 'late', immune);
      await tx.broker.clock.advanceAsync(25_001);
      for (const end of [COMMIT, ROLLBACK]) {
        const answer = await tx.producer.end(place, end);
        assert.deepEqual([answer.code, answer.remark], [ResponseCode.ILLEGAL_OPERATION, undefined]);
      }
      assert.deepEqual(await bodies('T'), []);
      assert.equal((await tx.producer.end(place, COMMIT, { fromTransactionCheck: 'true' })).code, ResponseCode.SUCCESS);
    });

    it('is never shorter than transactionTimeOut', async () => {
      const place = await tx.producer.half('T', 'hasty', { CHECK_IMMUNITY_TIME_IN_SECONDS: '1' });
      await tx.broker.clock.advanceAsync(6000);
      assert.equal((await tx.producer.end(place, COMMIT)).code, ResponseCode.SUCCESS);
    });
  });
});
