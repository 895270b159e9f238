import * as vscode from 'vscode';

import type { SetFault } from '../../broker/control.ts';
import { faultKindWords, faultLabel, faultTargetText } from '../control/faultWords.ts';
import { BESIDE, icon } from './looks.ts';
import type { Looks } from './looks.ts';
import type { FaultsTreeNode, FaultTreeNode } from './nodes.ts';

const { t } = vscode.l10n;
const { Expanded, None } = vscode.TreeItemCollapsibleState;

export function faultsLooks({ faults }: FaultsTreeNode): Looks {
  return {
    label: t('Faults'),
    description: String(faults.length),
    icon: icon('bug'),
    contextValue: 'faults',
    expands: Expanded,
    facts: [[t('What the local broker is set to do wrong')]],
  };
}

export function faultLooks({ fault }: FaultTreeNode): Looks {
  const { live, struck, count, probability, forMs } = fault;
  const chance = probability < 1 ? percent(probability) : undefined;
  const strikes = count === undefined ? t('struck {0} times', struck) : t('struck {0} of {1} times', struck, count);
  const [, what] = faultKindWords(fault.kind);
  const target = faultTargetText(fault);
  return {
    label: faultLabel(fault),
    description: [...whom(fault), chance, strikes, live ? undefined : t('over')].filter((part) => part).join(BESIDE),
    icon: live ? icon('bug', 'list.warningForeground') : icon('circle-slash'),
    contextValue: 'fault',
    expands: None,
    facts: [
      [what],
      [t('Strikes'), target],
      ...whom(fault).map((text) => [text] as const),
      ...(chance === undefined ? [] : [[t('Probability'), chance] as const]),
      ...(forMs === undefined ? [] : [[t('For'), t('{0} s', forMs / 1000)] as const]),
      [live ? t('It can strike.') : t('It strikes no more.')],
    ],
  };
}

function whom({ topic, group, clientId }: SetFault): readonly string[] {
  return [
    ...(topic === undefined ? [] : [t('topic {0}', topic)]),
    ...(group === undefined ? [] : [t('group {0}', group)]),
    ...(clientId === undefined ? [] : [t('client {0}', clientId)]),
  ];
}

function percent(probability: number): string {
  return `${Number((probability * 100).toFixed(4))} %`;
}
