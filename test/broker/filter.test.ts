import assert from 'node:assert/strict';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import { PullSysFlag } from '../../src/protocol/requests/pull.ts';
import { waitFor } from '../support/waitFor.ts';
import { TIMEOUT_MS, TestBroker, consumerBeat, pullRequest, records } from './testBroker.ts';
import type { PullParts } from './testBroker.ts';

describe('broker: filters by properties', () => {
  let broker: TestBroker;
  beforeEach(async () => {
    broker = await TestBroker.start();
    await broker.createTopic('T', 1);
  });
  afterEach(() => broker.stop());

  const send = async (...values: string[]): Promise<void> => {
    for (const n of values) await broker.send('T', n, { properties: { n } });
  };

  const pull = (parts: Partial<PullParts> = {}): Promise<RemotingCommand> =>
    broker.client.request(pullRequest({ topic: 'T', ...parts }), TIMEOUT_MS);

  const sql = (subscription: string, parts: Partial<PullParts> = {}): Promise<RemotingCommand> =>
    pull({ ...parts, header: { expressionType: 'SQL92', subscription, ...parts.header } });

  const bodies = (answer: RemotingCommand): string[] => records(answer.body).map(({ body }) => body.toString());

  const subscribe = (expression: string, subVersion: number): Promise<RemotingCommand> =>
    broker.heartbeat(broker.client, consumerBeat('c', 'G', { T: expression }, { expressionType: 'SQL92', subVersion }));

  const asMember = (subVersion: number, sysFlag = 0): Promise<RemotingCommand> =>
    pull({ group: 'G', sysFlag, header: { subscription: '', subVersion: String(subVersion) } });

  it('reads only what matches, and moves past the rest', async () => {
    await send('1', '2', '3', '4');
    const answer = await sql('n BETWEEN 2 AND 3');
    assert.deepEqual([answer.code, answer.remark], [ResponseCode.SUCCESS, 'FOUND']);
    assert.deepEqual(bodies(answer), ['2', '3']);
    assert.equal(answer.extFields['nextBeginOffset'], '4');
    const none = await sql('n > 9');
    assert.deepEqual([none.code, none.remark], [ResponseCode.PULL_RETRY_IMMEDIATELY, 'NO_MATCHED_MESSAGE']);
    assert.equal(none.extFields['nextBeginOffset'], '4');
  });

  it('stops at as many as were asked for, and goes on behind the last', async () => {
    await send('1', '2', '1', '2', '1', '2');
    const first = await sql('n = 2', { header: { maxMsgNums: '2' } });
    assert.deepEqual([bodies(first), first.extFields['nextBeginOffset']], [['2', '2'], '4']);
    const second = await sql('n = 2', { queueOffset: 4, header: { maxMsgNums: '2' } });
    assert.deepEqual([bodies(second), second.extFields['nextBeginOffset']], [['2'], '6']);
  });

  it('looks at 800 entries a pull at most', async () => {
    for (let index = 0; index < 27; index += 1) {
      await Promise.all(Array.from({ length: 30 }, () => broker.send('T', 'x', { properties: { n: '1' } })));
    }
    await send('2');
    const first = await sql('n = 2');
    assert.deepEqual([first.remark, first.extFields['nextBeginOffset']], ['NO_MATCHED_MESSAGE', '800']);
    assert.deepEqual(bodies(await sql('n = 2', { queueOffset: 800 })), ['2']);
  });

  it('is woken only by what matches', async () => {
    const held = sql('n = 2', { sysFlag: PullSysFlag.SUBSCRIPTION | PullSysFlag.SUSPEND });
    await waitFor('the pull to be held', () => broker.context.heldPulls.size === 1, { pollMs: 2 });
    await send('1');
    assert.equal(broker.context.heldPulls.size, 1);
    await send('2');
    const answer = await held;
    assert.deepEqual([bodies(answer), answer.extFields['nextBeginOffset']], [['2'], '2']);
  });

  it('refuses an expression in the header that does not compile with 23', async () => {
    for (const expression of ['n >', '', 'n ;']) {
      const answer = await sql(expression);
      assert.deepEqual([answer.code, answer.remark], [23, "parse the consumer's subscription failed"], expression);
    }
  });

  describe('of a member', () => {
    it('are those of its heartbeat', async () => {
      await send('1', '2');
      await subscribe('n = 2', 5);
      assert.deepEqual(bodies(await asMember(5)), ['2']);
      await subscribe('n = 1', 6);
      assert.deepEqual(bodies(await asMember(6)), ['1']);
      await subscribe('n = 2', 6);
      assert.deepEqual(bodies(await asMember(6)), ['1'], 'the same version changes nothing');
      assert.equal((await asMember(7)).code, ResponseCode.SUBSCRIPTION_NOT_LATEST);
    });

    it('get 27 when they do not compile, whatever they were', async () => {
      await send('1', '2');
      await subscribe('n =', 5);
      const answer = await asMember(5);
      assert.deepEqual(
        [answer.code, answer.remark],
        [27, "The broker's consumer filter data is not exist!Your expression may be wrong!"],
      );
      await subscribe('n = 2', 6);
      assert.deepEqual(bodies(await asMember(6)), ['2']);
      await subscribe('n = ;', 7);
      assert.equal((await asMember(7)).code, ResponseCode.FILTER_DATA_NOT_EXIST);
    });

    it('get 28 while the filter is older than the subscription', async () => {
      await subscribe('n = 2', 5);
      await subscribe('', 6);
      const answer = await asMember(6);
      assert.deepEqual([answer.code, answer.remark], [28, "the consumer's consumer filter data not latest"]);
    });
  });

  const check = (expressionType: string, subString: string): Promise<RemotingCommand> =>
    broker.ask(
      RequestCode.CHECK_CLIENT_CONFIG,
      {},
      { clientId: 'c', group: 'G', subscriptionData: { topic: 'T', subString, expressionType } },
    );

  it('are checked before a consumer starts', async () => {
    for (const [type, expression, code] of [
      ['TAG', 'anything', 0],
      ['SQL92', 'n = 2', 0],
      ['SQL92', 'n = NULL', 23],
      ['GROOVY', 'n = 2', 23],
    ] as const) {
      const answer = await check(type, expression);
      assert.equal(answer.code, code, `${type} ${expression}`);
      if (code === 23) assert.notEqual(answer.remark ?? '', '');
    }
  });

  for (const filterSupportRetry of [false, true]) {
    const whose = filterSupportRetry ? 'that of the topic they came from' : 'that of the retry topic';
    it(`of messages that come again are ${whose} with filterSupportRetry=${filterSupportRetry}`, async () => {
      await broker.stop();
      broker = await TestBroker.start({ broker: { filterSupportRetry } });
      await broker.createTopic('%RETRY%G', 1);
      const beat = JSON.stringify(consumerBeat('c', 'G', { T: 'n = 2' }, { expressionType: 'SQL92', subVersion: 5 }));
      await broker.heartbeat(
        broker.client,
        JSON.parse(beat.replace('"subString":"*"', '"subString":"n = 1"')) as object,
      );
      for (const [n, from] of [
        ['1', 'T'],
        ['2', 'T'],
        ['3', 'Elsewhere'],
      ] as const) {
        await broker.send('%RETRY%G', n, { properties: { n, RETRY_TOPIC: from } });
      }
      const answer = await pull({ topic: '%RETRY%G', group: 'G', sysFlag: 0, header: { subVersion: '5' } });
      // Of a topic that the group has no filter for all come.
      assert.deepEqual(bodies(answer), filterSupportRetry ? ['2', '3'] : ['1']);
    });
  }

  it('are refused with 1 where enablePropertyFilter=false', async () => {
    await broker.stop();
    broker = await TestBroker.start({ broker: { enablePropertyFilter: false } });
    await broker.createTopic('T', 1);
    await send('1');
    await subscribe('n = 1', 5);
    for (const answer of [await check('SQL92', 'n = 1'), await sql('n = 1'), await asMember(5)]) {
      assert.deepEqual(
        [answer.code, answer.remark],
        [1, 'The broker does not support consumer to filter message by SQL92'],
      );
    }
  });
});
