import assert from 'node:assert/strict';

import { listConnections, readConnectionSettings } from '../../../src/host/connectionList.ts';
import type { ConnectionInfo } from '../../../src/host/connectionList.ts';

const local: ConnectionInfo = { id: 'local', name: 'Local Broker', nameServers: '127.0.0.1:9876', scope: 'local' };

describe('listConnections', () => {
  it('shows the local broker, then the workspace, then the user, with ids that tell them apart', () => {
    const list = listConnections(
      local,
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
        ['workspace:test', 'w:9876', 'workspace'],
        ['user:test', 'u:9876', 'user'],
        ['user:dev', 'd:9876', 'user'],
      ],
    );
  });

  it('counts the first of two entries with one name in one place', () => {
    const twice = [
      { name: 'dev', nameServers: 'a:1' },
      { name: 'dev', nameServers: 'b:2' },
    ];
    assert.deepEqual(
      listConnections(undefined, [], twice).map(({ nameServers }) => nameServers),
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
