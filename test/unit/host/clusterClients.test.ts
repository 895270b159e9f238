import assert from 'node:assert/strict';

import { Emitter } from '../../../src/base/emitter.ts';
import { isCodedError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import type { ClusterClient } from '../../../src/client/clusterClient.ts';
import { ClusterClients } from '../../../src/host/clusterClients.ts';
import type { ConnectionInfo } from '../../../src/host/connectionList.ts';

describe('ClusterClients', () => {
  let list: readonly ConnectionInfo[];
  let changes: Emitter<readonly ConnectionInfo[]>;
  let made: string[];
  let disposed: string[];
  let clients: ClusterClients;

  beforeEach(() => {
    list = [];
    changes = new Emitter();
    made = [];
    disposed = [];
    clients = new ClusterClients(
      { get: (id) => list.find((connection) => connection.id === id), onDidChange: changes.event },
      (nameServers) => {
        made.push(nameServers);
        return { dispose: () => disposed.push(nameServers) } as Partial<ClusterClient> as ClusterClient;
      },
      silentLogger,
    );
  });

  afterEach(() => clients.dispose());

  function become(...connections: ConnectionInfo[]): void {
    list = connections;
    changes.fire(list);
  }

  function dev(nameServers: string): ConnectionInfo {
    return { id: 'user:dev', name: 'dev', nameServers, scope: 'user' };
  }

  it('makes one client a connection', () => {
    become(dev('a:1'));
    assert.equal(clients.of(dev('a:1')), clients.of(dev('a:1')));
    assert.deepEqual(made, ['a:1']);
  });

  it('gives who asks with an old node the client of today, and leaves that one alone', () => {
    become(dev('a:1'));
    clients.of(dev('a:1'));
    become(dev('b:2'));
    const today = clients.of(dev('b:2'));
    assert.equal(clients.of(dev('a:1')), today);
    assert.deepEqual([made, disposed], [['a:1', 'b:2'], ['a:1']]);
  });

  it('makes none for a connection that was removed', () => {
    become(dev('a:1'));
    become();
    assert.throws(
      () => clients.of(dev('a:1')),
      (error) => isCodedError(error, 'connection-gone') && error.details['name'] === 'dev',
    );
    assert.deepEqual(made, []);
  });

  it('makes none for a gRPC endpoint, which knows no NameServer', () => {
    const endpoint = { grpcEndpoint: 'h:8081', tls: 'off', topics: [] } as const;
    const proxy: ConnectionInfo = { id: 'user:p', name: 'p', scope: 'user', endpoint };
    become(proxy);
    assert.throws(
      () => clients.of(proxy),
      (error) => isCodedError(error, 'name-server-needed') && error.details['name'] === 'p',
    );
  });

  it('ends all clients when they are renewed, and tells who holds one', () => {
    let told = 0;
    become(dev('a:1'));
    const before = clients.of(dev('a:1'));
    clients.onDidChange(() => (told += 1));
    clients.renew();
    assert.equal(told, 1);
    assert.deepEqual(disposed, ['a:1']);
    assert.notEqual(clients.of(dev('a:1')), before);
  });

  it('keeps the client of a local broker that is away, and ends those of others', () => {
    const local: ConnectionInfo = { id: 'local', name: 'Local Broker', nameServers: 'l:1', scope: 'local' };
    become(local, dev('a:1'));
    const before = clients.of(local);
    clients.of(dev('a:1'));
    become();
    assert.deepEqual(disposed, ['a:1']);
    become(local);
    assert.equal(clients.of(local), before);
  });
});
