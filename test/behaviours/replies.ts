import assert from 'node:assert/strict';

import { RequestCode } from '../../src/protocol/codes.ts';
import type { RemotingCommand } from '../../src/protocol/command.ts';
import { decodeProperties } from '../../src/protocol/messageProperty.ts';
import type { Connection } from '../../src/remoting/connection.ts';
import type { Reply } from '../../src/remoting/peer.ts';
import { TIMEOUT_MS, ask, connect, sendRequest } from '../broker/testBroker.ts';
import { uniqueName } from '../support/backends.ts';
import type { TestCluster } from '../support/backends.ts';

export function replyBehaviours(cluster: TestCluster): void {
  let requester: Connection;
  let responder: Connection;
  let clientId = '';
  let pushed: RemotingCommand[];
  let taken: Reply;

  beforeEach(async () => {
    pushed = [];
    taken = { code: 0 };
    clientId = uniqueName('requester');
    requester = await connect(cluster.brokerAddress, ({ command }) => {
      pushed.push(command);
      return taken;
    });
    responder = await connect(cluster.brokerAddress);
    const beat = { clientID: clientId, producerDataSet: [{ groupName: uniqueName('P') }] };
    assert.equal((await ask(requester, RequestCode.HEART_BEAT, {}, beat)).code, 0);
  });
  afterEach(() => {
    requester.dispose();
    responder.dispose();
  });

  const reply = (properties: Record<string, string>): Promise<RemotingCommand> =>
    responder.request(
      sendRequest(`${cluster.clusterName}_REPLY_TOPIC`, 'pong', {
        code: RequestCode.SEND_REPLY_MESSAGE_V2,
        properties,
      }),
      TIMEOUT_MS,
    );

  it('reach the client that waits, before they are answered', async () => {
    const answer = await reply({ MSG_TYPE: 'reply', CORRELATION_ID: 'c1', TTL: '3000', REPLY_TO_CLIENT: clientId });
    assert.equal(answer.code, 0, answer.remark);
    assert.deepEqual(Object.keys(answer.extFields).sort(), [
      'MSG_REGION',
      'TRACE_ON',
      'msgId',
      'queueId',
      'queueOffset',
    ]);
    const [push] = pushed;
    assert.ok(push);
    assert.deepEqual([push.code, push.flag, push.body.toString()], [326, 0, 'pong']);
    const properties = decodeProperties(push.extFields['properties'] ?? '');
    assert.equal(properties.get('CORRELATION_ID'), 'c1');
    assert.ok(Number(properties.get('PUSH_REPLY_TIME')) > 0);
  });

  it('that reach nobody fail with the reason', async () => {
    const remarks: (string | undefined)[] = [];
    remarks.push((await reply({ CORRELATION_ID: 'c1' })).remark);
    remarks.push((await reply({ CORRELATION_ID: 'c1', REPLY_TO_CLIENT: 'ghost' })).remark);
    taken = { code: 1 };
    remarks.push((await reply({ CORRELATION_ID: 'c1', REPLY_TO_CLIENT: clientId })).remark);
    assert.deepEqual(remarks, [
      'reply message properties[REPLY_TO_CLIENT] is null',
      'push reply message fail, channel of <ghost> not found.',
      `push reply message to ${clientId}fail.`,
    ]);
  });
}
