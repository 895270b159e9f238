import * as vscode from 'vscode';

import type { EndpointPermission } from '../../client/grpc/endpointModel.ts';
import { connectionAddress } from '../connectionList.ts';
import type { EndpointConnection } from '../connectionList.ts';
import { BESIDE, icon } from './looks.ts';
import type { Looks } from './looks.ts';
import type { EndpointQueueTreeNode, EndpointTopicTreeNode, UnknownTreeNode } from './nodes.ts';

const { t } = vscode.l10n;
const { Collapsed, None } = vscode.TreeItemCollapsibleState;

export function endpointLooks(connection: EndpointConnection): Looks {
  const tls = {
    verified: t('TLS, its certificate is checked'),
    'any-certificate': t('TLS, any certificate is taken'),
    off: t('no TLS'),
  };
  const kept = { user: t('user settings'), workspace: t('workspace settings') };
  return {
    label: connection.name,
    description: [connectionAddress(connection), t('gRPC endpoint')].join(BESIDE),
    icon: icon('radio-tower'),
    contextValue: `connection.${connection.scope}.grpc`,
    expands: Collapsed,
    facts: [
      [t('gRPC endpoint'), connectionAddress(connection)],
      [t('Security'), tls[connection.endpoint.tls]],
      [t('Kept in'), kept[connection.scope]],
      [t('It routes, takes and gives messages of topics that are named; it lists nothing.')],
    ],
  };
}

export function endpointTopicLooks({ topicName }: EndpointTopicTreeNode): Looks {
  return {
    label: topicName,
    icon: icon('mail'),
    contextValue: 'endpointTopic',
    expands: Collapsed,
    facts: [[t('Topic')], [t('How many messages it holds is unknown: a gRPC endpoint does not tell.')]],
  };
}

export function endpointQueueLooks({ queue }: EndpointQueueTreeNode): Looks {
  const { brokerName, queueId, permission, accepts, endpoints } = queue;
  const types = accepts.length === 0 ? t('types unknown') : accepts.join(', ');
  return {
    label: t('{0}, queue {1}', brokerName, queueId),
    description: [permissionText(permission), types].join(BESIDE),
    icon: icon('list-ordered'),
    contextValue: 'queue',
    expands: None,
    facts: [
      [t('Broker'), brokerName],
      [t('Queue'), String(queueId)],
      [t('Permission'), permissionText(permission)],
      [t('Takes messages of type'), types],
      [t('Reached at'), endpoints.join(', ')],
      [t('Offsets'), t('unknown')],
    ],
  };
}

function permissionText(permission: EndpointPermission): string {
  const texts: Readonly<Record<EndpointPermission, string>> = {
    none: t('neither read nor write'),
    read: t('read'),
    write: t('write'),
    readWrite: t('read and write'),
    unknown: t('unknown'),
  };
  return texts[permission];
}

export function unknownLooks({ thing }: UnknownTreeNode): Looks {
  if (thing === 'groups') {
    return {
      label: t('Consumer groups: unknown'),
      description: t('a gRPC endpoint does not list them'),
      icon: icon('question'),
      contextValue: 'unknown.groups',
      expands: None,
    };
  }
  return {
    label: t('Other topics: unknown'),
    description: t('a gRPC endpoint does not list them; add one by its name'),
    icon: icon('question'),
    contextValue: 'unknown.topics',
    expands: None,
    facts: [[t('Select it to add a topic.')]],
    command: { id: 'rocketmq.endpoint.addTopic', title: t('Add Topic by Name') },
  };
}
