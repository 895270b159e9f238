import assert from 'node:assert/strict';

import { systemClock } from '../../src/base/clock.ts';
import { decodeProperties } from '../../src/protocol/messageProperty.ts';
import type { StoredMessage } from '../../src/protocol/message.ts';
import { COMMIT, ROLLBACK, TransactionClient } from '../broker/transactionClient.ts';
import type { HalfPlace, Question } from '../broker/transactionClient.ts';
import { TIMEOUT_MS, connect, pullRequest, records } from '../broker/testBroker.ts';
import { uniqueName } from '../support/backends.ts';
import type { TestCluster } from '../support/backends.ts';
import { waitFor } from '../support/waitFor.ts';

const PLENTY_MS = 60_000;

export function transactionBehaviours(cluster: TestCluster): void {
  let group = '';
  let topic = '';
  let producer: TransactionClient;

  beforeEach(async () => {
    group = uniqueName('TxGroup');
    topic = await cluster.newTopic({ readQueueNums: 1, writeQueueNums: 1, messageType: 'TRANSACTION' });
    producer = await TransactionClient.start({
      connect: (handle) => connect(cluster.brokerAddress, handle),
      clock: systemClock,
      group,
      clientId: group,
    });
  });
  afterEach(() => producer.connection.dispose());

  const read = async (): Promise<StoredMessage[]> => {
    const answer = await producer.connection.request(pullRequest({ topic }), TIMEOUT_MS);
    return answer.code === 0 ? records(answer.body) : [];
  };
  const readable = (count: number): Promise<StoredMessage[]> =>
    waitFor(`${count} messages`, async () => {
      const found = await read();
      return found.length >= count && found;
    });
  const asked = (body: string): Promise<Question> =>
    waitFor(`a question about ${body}`, () => producer.questions.find(({ half }) => half.body.toString() === body), {
      timeoutMs: PLENTY_MS,
    });

  it('a half message is unseen until it is committed', async () => {
    const place = await producer.half(topic, 'yes', { TAGS: 'x' });
    assert.deepEqual(await read(), []);
    assert.equal((await producer.end(place, COMMIT)).code, 0);
    const [message] = await readable(1);
    assert.ok(message);
    assert.deepEqual([message.body.toString(), message.sysFlag, message.queueId], ['yes', 8, 0]);
    assert.equal(String(message.preparedTransactionOffset), place.commitLogOffset);
    const properties = decodeProperties(message.properties);
    assert.deepEqual(
      ['TRAN_MSG', 'PGROUP', 'UNIQ_KEY', '__transactionId__', 'TAGS', 'REAL_TOPIC', 'REAL_QID'].map((name) =>
        properties.get(name),
      ),
      ['true', group, 'KEY-yes', 'KEY-yes', 'x', undefined, undefined],
    );
  });

  it('one that is rolled back is never seen, also when later ones are', async () => {
    assert.equal((await producer.end(await producer.half(topic, 'no'), ROLLBACK)).code, 0);
    await producer.half(topic, 'open');
    const question = await asked('open');
    await producer.end(question.place, COMMIT, { fromTransactionCheck: 'true' });
    assert.deepEqual(
      (await readable(1)).map(({ body }) => body.toString()),
      ['open'],
    );
  });

  it('a producer that said nothing is asked, with the message as it was sent, and its answer counts', async () => {
    const first = await producer.half(topic, 'perhaps', { TAGS: 'x' });
    const { command, half, place } = await asked('perhaps');
    assert.equal(command.flag, 2);
    const { topic: halfTopic, bname, msgId, transactionId } = command.extFields;
    assert.deepEqual(
      [halfTopic, bname, msgId, transactionId],
      ['RMQ_SYS_TRANS_HALF_TOPIC', 'broker-a', 'KEY-perhaps', 'KEY-perhaps'],
    );
    assert.deepEqual([half.topic, half.queueId], [topic, 0]);
    assert.equal(decodeProperties(half.properties).get('TRANSACTION_CHECK_TIMES'), '1');
    assert.ok(Number(place.tranStateTableOffset) > Number(first.tranStateTableOffset));
    assert.equal((await producer.end(place, COMMIT, { fromTransactionCheck: 'true' })).code, 0);
    const [message] = await readable(1);
    assert.equal(message?.body.toString(), 'perhaps');
    assert.equal(String(message.preparedTransactionOffset), place.commitLogOffset);
  });

  it('an end that names something else is refused', async () => {
    const place = await producer.half(topic, 'x');
    const wrong: (Partial<HalfPlace> & { producerGroup?: string })[] = [
      { producerGroup: 'Other' },
      { tranStateTableOffset: String(Number(place.tranStateTableOffset) + 1) },
      { commitLogOffset: '1000000000000' },
    ];
    const answers: unknown[] = [];
    for (const header of wrong) {
      for (const end of [COMMIT, ROLLBACK]) {
        const { code, remark } = await producer.end(place, end, header);
        answers.push(`${code} ${remark ?? ''}`);
      }
    }
    assert.deepEqual(answers, [
      '1 The producer group wrong',
      '1 The producer group wrong',
      '1 The transaction state table offset wrong',
      '1 The transaction state table offset wrong',
      '1 Find prepared transaction message failed',
      '1 Find prepared transaction message failed',
    ]);
    assert.deepEqual(await read(), []);
    assert.equal((await producer.end(place, ROLLBACK)).code, 0);
  });

  it('a time before the first question is kept, and no end is taken after it', async () => {
    const place = await producer.half(topic, 'late', { CHECK_IMMUNITY_TIME_IN_SECONDS: '4' });
    await asked('late');
    assert.equal((await producer.end(place, COMMIT)).code, 604);
    const { half } = await asked('late');
    assert.ok(Date.now() - half.bornTimestamp >= 4000);
    assert.deepEqual(await read(), []);
    const { place: copy } = await asked('late');
    assert.equal((await producer.end(copy, ROLLBACK, { fromTransactionCheck: 'true' })).code, 0);
  });
}
