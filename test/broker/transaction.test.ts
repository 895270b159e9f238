import assert from 'node:assert/strict';
import { ResponseCode } from '../../src/protocol/codes.ts';
import { offsetMessageId } from '../../src/protocol/messageId.ts';
import { decodeProperties } from '../../src/protocol/messageProperty.ts';
import { goldenExchange } from '../support/goldenFrames.ts';
import { TIMEOUT_MS, TestBroker, sendRequest } from './testBroker.ts';
import { COMMIT, ROLLBACK } from './transactionClient.ts';
import type { HalfPlace } from './transactionClient.ts';
import { HALF, OP, transactionClient, useTransactions } from './transactions.ts';

describe('broker: transactions', () => {
  const tx = useTransactions();
  const { bodies, round } = tx;

  it('parks a half message where its topic does not show it, and answers with that place', async () => {
    const answer = await tx.producer.connection.request(
      sendRequest('T', 'half', {
        queueId: 1,
        properties: { TRAN_MSG: 'true', PGROUP: 'TxGroup', UNIQ_KEY: 'AB', TAGS: 'x' },
        header: { f: '5' },
      }),
      TIMEOUT_MS,
    );
    const [half] = await tx.broker.read(HALF);
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
    const place = await tx.producer.half('T', 'yes', { TAGS: 'x' });
    await tx.broker.clock.advanceAsync(10);
    assert.equal((await tx.producer.end(place, COMMIT)).code, ResponseCode.SUCCESS);
    const [half] = await tx.broker.read(HALF);
    const [message] = await tx.broker.read('T');
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
    assert.equal((await tx.broker.context.store.entry('T', 0, 0))?.tagsCode, 120);
  });

  it('a rollback leaves nothing to read', async () => {
    const place = await tx.producer.half('T', 'no');
    assert.equal((await tx.producer.end(place, ROLLBACK)).code, ResponseCode.SUCCESS);
    await round();
    await round();
    assert.deepEqual([await bodies('T'), await tx.producer.settled()], [[], []]);
  });

  it('an end that is not known yet changes nothing', async () => {
    const place = await tx.producer.half('T', 'perhaps');
    assert.equal((await tx.producer.end(place, 0)).code, ResponseCode.SUCCESS);
    await tx.broker.clock.advanceAsync(3000);
    assert.deepEqual([await bodies('T'), tx.broker.context.store.maxOffset(OP, 0)], [[], 0]);
  });

  it('marks what ended some seconds later, many in one record', async () => {
    for (const body of ['a', 'b', 'c']) {
      await tx.producer.end(await tx.producer.half('T', body), body === 'b' ? ROLLBACK : COMMIT);
    }
    await tx.broker.clock.advanceAsync(2999);
    assert.equal(tx.broker.context.store.maxOffset(OP, 0), 0);
    await tx.broker.clock.advanceAsync(1);
    const [mark, ...more] = await tx.broker.read(OP);
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
      const place = await tx.producer.half('T', 'x');
      for (const end of [COMMIT, ROLLBACK]) {
        const answer = await tx.producer.end(place, end, header);
        assert.equal(answer.code, ResponseCode.SYSTEM_ERROR);
        assert.match(answer.remark ?? '', remark);
      }
      await tx.broker.clock.advanceAsync(3000);
      assert.deepEqual([await bodies('T'), tx.broker.context.store.maxOffset(OP, 0)], [[], 0]);
    });
  }

  it('refuses to commit a message that is no half message', async () => {
    const answer = await tx.broker.send('T', 'plain', {
      properties: { PGROUP: 'TxGroup', REAL_TOPIC: 'T', REAL_QID: '0' },
    });
    const { physicalOffset } = (await tx.broker.read('T'))[0] ?? assert.fail();
    const place = { tranStateTableOffset: '0', commitLogOffset: String(physicalOffset), msgId: 'x' };
    assert.equal(answer.code, 0);
    assert.equal((await tx.producer.end(place, COMMIT)).remark, 'Find prepared transaction message failed');
    assert.deepEqual(await bodies('T'), ['plain']);
  });

  it('a delay counts from the commit on', async () => {
    const place = await tx.producer.half('T', 'later', { DELAY: '2' });
    await tx.broker.clock.advanceAsync(10_000);
    await tx.producer.end(place, COMMIT);
    await tx.broker.clock.advanceAsync(4999);
    assert.deepEqual(await bodies('T'), []);
    await tx.broker.clock.advanceAsync(1);
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
});
