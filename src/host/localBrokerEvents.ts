import * as vscode from 'vscode';

import { CodedError } from '../base/errors.ts';
import { DisposableStore } from '../base/disposable.ts';
import type { Disposable } from '../base/disposable.ts';
import { exitDetails } from './forkedChild.ts';
import type { ChildExit } from './forkedChild.ts';
import type { CommandId } from './commandIds.ts';
import type { ConnectionInfo } from './connectionList.ts';
import type { Connections } from './connections.ts';
import type { SetContext } from './contextKeys.ts';
import type { LocalFaults } from './control/localFaults.ts';
import { describeError } from './errorMessages.ts';
import type { LocalBroker, LocalBrokerState } from './localBroker.ts';
import type { Prompts } from './prompts.ts';
import type { Settings } from './settings.ts';

/** Keeps the context keys of package.json true. */
export function keepContextKeys(
  localBroker: LocalBroker,
  localFaults: LocalFaults,
  connections: Connections,
): Disposable {
  const set: SetContext = (key, value) => void vscode.commands.executeCommand('setContext', key, value);
  const store = new DisposableStore();
  const setOfBroker = (state: LocalBrokerState) => set('rocketmq.localBroker.state', state.kind);
  store.add(localBroker.onDidChangeState(setOfBroker));
  // Also those that strike no more: they stand in the view until they are cleared.
  const setOfFaults = () => set('rocketmq.localBroker.hasFaults', localFaults.isAny);
  store.add(localFaults.onDidChange(setOfFaults));
  const setOfList = (list: readonly ConnectionInfo[]) => {
    set('rocketmq.hasConnections', list.length > 0);
    set(
      'rocketmq.localCluster.running',
      list.some(({ scope }) => scope === 'cluster'),
    );
  };
  store.add(connections.onDidChange(setOfList));
  setOfBroker(localBroker.state);
  setOfFaults();
  setOfList(connections.list);
  return store;
}

/** Says that the broker ended by itself, with the ways on. */
export function tellCrashes(localBroker: LocalBroker, prompts: Prompts): Disposable {
  return localBroker.onCrash((exit) => void tellCrash(exit, prompts));
}

async function tellCrash(exit: ChildExit, prompts: Prompts): Promise<void> {
  const { cause } = describeError(new CodedError('broker-ended', exitDetails(exit)));
  const showLog = vscode.l10n.t('Show Log');
  const restart = vscode.l10n.t('Restart');
  const answer = await prompts.tell('error', cause, showLog, restart);
  if (answer === showLog) await run('rocketmq.localBroker.showLog');
  if (answer === restart) await run('rocketmq.localBroker.start');
}

/** What begins once the window is up: finding another window's broker, and the start if the settings want it. */
export function whenWindowIsUp(localBroker: LocalBroker, settings: Settings): void {
  localBroker.watch();
  if (settings.boolean('localBroker.autoStart')) void run('rocketmq.localBroker.start');
}

async function run(command: CommandId): Promise<void> {
  await vscode.commands.executeCommand(command);
}
