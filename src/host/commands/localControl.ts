import * as vscode from 'vscode';

import { CodedError } from '../../base/errors.ts';
import { accessTo } from '../control/localFaults.ts';
import type { LocalFaults } from '../control/localFaults.ts';
import type { LocalBroker } from '../localBroker.ts';
import { SETTINGS_SECTION } from '../settings.ts';
import type { SettingName } from '../settings.ts';
import { restartLocalBroker, startLocalBroker } from './localBroker.ts';
import type { LocalBrokerCommandContext } from './localBroker.ts';

export interface LocalControlContext extends LocalBrokerCommandContext {
  readonly localFaults: LocalFaults;
}

const { t } = vscode.l10n;
const SETTING: SettingName = 'localBroker.controlInterface';

/** For `rocketmq-local control` and for tests, which find the broker by these variables. @throws CodedError `broker-uncontrolled` */
export async function copyControl({ localBroker, prompts }: LocalControlContext): Promise<void> {
  const access = accessTo(localBroker);
  if (access === undefined) throw new CodedError('broker-uncontrolled');
  const { url, token } = access;
  await vscode.env.clipboard.writeText(`ROCKETMQ_LOCAL_CONTROL_URL=${url} ROCKETMQ_LOCAL_CONTROL_TOKEN=${token}`);
  await prompts.tell('info', t('Copied. Put it in front of a command: rocketmq-local control faults'));
}

/** @throws CodedError `broker-uncontrolled`, `broker-control-failed` */
export async function clearFaults({ localFaults }: LocalControlContext): Promise<void> {
  await localFaults.clear();
}

/**
 * Whether the local broker of this window can be told to fail and what time it is; offers what is missing for that.
 * @throws CodedError `broker-of-other-window`, and as `LocalBroker.start`
 */
export async function isControlled(context: LocalControlContext): Promise<boolean> {
  const { localBroker, prompts } = context;
  if (accessTo(localBroker) !== undefined) return true;
  const { state } = localBroker;
  if (state.kind === 'external') throw new CodedError('broker-of-other-window', { pid: state.info.pid });
  if (state.kind === 'running') {
    const restart = t('Turn On and Restart');
    const message = t('The control interface of the local broker is off. It is served on this machine alone.');
    if ((await prompts.tell('info', message, restart)) !== restart) return false;
    await turnOn();
    await restartLocalBroker(context);
  } else {
    const start = t('Start Local Broker');
    const message = t('The local broker does not run. It is started with its control interface.');
    if ((await prompts.tell('info', message, start)) !== start) return false;
    await turnOn();
    await startLocalBroker(context);
  }
  return isServed(localBroker);
}

async function turnOn(): Promise<void> {
  const target = vscode.ConfigurationTarget.Global;
  await vscode.workspace.getConfiguration(SETTINGS_SECTION).update(SETTING, true, target);
}

/** Another window may have started it meanwhile, or the workspace have it off. @throws CodedError `broker-uncontrolled` */
function isServed(localBroker: LocalBroker): boolean {
  if (accessTo(localBroker) !== undefined) return true;
  if (localBroker.state.kind === 'running') throw new CodedError('broker-uncontrolled');
  return false;
}
