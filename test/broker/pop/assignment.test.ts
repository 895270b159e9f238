import assert from 'node:assert/strict';
import { RequestCode } from '../../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../../src/protocol/command.ts';
import { parseFastjson } from '../../../src/protocol/fastjson.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import { TestBroker, consumerBeat } from '../testBroker.ts';

describe('broker: assignments', () => {
  let broker: TestBroker;
  beforeEach(async () => {
    broker = await TestBroker.start();
    await broker.createTopic('T', 4);
  });
  afterEach(() => broker.stop());

  const query = (more: Record<string, string> = {}): Promise<RemotingCommand> =>
    broker.ask(
      RequestCode.QUERY_ASSIGNMENT,
      {},
      { topic: 'T', consumerGroup: 'G', clientId: 'a', strategyName: 'AVG', messageModel: 'CLUSTERING', ...more },
    );

  const setMode = (mode: string, popShareQueueNum = 0, topic = 'T', consumerGroup = 'G'): Promise<RemotingCommand> =>
    broker.ask(RequestCode.SET_MESSAGE_REQUEST_MODE, {}, { topic, consumerGroup, mode, popShareQueueNum });

  const join = async (...clientIds: string[]): Promise<void> => {
    for (const id of clientIds) await broker.heartbeat(await broker.connect(), consumerBeat(id, 'G', { T: '*' }));
  };

  const queues = async (more?: Record<string, string>): Promise<unknown> => {
    const { body } = await query(more);
    const { messageQueueAssignments } = parseFastjson(body.toString()) as Record<string, unknown>;
    if (messageQueueAssignments === undefined) return undefined;
    return (messageQueueAssignments as { messageQueue: { queueId: number }; mode: string }[]).map(
      ({ messageQueue, mode }) => `${mode} ${messageQueue.queueId}`,
    );
  };

  it('shares the queues among the members of a group', async () => {
    await join('b', 'a', 'c');
    assert.deepEqual(await queues(), ['PULL 0', 'PULL 1']);
    assert.deepEqual(await queues({ clientId: 'b' }), ['PULL 2']);
    assert.deepEqual(await queues({ clientId: 'a', strategyName: 'AVG_BY_CIRCLE' }), ['PULL 0', 'PULL 3']);
    assert.deepEqual(await queues({ clientId: 'stranger' }), []);
    assert.deepEqual(await queues({ messageModel: 'BROADCASTING' }), ['PULL 0', 'PULL 1', 'PULL 2', 'PULL 3']);
  });

  it('tells nothing where it cannot: a group without members, an unknown topic, a strategy of no kind', async () => {
    assert.equal((await query()).body.toString(), '{}');
    await join('a');
    assert.equal((await query({ topic: 'Nowhere' })).body.toString(), '{}');
    assert.equal((await query({ strategyName: 'constructor' })).body.toString(), '{}');
  });

  it('a group that pops has any queue of each broker, or shares them with its neighbours', async () => {
    await join('a', 'b', 'c', 'd');
    assert.equal((await setMode('POP')).code, 0);
    assert.deepEqual(await queues(), ['POP -1']);
    await setMode('POP', 1);
    assert.deepEqual(await queues({ clientId: 'd' }), ['POP 3', 'POP 0']);
    await setMode('PULL');
    assert.deepEqual(await queues(), ['PULL 0']);
  });

  it('a retry topic is pulled whatever the broker’s default', async () => {
    const own = await TestBroker.start({ broker: { defaultMessageRequestMode: 'POP' } });
    try {
      await own.createTopic('T', 1);
      await own.heartbeat(await own.connect(), consumerBeat('a', 'G', { T: '*' }));
      const modeOf = async (topic: string): Promise<string | undefined> => {
        const body = { topic, consumerGroup: 'G', clientId: 'a', strategyName: 'AVG', messageModel: 'CLUSTERING' };
        const answer = await own.ask(RequestCode.QUERY_ASSIGNMENT, {}, body);
        return /"mode":"(\w+)"/.exec(answer.body.toString())?.[1];
      };
      assert.deepEqual([await modeOf('T'), await modeOf('%RETRY%G')], ['POP', 'PULL']);
    } finally {
      await own.stop();
    }
  });

  it('without a NameServer it knows its own queues', async () => {
    await join('a');
    await broker.runtime.nameServer.stop();
    assert.deepEqual(await queues(), ['PULL 0', 'PULL 1', 'PULL 2', 'PULL 3']);
  });

  it('refuses modes for what is not there', async () => {
    const retry = await setMode('POP', 0, '%RETRY%G');
    assert.deepEqual([retry.code, retry.remark], [16, 'retry topic is not allowed to set mode']);
    const topic = await setMode('POP', 0, 'Nowhere');
    assert.deepEqual([topic.code, topic.remark], [17, 'topic[Nowhere] not exist']);
    const group = await setMode('POP', 0, 'T', 'no group!');
    assert.deepEqual([group.code, group.remark], [26, 'subscription group does not exist']);
  });

  it('keeps modes over a restart', async () => {
    const directory = makeTempDir('modes');
    let own = await TestBroker.start({ directory: directory.path });
    try {
      await own.createTopic('T', 1);
      const mode = { topic: 'T', consumerGroup: 'G', mode: 'POP', popShareQueueNum: 2 };
      await own.ask(RequestCode.SET_MESSAGE_REQUEST_MODE, {}, mode);
      await own.stop();
      own = await TestBroker.start({ directory: directory.path });
      const { body } = await own.ask(RequestCode.GET_ALL_MESSAGE_REQUEST_MODE);
      assert.deepEqual(parseFastjson(body.toString()), { messageRequestModeMap: { T: { G: mode } } });
    } finally {
      await own.stop();
      directory.remove();
    }
  });
});
