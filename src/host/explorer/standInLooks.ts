import * as vscode from 'vscode';

import { knowsAllClients } from '../connectionList.ts';
import { describeError } from '../errorMessages.ts';
import { SETTINGS_SECTION } from '../settings.ts';
import { icon } from './looks.ts';
import type { Looks } from './looks.ts';
import type { EmptyTreeNode, ErrorTreeNode, MalformedTreeNode, ParentNode } from './nodes.ts';

/* Rows that stand where others would. */

const { t } = vscode.l10n;
const { None } = vscode.TreeItemCollapsibleState;

export function emptyLooks({ parent }: EmptyTreeNode): Looks {
  return {
    label: emptyText(parent),
    icon: icon('info'),
    contextValue: 'empty',
    expands: None,
    ...emptyHint(parent),
  };
}

export function errorLooks({ error }: ErrorTreeNode): Looks {
  const { cause, nextStep } = describeError(error);
  return {
    label: cause,
    description: nextStep,
    icon: icon('error', 'list.errorForeground'),
    contextValue: 'error',
    expands: None,
    facts: [[nextStep], [t('Select it to retry.')]],
    command: { id: 'rocketmq.retryNode', title: t('Retry') },
  };
}

export function malformedLooks({ entry }: MalformedTreeNode): Looks {
  const { cause, nextStep } = describeError(entry.problem);
  return {
    label: cause,
    description: nextStep,
    icon: icon('error', 'list.errorForeground'),
    contextValue: 'malformed',
    expands: None,
    facts: [[nextStep]],
    command: {
      id: entry.scope === 'user' ? 'workbench.action.openSettingsJson' : 'workbench.action.openWorkspaceSettingsFile',
      title: t('Open Settings'),
      argument: { revealSetting: { key: `${SETTINGS_SECTION}.connections` } },
    },
  };
}

function emptyHint(parent: ParentNode): Pick<Looks, 'description'> {
  if (parent.kind !== 'group' || knowsAllClients(parent.connection)) return {};
  return { description: t('of clients of a proxy that runs apart, only that proxy knows') };
}

function emptyText(parent: ParentNode): string {
  if (parent.kind === 'group') {
    return knowsAllClients(parent.connection)
      ? t('No client is online')
      : t('No client that the brokers know of is online');
  }
  if (parent.kind === 'topic' || parent.kind === 'endpointTopic') return t('No queues');
  if (parent.kind === 'connection' || parent.kind === 'cluster') return t('No broker is registered here');
  const texts = { brokers: t('No brokers'), topics: t('No topics yet'), groups: t('No consumer groups yet') };
  return texts[parent.folder];
}
