import * as vscode from 'vscode';

import type { NodeState } from '../../broker/control.ts';
import type { Detail } from '../errorWords.ts';
import { stateText } from '../explorer/processLooks.ts';
import { reasonWords } from '../reasonWords.ts';

const { t } = vscode.l10n;

/** Why a cluster did not do something, to stand within a sentence; in the supervisor's own words where there are no others. */
export function clusterReason(d: Detail): string {
  const node = d('node');
  const place = d('place');
  switch (d('problem')) {
    case 'node-state':
      return t('{0} has the state "{1}"', node, stateText(d('state') as NodeState));
    case 'node-not-started':
      return t('{0} did not start, and said: {1}', node, d('words'));
    case 'no-node':
      return t('there is no node {0}', node);
    case 'no-cluster':
      return t('no cluster runs in {0}', place);
    case 'no-answer':
      return t('it did not answer within {0} s', d('seconds'));
    case 'ending':
      return t('it is ending');
    case 'no-slave':
      return t('no slave followed {0} within {1} s', node, d('seconds'));
    case 'not-registered':
      return t('the NameServer {0} did not know {1} within {2} s', d('address'), node, d('seconds'));
    case 'windows-pause':
      return t('Windows cannot pause a process; kill the node instead');
    case 'no-directory':
      return t('the directory {0} cannot be made ({1})', place, reasonWords(String(d('words'))));
    case 'directory-used':
      return t('{0} holds something else already', place);
    case 'made-elsewhere':
      return t('{0} was copied from elsewhere: {1} still says {2}', place, d('file'), d('setting'));
    case 'no-port':
      return t('{0} says {1}, which is no port', d('file'), d('setting'));
    case 'file-unusable':
      return t('{0} cannot be used ({1})', d('file'), reasonWords(String(d('words'))));
    case 'foreign-address':
      return t('{0} is no address of this machine, see {1}', d('address'), place);
    case 'low-port':
      return t('you may not listen on port {0}, see {1}', d('port'), place);
    case 'not-apache':
      return t('{0} holds a cluster of the local broker', place);
    case 'no-proxy':
      return t('the cluster in {0} has no proxy', place);
    default:
      return String(d('reason'));
  }
}
