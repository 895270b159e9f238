import * as vscode from 'vscode';

import { DisposableStore } from '../base/disposable.ts';
import type { Disposable } from '../base/disposable.ts';
import { Emitter } from '../base/emitter.ts';
import { listConnections, LOCAL_CONNECTION_ID, readConnectionSettings } from './connectionList.ts';
import type { ConnectionInfo, ConnectionScope } from './connectionList.ts';
import type { LocalBroker } from './localBroker.ts';
import { SETTINGS_SECTION } from './settings.ts';
import type { ConnectionSetting } from './settings.ts';

/** The connections of the settings, and the local broker's while there is one. */
export class Connections implements Disposable {
  readonly #localBroker: LocalBroker;
  readonly #store = new DisposableStore();
  readonly #changes = this.#store.add(new Emitter<readonly ConnectionInfo[]>());
  readonly onDidChange = this.#changes.event;
  #list: readonly ConnectionInfo[];

  constructor(localBroker: LocalBroker) {
    this.#localBroker = localBroker;
    this.#list = this.#read();
    this.#store.add(localBroker.onDidChangeState(() => this.#reread()));
    this.#store.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(`${SETTINGS_SECTION}.connections`)) this.#reread();
      }),
    );
  }

  get list(): readonly ConnectionInfo[] {
    return this.#list;
  }

  get(id: string): ConnectionInfo | undefined {
    return this.#list.find((connection) => connection.id === id);
  }

  async add(scope: ConnectionScope, setting: ConnectionSetting): Promise<void> {
    await this.#write(scope, [...settingsOf(scope), setting]);
  }

  async replace(scope: ConnectionScope, name: string, setting: ConnectionSetting): Promise<void> {
    await this.#write(
      scope,
      settingsOf(scope).map((old) => (old.name === name ? setting : old)),
    );
  }

  async remove(scope: ConnectionScope, name: string): Promise<void> {
    await this.#write(
      scope,
      settingsOf(scope).filter((old) => old.name !== name),
    );
  }

  dispose(): void {
    this.#store.dispose();
  }

  async #write(scope: ConnectionScope, settings: readonly ConnectionSetting[]): Promise<void> {
    const target = scope === 'user' ? vscode.ConfigurationTarget.Global : vscode.ConfigurationTarget.Workspace;
    const value = settings.length === 0 ? undefined : settings;
    await vscode.workspace.getConfiguration(SETTINGS_SECTION).update('connections', value, target);
    this.#reread();
  }

  #reread(): void {
    const list = this.#read();
    if (JSON.stringify(list) === JSON.stringify(this.#list)) return;
    this.#list = list;
    this.#changes.fire(list);
  }

  #read(): readonly ConnectionInfo[] {
    const { state } = this.#localBroker;
    const local: ConnectionInfo | undefined =
      state.kind === 'running' || state.kind === 'external'
        ? {
            id: LOCAL_CONNECTION_ID,
            name: vscode.l10n.t('Local Broker'),
            nameServers: state.info.namesrv,
            scope: 'local',
          }
        : undefined;
    return listConnections(local, settingsOf('workspace'), settingsOf('user'));
  }
}

function settingsOf(scope: ConnectionScope): readonly ConnectionSetting[] {
  // VS Code would let the workspace's list hide the user's: both are wanted.
  const values = vscode.workspace.getConfiguration(SETTINGS_SECTION).inspect('connections');
  return readConnectionSettings(scope === 'user' ? values?.globalValue : values?.workspaceValue);
}
