import assert from 'node:assert/strict';

import { Deferred } from '../../src/base/deferred.ts';
import { RequestCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import { waitFor } from '../support/waitFor.ts';
import { TestBroker } from './testBroker.ts';

describe('broker: a disk that takes its time under SYNC_FLUSH', () => {
  let broker: TestBroker;
  let disk: Deferred<boolean>;

  beforeEach(async () => {
    broker = await TestBroker.start({ broker: { flushDiskType: 'SYNC_FLUSH' } });
    await broker.createTopic('T', 1);
    // What does not exist yet would be announced first, and that takes a while.
    await broker.createTopic('%RETRY%G', 1);
    await broker.createTopic('%DLQ%G', 1);
    await broker.ask(RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, {}, { groupName: 'G' });
    await broker.send('T', 'a');
    disk = new Deferred();
    Object.defineProperty(broker.context.store, 'flushed', { value: () => disk.promise });
  });
  afterEach(() => broker.stop());

  const end = (topic: string, queueId = 0): number => broker.context.store.maxOffset(topic, queueId);

  /** What the message leaves behind is stored, and its answer comes only when the disk says so. */
  const waits = async (
    asked: Promise<RemotingCommand>,
    isStored: () => boolean,
    isOnDisk: boolean,
  ): Promise<number> => {
    let isAnswered = false;
    const answered = asked.finally(() => (isAnswered = true));
    await waitFor('the record', () => isStored(), { pollMs: 2 });
    // Whatever could be answered by now comes before this.
    await broker.ask(RequestCode.GET_MAX_OFFSET, { topic: 'T', queueId: '0' });
    assert.equal(isAnswered, false);
    disk.resolve(isOnDisk);
    return (await answered).code;
  };

  const sendBack = (delayLevel: number): Promise<RemotingCommand> =>
    broker.ask(RequestCode.CONSUMER_SEND_MSG_BACK, {
      offset: '0',
      group: 'G',
      delayLevel: String(delayLevel),
      originTopic: 'T',
      unitMode: 'false',
    });

  it('holds the answer to a send, which names a disk that was too slow', async () => {
    assert.equal(await waits(broker.send('T', 'b'), () => end('T') === 2, false), 10);
  });

  it('holds the answer to a message sent back: its consumer forgets it then', async () => {
    assert.equal(await waits(sendBack(1), () => end('SCHEDULE_TOPIC_XXXX', 0) === 1, true), 0);
  });

  it('holds the answer to one that becomes a dead letter', async () => {
    assert.equal(await waits(sendBack(-1), () => end('%DLQ%G') === 1, true), 0);
  });

  it('does not hold a send that says WAIT=false', async () => {
    const answer = await broker.send('T', 'b', { properties: { WAIT: 'false' } });
    assert.deepEqual([answer.code, answer.extFields['queueOffset']], [0, '1']);
  });

  it('does not hold the commit of an offset, which goes to its file every few seconds as in Apache', async () => {
    const place = { consumerGroup: 'G', topic: 'T', queueId: '0' };
    const answer = await broker.ask(RequestCode.UPDATE_CONSUMER_OFFSET, { ...place, commitOffset: '1' });
    assert.equal(answer.code, 0);
    assert.equal((await broker.ask(RequestCode.QUERY_CONSUMER_OFFSET, place)).extFields['offset'], '1');
  });
});
