import * as vscode from 'vscode';

import { DisposableStore } from '../base/disposable.ts';
import type { Disposable } from '../base/disposable.ts';
import type { CommandId } from './commandIds.ts';
import { faultsText } from './faultsText.ts';
import { portOf } from './localBroker.ts';
import type { LocalBroker, LocalBrokerState } from './localBroker.ts';

const MENU: CommandId = 'rocketmq.localBroker.menu';

/** The local broker's state with its ports; a click opens what can be done with it. */
export function createStatusBar(localBroker: LocalBroker): Disposable {
  const store = new DisposableStore();
  const item = store.add(vscode.window.createStatusBarItem('rocketmq.localBroker', vscode.StatusBarAlignment.Left));
  item.name = vscode.l10n.t('RocketMQ Local Broker');
  item.command = MENU;
  const draw = (state: LocalBrokerState) => {
    const { icon, text, tooltip } = looksOf(state);
    item.text = `$(${icon}) ${text}`;
    item.tooltip = tooltip;
    item.accessibilityInformation = { label: `${text}, ${tooltip}`, role: 'button' };
  };
  store.add(localBroker.onDidChangeState(draw));
  draw(localBroker.state);
  item.show();
  return store;
}

function looksOf(state: LocalBrokerState): { icon: string; text: string; tooltip: string } {
  const { t } = vscode.l10n;
  switch (state.kind) {
    case 'stopped':
      return { icon: 'circle-outline', text: t('RocketMQ'), tooltip: t('The local broker is stopped.') };
    case 'starting':
      return { icon: 'sync~spin', text: t('RocketMQ starting'), tooltip: t('The local broker is starting.') };
    case 'stopping':
      return { icon: 'sync~spin', text: t('RocketMQ stopping'), tooltip: t('The local broker is stopping.') };
    case 'running':
    case 'external': {
      const { namesrv, broker, grpc, pid } = state.info;
      const where =
        state.kind === 'running'
          ? t('The local broker runs: NameServer {0}, broker {1}.', namesrv, broker)
          : t('Another window runs the local broker (process {0}): NameServer {1}, broker {2}.', pid, namesrv, broker);
      const served = grpc === null ? t('gRPC is not served.') : t('gRPC clients: {0}.', grpc);
      const faults = state.kind === 'running' ? state.faults : 0;
      const struck = faults === 0 ? [] : [t('It is set to fail: {0}.', faultsText(faults))];
      return {
        icon: faults === 0 ? 'vm-running' : 'bug',
        text: t('RocketMQ {0}, {1}', portOf(namesrv), portOf(broker)),
        tooltip: [where, served, ...struck].join(' '),
      };
    }
  }
}
