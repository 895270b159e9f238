import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import { CodedError } from '../../../src/base/errors.ts';
import type { BrokerDetail } from '../../../src/client/model.ts';
import { brokerNode, clusterNode, connectionNode, folderNode, groupNode } from '../../../src/host/explorer/nodes.ts';
import { treeItemOf } from '../../../src/host/explorer/treeItem.ts';

const connection = connectionNode({ id: 'user:dev', name: 'dev', nameServers: 'h:9876', scope: 'user' });
const cluster = clusterNode(connection, 'c');

describe('the rows of the explorer', () => {
  function brokerRow(detail: BrokerDetail | Error | undefined) {
    const broker = { clusterName: 'c', brokerName: 'broker-a', brokerId: 0, address: 'h:10911' };
    const item = treeItemOf(brokerNode(folderNode(cluster, 'brokers'), broker), {
      counts: undefined,
      brokerDetail: detail,
      faults: 0,
    });
    assert.ok(item.iconPath instanceof vscode.ThemeIcon);
    return { description: item.description, icon: item.iconPath.id, spoken: item.accessibilityInformation?.label };
  }

  it('a broker shows its version, also to who hears it', () => {
    assert.deepEqual(brokerRow({ version: 'V5_3_3', runtime: new Map() }), {
      description: 'master · h:10911 · 5.3.3',
      icon: 'server',
      spoken: 'broker-a, master, h:10911, 5.3.3, Broker id 0',
    });
  });

  it('a broker that answers without a version does answer', () => {
    assert.deepEqual(brokerRow({ version: undefined, runtime: new Map() }), {
      description: 'master · h:10911',
      icon: 'server',
      spoken: 'broker-a, master, h:10911, Broker id 0, Version unknown',
    });
  });

  it('a broker that does not answer says so and why', () => {
    const row = brokerRow(new CodedError('connect-refused', { address: 'h:10911' }));
    assert.equal(row.description, 'master · h:10911 · does not answer');
    assert.equal(row.icon, 'warning');
    assert.match(row.spoken ?? '', /^broker-a, master, h:10911, does not answer, .*, Nothing listens on h:10911, /);
  });

  it('a group of the system is heard to be one', () => {
    const node = groupNode(folderNode(cluster, 'groups'), { group: 'CID_X', system: true });
    const item = treeItemOf(node, { counts: undefined, brokerDetail: undefined, faults: 0 });
    assert.equal(item.accessibilityInformation?.label, 'CID_X, system, Consumer group');
  });

  it('a connection says its addresses once', () => {
    const item = treeItemOf(connection, { counts: undefined, brokerDetail: undefined, faults: 0 });
    assert.equal(item.accessibilityInformation?.label, 'dev, h:9876, Kept in user settings');
  });
});
