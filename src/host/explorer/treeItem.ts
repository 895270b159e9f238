import * as vscode from 'vscode';

import type { BrokerDetail, TopicKind } from '../../client/model.ts';
import { isKept } from '../connectionList.ts';
import { faultsText } from '../faultsText.ts';
import { describeError } from '../errorMessages.ts';
import { endpointLooks, endpointQueueLooks, endpointTopicLooks, unknownLooks } from './endpointLooks.ts';
import { faultLooks, faultsLooks } from './faultLooks.ts';
import { processesLooks, processLooks } from './processLooks.ts';
import { BESIDE, icon, spoken, tooltip } from './looks.ts';
import type { Looks } from './looks.ts';
import type {
  BrokerTreeNode,
  ClientTreeNode,
  ConnectionTreeNode,
  ExplorerNode,
  FolderName,
  FolderTreeNode,
  QueueTreeNode,
  TopicTreeNode,
} from './nodes.ts';
import { emptyLooks, errorLooks, malformedLooks } from './standInLooks.ts';

export interface ChildCounts {
  readonly shown: number;
  /** System topics or groups that are left out. */
  readonly hidden: number;
}

/** What is known beside the node itself. */
export interface NodeFacts {
  readonly counts: ChildCounts | undefined;
  readonly brokerDetail: BrokerDetail | Error | undefined;
  /** Of the local broker: how many can strike. */
  readonly faults: number;
}

const { t } = vscode.l10n;
const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;

export function treeItemOf(node: ExplorerNode, facts: NodeFacts): vscode.TreeItem {
  const looks = looksOf(node, facts);
  const item = new vscode.TreeItem(looks.label, looks.expands);
  item.id = node.id;
  item.iconPath = looks.icon;
  item.contextValue = looks.contextValue;
  item.tooltip = tooltip(looks);
  item.accessibilityInformation = { label: spoken(looks) };
  if (looks.description !== undefined) item.description = looks.description;
  if (looks.command !== undefined) {
    item.command = {
      command: looks.command.id,
      title: looks.command.title,
      arguments: [looks.command.argument ?? node],
    };
  }
  return item;
}

function looksOf(node: ExplorerNode, facts: NodeFacts): Looks {
  switch (node.kind) {
    case 'connection':
      return connectionLooks(node, facts.faults);
    case 'cluster':
      return {
        label: node.clusterName,
        icon: icon('layers'),
        contextValue: 'cluster',
        expands: Expanded,
        facts: [[t('Cluster')]],
      };
    case 'folder':
      return folderLooks(node, facts.counts);
    case 'broker':
      return brokerLooks(node, facts.brokerDetail);
    case 'processes':
      return processesLooks(node);
    case 'process':
      return processLooks(node);
    case 'faults':
      return faultsLooks(node);
    case 'fault':
      return faultLooks(node);
    case 'topic':
      return topicLooks(node);
    case 'queue':
      return queueLooks(node);
    case 'endpointTopic':
      return endpointTopicLooks(node);
    case 'endpointQueue':
      return endpointQueueLooks(node);
    case 'unknown':
      return unknownLooks(node);
    case 'group':
      return {
        label: node.group.group,
        icon: icon('organization'),
        contextValue: 'group',
        expands: Collapsed,
        facts: [[t('Consumer group')]],
        ...(node.group.system ? { description: t('system') } : {}),
      };
    case 'client':
      return clientLooks(node);
    case 'loading':
      return { label: t('Loading…'), icon: icon('loading~spin'), contextValue: 'loading', expands: None };
    case 'empty':
      return emptyLooks(node);
    case 'error':
      return errorLooks(node);
    case 'malformed':
      return malformedLooks(node);
  }
}

function connectionLooks({ connection }: ConnectionTreeNode, live: number): Looks {
  if (connection.endpoint !== undefined) return endpointLooks(connection);
  const icons = { user: 'plug', workspace: 'plug', local: 'vm-running', cluster: 'server-process', docker: 'package' };
  const kept = {
    user: t('user settings'),
    workspace: t('workspace settings'),
    local: t('this machine'),
    cluster: t('this window'),
    docker: t('this machine'),
  };
  const faults = live === 0 ? undefined : faultsText(live);
  return {
    label: connection.name,
    description: faults === undefined ? connection.nameServers : `${faults}, ${connection.nameServers}`,
    icon: faults === undefined ? icon(icons[connection.scope]) : icon('bug', 'list.warningForeground'),
    contextValue: `connection.${connection.scope}`,
    expands: isKept(connection) ? Collapsed : Expanded,
    facts: [
      [t('NameServer'), connection.nameServers],
      [t('Kept in'), kept[connection.scope]],
      ...(faults === undefined ? [] : [[t('Set to fail'), faults] as const]),
      ...(connection.directory === undefined ? [] : [[t('Directory'), connection.directory] as const]),
      ...(connection.composeFile === undefined ? [] : [[t('Compose file'), connection.composeFile] as const]),
    ],
  };
}

