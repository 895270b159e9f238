import assert from 'node:assert/strict';

import { Emitter } from '../../../src/base/emitter.ts';
import { isCodedError } from '../../../src/base/errors.ts';
import type { EndpointClient } from '../../../src/client/grpc/endpointClient.ts';
import type { ConnectionInfo, EndpointConnection } from '../../../src/host/connectionList.ts';
import { EndpointClients } from '../../../src/host/endpointClients.ts';

describe('EndpointClients', () => {
  let list: readonly ConnectionInfo[];
  let changes: Emitter<readonly ConnectionInfo[]>;
  let made: string[];
  let disposed: string[];
  let clients: EndpointClients;

  beforeEach(() => {
    list = [];
    changes = new Emitter();
    made = [];
    disposed = [];
    clients = new EndpointClients(
      { get: (id) => list.find((connection) => connection.id === id), onDidChange: changes.event },
      ({ endpoint: { grpcEndpoint } }) => {
        made.push(grpcEndpoint);
        return { dispose: () => disposed.push(grpcEndpoint) } as Partial<EndpointClient> as EndpointClient;
      },
    );
  });

  afterEach(() => clients.dispose());

  function become(...connections: ConnectionInfo[]): void {
    list = connections;
    changes.fire(list);
  }

  function proxy(grpcEndpoint: string, ...topics: string[]): EndpointConnection {
    return { id: 'user:p', name: 'p', scope: 'user', endpoint: { grpcEndpoint, tls: 'off', topics } };
  }

  it('keeps the client of an endpoint that shows other topics, and tells panels of them', async () => {
    become(proxy('a:1'));
    const client = clients.of(proxy('a:1'));
    const forPanels = clients.forPanels(proxy('a:1'));
    become(proxy('a:1', 'orders'));
    assert.equal(clients.of(proxy('a:1')), client);
    assert.equal(clients.forPanels(proxy('a:1')), forPanels);
    assert.deepEqual(await forPanels.topics(), [{ topic: 'orders', kind: 'normal' }]);
    assert.deepEqual([made, disposed], [['a:1'], []]);
  });

  it('makes another for another address, and ends the one before', () => {
    become(proxy('a:1'));
    clients.of(proxy('a:1'));
    become(proxy('b:2'));
    clients.of(proxy('a:1'));
    assert.deepEqual([made, disposed], [['a:1', 'b:2'], ['a:1']]);
  });

  it('makes none for what is no endpoint', () => {
    const isGone = (error: unknown) => isCodedError(error, 'connection-gone');
    assert.throws(() => clients.of(proxy('a:1')), isGone);
    become({ id: 'user:p', name: 'p', scope: 'user', nameServers: 'h:9876' });
    assert.throws(() => clients.of(proxy('a:1')), isGone);
  });

  it('ends all when they are renewed, and tells who holds one', () => {
    become(proxy('a:1'));
    clients.of(proxy('a:1'));
    let told = 0;
    clients.onDidChange(() => (told += 1));
    clients.renew();
    assert.deepEqual([told, disposed], [1, ['a:1']]);
  });
});
