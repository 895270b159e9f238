import assert from 'node:assert/strict';

import { isCodedError } from '../../../src/base/errors.ts';
import {
  isKept,
  connectionAddress,
  connectsAlike,
  knowsAllClients,
  listConnections,
  malformedEntries,
  readConnectionSettings,
  withEntry,
  withoutEntry,
  withReplaced,
} from '../../../src/host/connectionList.ts';
import type { ClusterConnection } from '../../../src/host/connectionList.ts';

const cluster: ClusterConnection = {
  id: 'cluster:/d/single',
  name: 'Local Cluster single',
  nameServers: '127.0.0.1:40001',
  scope: 'cluster',
  directory: '/d/single',
};
const local: ClusterConnection = { id: 'local', name: 'Local Broker', nameServers: '127.0.0.1:9876', scope: 'local' };

describe('listConnections', () => {
  it('shows what runs here, then the workspace, then the user, with ids that tell them apart', () => {
    const list = listConnections(
      [local, cluster],
      [{ name: 'test', nameServers: 'w:9876' }],
      [
        { name: 'test', nameServers: 'u:9876' },
        { name: 'dev', nameServers: 'd:9876' },
      ],
    );
    assert.deepEqual(
      list.map(({ id, nameServers, scope }) => [id, nameServers, scope]),
      [
        ['local', '127.0.0.1:9876', 'local'],
        ['cluster:/d/single', '127.0.0.1:40001', 'cluster'],
        ['workspace:test', 'w:9876', 'workspace'],
        ['user:test', 'u:9876', 'user'],
        ['user:dev', 'd:9876', 'user'],
      ],
    );
  });

  it('keeps in the settings what is of the user and the workspace alone', () => {
    const list = listConnections([local, cluster], [], [{ name: 'dev', nameServers: 'd:9876' }]);
    assert.deepEqual(
      list.filter(isKept).map(({ name }) => name),
      ['dev'],
    );
  });

  it('counts the first of two entries with one name in one place', () => {
    const twice = [
      { name: 'dev', nameServers: 'a:1' },
      { name: 'dev', nameServers: 'b:2' },
    ];
    assert.deepEqual(
      listConnections([], [], twice).map(({ nameServers }) => nameServers),
      ['a:1'],
    );
  });
});

describe('readConnectionSettings', () => {
  it('keeps the well-formed entries of what a person wrote', () => {
    const good = { name: 'dev', nameServers: 'h:9876' };
    const written = [
      good,
      null,
      'dev',
      { name: 'dev' },
      { name: ' ', nameServers: 'h:1' },
      { name: 1, nameServers: 'x' },
    ];
    assert.deepEqual(readConnectionSettings(written), [good]);
  });

  it('takes anything but a list for none', () => {
    for (const value of [undefined, null, {}, 'a', 3]) assert.deepEqual(readConnectionSettings(value), []);
  });
});

describe('malformedEntries', () => {
  it('says what is wrong with which entry', () => {
    const good = { name: 'dev', nameServers: 'h:9876' };
    const written = [good, null, { nameServers: 'h:1' }, { name: 'test', nameservers: 'h:2' }, { ...good }];
    assert.deepEqual(
      malformedEntries('user', written).map(({ scope, index, problem }) => [scope, index, problem.details]),
      [
        ['user', 1, { position: 2, reason: 'no-object' }],
        ['user', 2, { position: 3, reason: 'no-name' }],
        ['user', 3, { position: 4, reason: 'no-name-servers' }],
        ['user', 4, { position: 5, reason: 'name-twice' }],
      ],
    );
  });

  it('takes what is no list for one wrong entry, and nothing for none', () => {
    assert.deepEqual(malformedEntries('workspace', undefined), []);
    assert.deepEqual(
      malformedEntries('workspace', { dev: 'h:1' }).map(({ problem }) => problem.details['reason']),
      ['no-list'],
    );
  });
});

describe('a change of the connections that a person wrote', () => {
  const dev = { name: 'dev', nameServers: 'h:1', note: 'mine' };
  const test = { name: 'test', nameServers: 'h:2' };
  const written = [{ name: 'half' }, dev, 'odd', { ...dev, nameServers: 'h:3' }];

  it('adds one and keeps the rest as it is', () => {
    assert.deepEqual(withEntry(written, test), [...written, test]);
    assert.deepEqual(withEntry(undefined, test), [test]);
  });

  it('replaces the entry that is shown, and what else it has stays', () => {
    assert.deepEqual(withReplaced(written, 'dev', test), [written[0], { ...test, note: 'mine' }, 'odd', written[3]]);
  });

  it('removes the entry that is shown and no other', () => {
    assert.deepEqual(withoutEntry(written, 'dev'), [written[0], 'odd', written[3]]);
    assert.deepEqual(withoutEntry(written, 'half'), written);
  });

  it('is refused when the value is no list', () => {
    for (const change of [
      () => withEntry({ dev: 'h:1' }, test),
      () => withReplaced('h:1', 'dev', test),
      () => withoutEntry(1, 'dev'),
    ]) {
      assert.throws(change, (error) => isCodedError(error, 'connection-entry-malformed'));
    }
  });
});

describe('entries of gRPC endpoints', () => {
  const proxy = { name: 'proxy', grpcEndpoint: 'h:8081' };

  it('check the certificate and show no topics, unless they say otherwise', () => {
    const other = { name: 'other', grpcEndpoint: 'i:8081', tls: 'off', topics: ['a'] };
    const read = readConnectionSettings([proxy, other]);
    assert.deepEqual(read, [{ ...proxy, tls: 'verified', topics: [] }, other]);
    assert.deepEqual(listConnections([], [], read)[0], {
      ...{ id: 'user:proxy', name: 'proxy', scope: 'user' },
      endpoint: { grpcEndpoint: 'h:8081', tls: 'verified', topics: [] },
    });
  });

  for (const [what, entry] of [
    ['both kinds at once', { ...proxy, nameServers: 'h:9876' }],
    ['an address that is no text', { ...proxy, grpcEndpoint: 8081 }],
    ['another kind of TLS', { ...proxy, tls: true }],
    ['topics that are no names', { ...proxy, topics: ['a', ''] }],
  ] as const) {
    it(`are told when they have ${what}`, () => {
      assert.deepEqual(readConnectionSettings([entry]), []);
      const [malformed] = malformedEntries('user', [entry]);
      assert.equal(malformed?.problem.details['reason'], 'bad-endpoint');
    });
  }

  it('reach the same in the same way whatever topics they show', () => {
    const of = (more: object) => {
      const [connection] = listConnections([], [], readConnectionSettings([{ ...proxy, ...more }]));
      return connection ?? assert.fail();
    };
    assert.equal(connectionAddress(of({})), 'h:8081');
    assert.ok(connectsAlike(of({}), of({ topics: ['a'] })));
    assert.ok(!connectsAlike(of({}), of({ tls: 'off' })));
    assert.ok(!connectsAlike(of({}), of({ grpcEndpoint: 'i:1' })));
    assert.ok(!connectsAlike(of({}), local));
  });
});

describe('brokers know all clients', () => {
  for (const [what, connection, expected] of [
    ['of the local broker', local, true],
    ['of a local cluster', cluster, true],
    ["of Apache's servers, beside which a proxy may run", { ...cluster, apache: '5.3.2' }, false],
    ['of containers, one of which may be a proxy', { ...local, id: 'docker:/f', scope: 'docker' }, false],
    ['of the settings', { ...local, id: 'user:a', scope: 'user' }, false],
  ] as const) {
    it(`${what}: ${expected}`, () => assert.equal(knowsAllClients(connection), expected));
  }
});