const FOLDER_ICONS: Readonly<Record<FolderName, string>> = {
  brokers: 'server',
  topics: 'mail',
  groups: 'organization',
};

function folderLooks({ folder }: FolderTreeNode, counts: ChildCounts | undefined): Looks {
  const labels = { brokers: t('Brokers'), topics: t('Topics'), groups: t('Consumer Groups') };
  const common = {
    label: labels[folder],
    icon: icon(FOLDER_ICONS[folder]),
    contextValue: `folder.${folder}`,
    expands: Collapsed,
  };
  if (counts === undefined) return common;
  const description =
    counts.hidden === 0 ? String(counts.shown) : t('{0}, {1} of the system hidden', counts.shown, counts.hidden);
  return { ...common, description };
}

function brokerLooks({ broker }: BrokerTreeNode, detail: BrokerDetail | Error | undefined): Looks {
  const role = broker.brokerId === 0 ? t('master') : t('slave {0}', broker.brokerId);
  const unreachable = detail instanceof Error;
  const version = detail === undefined || unreachable ? undefined : readableVersion(detail.version);
  const { cause, nextStep } = detail instanceof Error ? describeError(detail) : { cause: '', nextStep: '' };
  return {
    label: broker.brokerName,
    description: [role, broker.address, unreachable ? t('does not answer') : version].filter(Boolean).join(BESIDE),
    icon: unreachable
      ? icon('warning', 'list.warningForeground')
      : icon(broker.brokerId === 0 ? 'server' : 'server-environment'),
    contextValue: 'broker',
    expands: None,
    facts: [
      [t('Role'), role],
      [t('Broker id'), String(broker.brokerId)],
      [t('Address'), broker.address],
      [t('Version'), version ?? t('unknown')],
      ...(cause === '' ? [] : [[cause] as const, [nextStep] as const]),
    ],
  };
}

/** `V5_3_3` is how brokers tell `5.3.3`. */
function readableVersion(version: string | undefined): string | undefined {
  return version?.replace(/^V(?=\d)/, '').replaceAll('_', '.');
}

const TOPIC_ICONS: Readonly<Record<TopicKind, string>> = {
  normal: 'mail',
  retry: 'history',
  deadLetter: 'circle-slash',
  system: 'gear',
};

function topicLooks({ topic }: TopicTreeNode): Looks {
  const kinds = { normal: t('normal'), retry: t('retry'), deadLetter: t('dead letter'), system: t('system') };
  return {
    label: topic.topic,
    icon: icon(TOPIC_ICONS[topic.kind]),
    contextValue: `topic.${topic.kind}`,
    expands: Collapsed,
    facts: [[t('Topic'), kinds[topic.kind]]],
    ...(topic.kind === 'normal' ? {} : { description: kinds[topic.kind] }),
  };
}

function queueLooks({ queue }: QueueTreeNode): Looks {
  const { brokerName, queueId, minOffset, maxOffset, lastUpdateMs } = queue;
  return {
    label: t('{0}, queue {1}', brokerName, queueId),
    description: t('offsets {0} to {1}', minOffset, maxOffset),
    icon: icon('list-ordered'),
    contextValue: 'queue',
    expands: None,
    facts: [
      [t('Broker'), brokerName],
      [t('Queue'), String(queueId)],
      [t('Min offset'), String(minOffset)],
      [t('Max offset'), String(maxOffset)],
      [t('Messages'), String(maxOffset - minOffset)],
      [
        t('Last message'),
        lastUpdateMs === undefined ? t('unknown') : new Date(lastUpdateMs).toLocaleString(vscode.env.language),
      ],
    ],
  };
}

function clientLooks({ client }: ClientTreeNode): Looks {
  const { clientId, address, language, release, consumeType, messageModel } = client;
  const ways: Readonly<Record<string, string>> = {
    CONSUME_PASSIVELY: t('messages are pushed to it'),
    CONSUME_ACTIVELY: t('it asks for messages'),
  };
  const models: Readonly<Record<string, string>> = {
    CLUSTERING: t('each message to one member'),
    BROADCASTING: t('each message to every member'),
  };
  return {
    label: clientId,
    description: [t('online'), language, address].filter((part) => part !== '').join(BESIDE),
    icon: icon('vm-active'),
    contextValue: 'client',
    expands: None,
    facts: [
      [t('Client')],
      [t('Address'), address === '' ? t('unknown') : address],
      [t('Language'), language === '' ? t('unknown') : language],
      [t('Version'), readableVersion(release) ?? t('unknown')],
      [ways[consumeType] ?? t('How it consumes is unknown.')],
      [models[messageModel] ?? t('How messages are shared is unknown.')],
    ],
  };
}
