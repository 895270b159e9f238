import * as vscode from 'vscode';

import type { ErrorCode, ErrorDetails } from '../base/errors.ts';
import { clusterReason } from './cluster/clusterReason.ts';
import { reasonWords } from './reasonWords.ts';
import { reportIt, say } from './errorWords.ts';
import type { Detail, ErrorWords } from './errorWords.ts';

const { t } = vscode.l10n;

/** What a broker or a cluster that this window runs fails of. */
type LocalServerCode = Extract<
  ErrorCode,
  `store-${string}` | `port-${string}` | `broker-${string}` | `cluster-${string}` | 'config-invalid' | 'usage'
>;

export function localServerWords(code: LocalServerCode, d: Detail, details: ErrorDetails): ErrorWords {
  switch (code) {
    case 'store-full':
      return say(
        t('The broker is full: {0} of {1} bytes are used.', d('usedBytes'), d('maxBytes')),
        t('Reset the data of the local broker, or free disk space.'),
      );
    case 'store-locked':
      return say(
        t('Another broker uses the directory {0}.', d('directory')),
        t('Close the other window, or stop that broker.'),
      );
    case 'store-damaged':
      return say(
        t('The file {0} is damaged: {1}.', d('path'), d('reason')),
        t('Show the log; resetting the data starts anew.'),
      );
    case 'port-in-use':
      return say(t('Port {0} is in use.', d('port')), t('Stop the program that uses it, or take another port.'));
    case 'port-not-permitted':
      return say(t('Port {0} may not be used.', d('port')), t('Take a port above 1023.'));
    case 'config-invalid':
      return say(
        t('The setting {0} cannot be {1}: {2}.', d('key'), d('value'), d('reason')),
        t('Correct it, then start again.'),
      );
    case 'broker-start-timeout':
      return say(t('The local broker was not ready within {0} ms.', d('timeoutMs')), t('Show its log to see why.'));
    case 'broker-ended':
      return say(t('The local broker ended: {0}.', howItEnded(d, details)), t('Show its log to see why.'));
    case 'broker-of-other-window':
      return say(
        t('The local broker belongs to another window (process {0}).', d('pid')),
        t('Stop it in that window.'),
      );
    case 'broker-uncontrolled':
      return say(
        t('The local broker has no control interface.'),
        t('Turn on the setting rocketmq.localBroker.controlInterface and restart it in this window.'),
      );
    case 'broker-control-failed':
      return say(
        t('The control interface of the local broker failed: {0}.', reasonWords(String(d('reason')))),
        t('Restart it.'),
      );
    case 'broker-control-refused':
      return controlRefusal(Number(details['status']));
    case 'usage':
      return say(t('The local broker was started wrongly: {0}.', d('reason')), reportIt());
    case 'cluster-running':
      return say(
        details['pid'] === undefined
          ? t('A cluster already runs in {0}.', d('directory'))
          : t('A cluster already runs in {0} (process {1}).', d('directory'), d('pid')),
        t('Stop it where it was started, or choose another directory.'),
      );
    case 'cluster-of-other-mode':
      return say(
        t('{0} holds a cluster of mode {1}.', d('directory'), d('mode')),
        t('Start that mode, or choose another directory.'),
      );
    case 'cluster-start-timeout':
      return say(t('The local cluster was not ready within {0} ms.', d('timeoutMs')), t('Show its log to see why.'));
    case 'cluster-not-started':
      return say(t('The local cluster did not start: {0}.', clusterReason(d)), t('Show its log to see why.'));
    case 'cluster-refused':
      return say(
        t('The local cluster did not do it: {0}.', clusterReason(d)),
        t('Look at the state of its nodes and at its log.'),
      );
    case 'cluster-ended':
      return say(t('The local cluster ended: {0}.', howItEnded(d, details)), t('Show its log to see why.'));
  }
}

/** What was asked for is checked before: these depend on what the broker is at. */
function controlRefusal(status: number): ErrorWords {
  switch (status) {
    case 400:
      return say(
        t('The local broker does not take that; its clock may have passed the moment meanwhile.'),
        t('Try again.'),
      );
    case 409:
      return say(t('The local broker cannot do that now.'), t('Clear faults, of which it takes 1000, then try again.'));
    case 503:
      return say(t('The jump of the clock took too long and stopped on the way.'), t('Let it jump again.'));
    default:
      return say(t('The control interface of the local broker refused it (HTTP {0}).', status), reportIt());
  }
}

export function isLocalServerCode(code: ErrorCode): code is LocalServerCode {
  return /^(store|port|broker|cluster)-|^config-invalid$|^usage$/.test(code);
}

function howItEnded(d: Detail, { exitCode, signal, lastWords }: ErrorDetails): string {
  const how = signal === undefined ? t('exit code {0}', exitCode ?? '?') : t('signal {0}', signal);
  return lastWords === undefined || lastWords === '' ? how : `${how}, ${d('lastWords')}`;
}
