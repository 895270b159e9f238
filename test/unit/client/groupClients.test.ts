import assert from 'node:assert/strict';

import { isCodedError } from '../../../src/base/errors.ts';
import { ClusterClient } from '../../../src/client/clusterClient.ts';
import type { ClusterContext } from '../../../src/client/clusterContext.ts';
import { listGroupClients } from '../../../src/client/groupClients.ts';
import { EndpointClient } from '../../../src/client/grpc/endpointClient.ts';
import type { ReceivedMessage } from '../../../src/client/receivedMessage.ts';
import { decodeConsumerConnection, encodeConsumerConnection } from '../../../src/protocol/bodies/connection.ts';
import { RequestCode, ResponseCode } from '../../../src/protocol/codes.ts';
import { TestBroker, TIMEOUT_MS } from '../../broker/testBroker.ts';
import { brokerData, contextOf, nameServerAnswers, startScripted } from '../../support/scriptedCluster.ts';
import type { ScriptedServer } from '../../support/scriptedCluster.ts';
import { waitFor } from '../../support/waitFor.ts';

const CONNECTIONS = RequestCode.GET_CONSUMER_CONNECTION_LIST;
const about = {
  consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
  consumeType: 'CONSUME_PASSIVELY',
  messageModel: 'CLUSTERING',
  subscriptions: [],
} as const;

describe('clients of a group', () => {
  describe('at scripted brokers', () => {
    let a: ScriptedServer;
    let b: ScriptedServer;
    let names: ScriptedServer;
    let context: ClusterContext;

    beforeEach(async () => {
      [a, b] = await Promise.all([startScripted(), startScripted()]);
      names = await startScripted(nameServerAnswers([brokerData('a', a.address), brokerData('b', b.address)], []));
      context = contextOf(names.address);
    });

    afterEach(async () => {
      context.pool.dispose();
      await Promise.all([a, b, names].map((server) => server.close()));
    });

    const client = (clientId: string) => ({ clientId, clientAddr: '10.0.0.1:5000', language: 'GO', version: 479 });

    it('are told once, whichever brokers they are connected to', async () => {
      const body = (...ids: string[]) => encodeConsumerConnection(ids.map(client), about);
      a.answers.set(CONNECTIONS, () => ({ code: 0, body: body('c2', 'c1') }));
      b.answers.set(CONNECTIONS, () => ({ code: 0, body: body('c1') }));
      const { items, unanswered } = await listGroupClients(context, 'g');
      assert.deepEqual(unanswered, []);
      const common = { address: '10.0.0.1:5000', language: 'GO', release: 'V5_3_3' };
      const how = { consumeType: 'CONSUME_PASSIVELY', messageModel: 'CLUSTERING' };
      assert.deepEqual(
        items,
        ['c1', 'c2'].map((clientId) => ({ clientId, ...common, ...how })),
      );
    });

    it('are none when no broker knows one', async () => {
      const remark = 'the consumer group[g] not online';
      for (const server of [a, b]) {
        server.answers.set(CONNECTIONS, () => ({ code: ResponseCode.CONSUMER_NOT_ONLINE, remark }));
      }
      assert.deepEqual(await listGroupClients(context, 'g'), { items: [], unanswered: [] });
    });

    it('are told beside a broker that did not answer, and not when none did', async () => {
      const refused = () => ({ code: ResponseCode.SYSTEM_ERROR, remark: 'no' });
      a.answers.set(CONNECTIONS, refused);
      b.answers.set(CONNECTIONS, () => ({ code: 0, body: encodeConsumerConnection([client('c1')], about) }));
      const { items, unanswered } = await listGroupClients(context, 'g');
      assert.deepEqual([items.length, unanswered.map(({ address }) => address)], [1, [a.address]]);
      b.answers.set(CONNECTIONS, refused);
      await assert.rejects(listGroupClients(context, 'g'), (error) => isCodedError(error, 'response-error'));
    });

    it('may say less', () => {
      assert.deepEqual(decodeConsumerConnection(Buffer.from('{"connectionSet":[{"clientId":"c"}]}')), {
        clients: [{ clientId: 'c', clientAddr: '', language: '', version: 0 }],
        consumeType: '',
        messageModel: '',
      });
    });
  });

  it('by gRPC are online for who asks by remoting, and receive what was sent so', async () => {
    const broker = await TestBroker.start({ broker: { grpcServerPort: 0 } });
    const cluster = new ClusterClient({ nameServers: broker.runtime.nameServerAddress, timeoutMs: TIMEOUT_MS });
    const address = broker.runtime.broker.grpcAddress ?? '';
    const endpoint = new EndpointClient({ address, tls: 'off', timeoutMs: TIMEOUT_MS });
    try {
      await broker.createTopic('Orders');
      const received: ReceivedMessage[] = [];
      const tail = endpoint.tail('Orders', 'tail-group');
      tail.onMessages((messages) => received.push(...messages));
      await tail.ready;
      const items = await waitFor('the client', async () => {
        const found = await cluster.groupClients('tail-group');
        return found.items.length > 0 && found.items;
      });
      assert.equal(items.length, 1);
      assert.match(items[0]?.clientId ?? '', /@/);
      assert.equal(items[0]?.consumeType, 'CONSUME_ACTIVELY');
      const sent = await cluster.send({ topic: 'Orders', tag: 't', body: Buffer.from('by remoting') });
      await waitFor('the message', () => received.length === 1);
      assert.deepEqual(
        received.map(({ messageId, body, properties }) => [messageId, body.toString(), properties.get('TAGS')]),
        [[sent.messageId, 'by remoting', 't']],
      );
      tail.dispose();
      await waitFor('the leave', async () => (await cluster.groupClients('tail-group')).items.length === 0);
    } finally {
      endpoint.dispose();
      cluster.dispose();
      await broker.stop();
    }
  });
});
