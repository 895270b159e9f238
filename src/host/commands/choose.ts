import * as vscode from 'vscode';

import { CodedError } from '../../base/errors.ts';
import type { TopicSummary } from '../../client/model.ts';
import type { ClusterClients } from '../clusterClients.ts';
import { connectionAddress, isKept } from '../connectionList.ts';
import type { ConnectionInfo } from '../connectionList.ts';
import type { Connections } from '../connections.ts';
import { byKindAndName } from '../explorer/loadChildren.ts';
import type { ExplorerNode } from '../explorer/nodes.ts';
import type { Prompts } from '../prompts.ts';

const { t } = vscode.l10n;

export interface ChooseContext {
  readonly connections: Connections;
  readonly clients: ClusterClients;
  readonly prompts: Prompts;
}

/** The connection of the node; without a node the only one there is (that the settings keep), or the one picked. */
export async function chooseConnection(
  { connections, prompts }: ChooseContext,
  node: ExplorerNode | undefined,
  title: string,
  which: 'any' | 'kept' | 'cluster' | 'endpoint' = 'any',
): Promise<ConnectionInfo | undefined> {
  if (node?.connection !== undefined) return node.connection;
  const candidates = connections.list.filter((connection) => isOneOf(connection, which));
  if (candidates.length === 0) {
    const add = t('Add Connection…');
    const start = t('Start Local Broker');
    // The local broker's connection is kept nowhere: there is nothing of it to edit or remove.
    const answer =
      which === 'any' || which === 'cluster'
        ? await prompts.tell('info', t('There is no connection for that yet.'), start, add)
        : await prompts.tell('info', t('The settings hold no connection yet.'), add);
    if (answer === add) await vscode.commands.executeCommand('rocketmq.connection.add');
    if (answer === start) await vscode.commands.executeCommand('rocketmq.localBroker.start');
    return undefined;
  }
  if (candidates.length === 1) return candidates[0];
  const items = candidates.map((value) => ({ label: value.name, description: connectionAddress(value), value }));
  return prompts.pick({ title, placeholder: t('Choose a connection'), items });
}

function isOneOf(connection: ConnectionInfo, which: 'any' | 'kept' | 'cluster' | 'endpoint'): boolean {
  switch (which) {
    case 'any':
      return true;
    case 'kept':
      return isKept(connection);
    case 'cluster':
      return connection.endpoint === undefined;
    case 'endpoint':
      return connection.endpoint !== undefined;
  }
}

/** The topic of the node, or the one that a person picks of those that `mayBe`. */
export async function chooseTopic(
  { clients, prompts }: ChooseContext,
  connection: ConnectionInfo,
  node: ExplorerNode | undefined,
  title: string,
  mayBe: (topic: TopicSummary) => boolean,
): Promise<string | undefined> {
  if (node?.kind === 'topic') return node.topic.topic;
  if (node?.kind === 'endpointTopic') return node.topicName;
  const topics = (await topicsOf(clients, connection)).filter(mayBe);
  if (topics.length === 0) {
    await prompts.tell('info', t('{0} has no topic for that. Create one first.', connection.name));
    return undefined;
  }
  const items = [...topics].sort(byKindAndName).map(({ topic }) => ({ label: topic, value: topic }));
  return prompts.pick({ title, placeholder: t('Choose a topic'), items });
}

async function topicsOf(clients: ClusterClients, connection: ConnectionInfo): Promise<readonly TopicSummary[]> {
  if (connection.endpoint === undefined) return clients.of(connection).topics();
  return connection.endpoint.topics.map((topic) => ({ topic, kind: 'normal' }));
}

/** The cluster of the node; the only one of the connection, or the one that a person picks. @throws CodedError `no-broker` */
export async function chooseCluster(
  { clients, prompts }: ChooseContext,
  connection: ConnectionInfo,
  node: ExplorerNode | undefined,
  title: string,
): Promise<string | undefined> {
  for (let at = node; at !== undefined; at = at.parent) if (at.kind === 'cluster') return at.clusterName;
  const brokers = await clients.of(connection).brokers();
  const names = [...new Set(brokers.map((broker) => broker.clusterName))].sort();
  if (names.length === 0) throw new CodedError('no-broker', { nameServers: connectionAddress(connection) });
  if (names.length === 1) return names[0];
  return prompts.pick({
    title,
    placeholder: t('Choose a cluster'),
    items: names.map((name) => ({ label: name, value: name })),
  });
}
