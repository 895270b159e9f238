import assert from 'node:assert/strict';

import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import { PullSysFlag } from '../../src/protocol/requests/pull.ts';
import type { Connection } from '../../src/remoting/connection.ts';
import { TIMEOUT_MS, ask, connect, consumerBeat, pullRequest, records, sendRequest } from '../broker/testBroker.ts';
import { uniqueName } from '../support/backends.ts';
import type { TestCluster } from '../support/backends.ts';
import { SQL_CASES, SQL_ILLEGAL, SQL_MESSAGES, takenBy } from '../support/sqlCases.ts';
import { waitFor } from '../support/waitFor.ts';

export function filteringBehaviours(cluster: TestCluster): void {
  let connection: Connection;
  let topic = '';

  before(async function () {
    this.timeout(60_000);
    connection = await connect(cluster.brokerAddress);
    topic = await cluster.newTopic({ readQueueNums: 1, writeQueueNums: 1 });
    for (const [name, properties] of Object.entries(SQL_MESSAGES)) await send(name, properties);
    await cluster.untilReadable(topic, Object.keys(SQL_MESSAGES).length);
  });
  after(() => connection.dispose());

  const send = (body: string, properties: Readonly<Record<string, string>>): Promise<RemotingCommand> =>
    connection.request(sendRequest(topic, body, { properties }), TIMEOUT_MS);

  const bodies = (answer: RemotingCommand): string[] => records(answer.body).map(({ body }) => body.toString());

  /** The names of the messages that an expression in the header of the pull takes. */
  const taken = async (expression: string): Promise<string[]> => {
    const names: string[] = [];
    for (let queueOffset = 0; ;) {
      const header = { expressionType: 'SQL92', subscription: expression };
      const answer = await connection.request(pullRequest({ topic, queueOffset, header }), TIMEOUT_MS);
      if (answer.code !== ResponseCode.SUCCESS && answer.code !== ResponseCode.PULL_RETRY_IMMEDIATELY) return names;
      names.push(...(answer.code === ResponseCode.SUCCESS ? bodies(answer) : []));
      queueOffset = Number(answer.extFields['nextBeginOffset']);
    }
  };

  const check = async (subString: string, expressionType = 'SQL92'): Promise<number> => {
    const body = { clientId: 'c', group: 'G', subscriptionData: { topic, subString, expressionType } };
    return (await ask(connection, RequestCode.CHECK_CLIENT_CONFIG, {}, body)).code;
  };

  it('by an SQL92 expression in the pull takes what it says', async () => {
    const found: Record<string, string[]> = {};
    const expected: Record<string, string[]> = {};
    for (const [expression, takes] of SQL_CASES) {
      found[expression] = await taken(expression);
      expected[expression] = takenBy(takes);
    }
    assert.deepEqual(found, expected);
  }).timeout(120_000);

  it('by what does not compile is told when it is checked', async () => {
    for (const [expression] of SQL_CASES) assert.equal(await check(expression), 0, expression);
    for (const expression of SQL_ILLEGAL) assert.equal(await check(expression), 23, expression);
    assert.equal(await check('a = 5', 'GROOVY'), 23);
    assert.equal(await check('whatever', 'TAG'), 0);
  });

  describe('by the expression of a heartbeat', () => {
    let group = '';
    beforeEach(() => (group = uniqueName('FilterGroup')));

    const subscribe = (expression: string, subVersion: number): Promise<RemotingCommand> =>
      ask(
        connection,
        RequestCode.HEART_BEAT,
        {},
        consumerBeat(`client-of-${group}`, group, { [topic]: expression }, { expressionType: 'SQL92', subVersion }),
      );
    const pull = (
      subVersion: number,
      more: { queueOffset?: number; sysFlag?: number } = {},
    ): Promise<RemotingCommand> =>
      connection.request(
        pullRequest({
          topic,
          group,
          sysFlag: 0,
          ...more,
          header: { subscription: '', subVersion: String(subVersion) },
        }),
        20_000,
      );

    it('takes what the newest version of it says', async () => {
      await subscribe("a = 'abc'", 5);
      assert.deepEqual(bodies(await pull(5)), ['text']);
      await subscribe("a = 'ABC'", 6);
      assert.deepEqual(bodies(await pull(6)), ['upper']);
      await subscribe("a = 'abc'", 6);
      assert.deepEqual(bodies(await pull(5)), ['upper']);
      assert.equal((await pull(7)).code, ResponseCode.SUBSCRIPTION_NOT_LATEST);
    });

    it('answers 27 when it does not compile, and 28 when there is only an older one', async () => {
      await subscribe('a =', 5);
      assert.equal((await pull(5)).code, ResponseCode.FILTER_DATA_NOT_EXIST);
      await subscribe("a = 'abc'", 6);
      assert.deepEqual(bodies(await pull(6)), ['text']);
      await subscribe('', 7);
      assert.equal((await pull(7)).code, ResponseCode.FILTER_DATA_NOT_LATEST);
      await subscribe('a =', 8);
      assert.equal((await pull(8)).code, ResponseCode.FILTER_DATA_NOT_EXIST);
    });

    it('wakes a held pull only for what it takes', async () => {
      await subscribe("a = 'wanted'", 5);
      const end = async (): Promise<number> => {
        const answer = await ask(connection, RequestCode.GET_MAX_OFFSET, { topic, queueId: '0' });
        return Number(answer.extFields['offset']);
      };
      const from = await end();
      const held = pull(5, { queueOffset: from, sysFlag: PullSysFlag.SUSPEND });
      await send('unwanted', { a: 'unwanted' });
      await waitFor('the first to be there', async () => (await end()) === from + 1);
      await send('wanted', { a: 'wanted' });
      let answer = await held;
      // Apache's broker may look at the pull when the first is there, and then lets the client ask on.
      if (cluster.backend === 'apache' && answer.code === ResponseCode.PULL_RETRY_IMMEDIATELY) {
        answer = await pull(5, { queueOffset: from + 1, sysFlag: PullSysFlag.SUSPEND });
      }
      assert.deepEqual([bodies(answer), answer.extFields['nextBeginOffset']], [['wanted'], String(from + 2)]);
    }).timeout(60_000);
  });
}
