import * as vscode from 'vscode';

import type { ClusterNodeStatus, ClusterRole, NodeState, Replication } from '../../broker/control.ts';
import { BESIDE, icon } from './looks.ts';
import type { Looks } from './looks.ts';
import type { ProcessesTreeNode, ProcessTreeNode } from './nodes.ts';

const { t } = vscode.l10n;
const { Expanded, None } = vscode.TreeItemCollapsibleState;

export function processesLooks({ directory }: ProcessesTreeNode): Looks {
  return {
    label: t('Nodes'),
    icon: icon('server-process'),
    contextValue: 'processes',
    expands: Expanded,
    facts: [[t('The processes of this cluster')], [t('Directory'), directory]],
  };
}

/** The context value ends with the role and the state, by which menus know what can be done. */
export function processLooks({ status }: ProcessTreeNode): Looks {
  const { name, role, address, pid, state, ended, replication } = status;
  const follows = role === 'slave' && state === 'running' ? followsTexts(replication) : [];
  return {
    label: name,
    description: [roleText(role), stateText(state), ...follows].join(BESIDE),
    icon: stateIcon(state, role),
    contextValue: `process.${role}.${state}`,
    expands: None,
    facts: [
      [t('Role'), roleText(role)],
      [t('State'), stateText(state)],
      [t('Address'), address],
      [t('Process'), pid === null ? t('none') : String(pid)],
      ...endedFact(ended),
      ...(replication === null ? [] : [[t('Behind its master by'), lagText(replication)] as const]),
    ],
  };
}

export function stateText(state: NodeState): string {
  const texts: Readonly<Record<NodeState, string>> = {
    starting: t('starting'),
    running: t('running'),
    paused: t('paused'),
    stopping: t('stopping'),
    stopped: t('stopped'),
    killed: t('killed'),
    died: t('ended by itself'),
  };
  return texts[state];
}

export function roleText(role: ClusterRole): string {
  const texts: Readonly<Record<ClusterRole, string>> = {
    namesrv: t('NameServer'),
    master: t('master'),
    slave: t('slave'),
    proxy: t('proxy'),
  };
  return texts[role];
}

/** Only its master knows, and says nothing while it is down. */
function followsTexts(replication: Replication | null): readonly string[] {
  if (replication === null) return [t('how far it is behind: unknown')];
  return [replication.inSync ? t('in sync') : t('not in sync'), t('{0} behind', lagText(replication))];
}

/** Messages too where its master counts them. */
function lagText({ lagBytes, lagMessages }: Replication): string {
  if (lagMessages === undefined) return t('{0} bytes', lagBytes);
  return lagMessages === 1 ? t('{0} bytes, 1 message', lagBytes) : t('{0} bytes, {1} messages', lagBytes, lagMessages);
}

function endedFact(ended: ClusterNodeStatus['ended']): readonly (readonly [string, string])[] {
  if (ended === null) return [];
  return [[t('Ended with'), typeof ended === 'number' ? t('exit code {0}', ended) : t('signal {0}', ended)]];
}

function stateIcon(state: NodeState, role: ClusterRole): vscode.ThemeIcon {
  switch (state) {
    case 'starting':
    case 'stopping':
      return icon('sync~spin');
    case 'running':
      return icon(
        { namesrv: 'compass', master: 'server', slave: 'server-environment', proxy: 'radio-tower' }[role],
        'testing.iconPassed',
      );
    case 'paused':
      return icon('debug-pause', 'list.warningForeground');
    case 'stopped':
      return icon('circle-outline');
    case 'killed':
    case 'died':
      return icon('error', 'list.errorForeground');
  }
}
