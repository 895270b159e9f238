import path from 'node:path';

import * as vscode from 'vscode';

import { Deferred } from '../base/deferred.ts';
import { DisposableStore } from '../base/disposable.ts';
import type { Disposable } from '../base/disposable.ts';
import { Emitter } from '../base/emitter.ts';
import { CodedError } from '../base/errors.ts';
import type { ComposeRun, ComposeRuns } from './apache/composeRuns.ts';
import type { LocalCluster } from './cluster/localCluster.ts';
import type { LocalClusters } from './cluster/localClusters.ts';
import {
  connectionId,
  listConnections,
  LOCAL_CONNECTION_ID,
  malformedEntries,
  readConnectionSettings,
  withEntry,
  withoutEntry,
  withReplaced,
} from './connectionList.ts';
import type { ConnectionInfo, ConnectionScope, MalformedEntry } from './connectionList.ts';
import type { LocalBroker } from './localBroker.ts';
import { SETTINGS_SECTION } from './settings.ts';
import type { ConnectionSetting } from './settings.ts';

/** The connections of the settings, and those of the local broker and of local clusters while they run. */
export class Connections implements Disposable {
  readonly #localBroker: LocalBroker;
  readonly #localClusters: LocalClusters;
  readonly #composeRuns: ComposeRuns;
  readonly #store = new DisposableStore();
  readonly #changes = this.#store.add(new Emitter<readonly ConnectionInfo[]>());
  readonly onDidChange = this.#changes.event;
  readonly #isTrusted: () => boolean;
  #changing: Promise<void> = Promise.resolve();
  #list: readonly ConnectionInfo[];
  #malformed: readonly MalformedEntry[];

  constructor(
    localBroker: LocalBroker,
    localClusters: LocalClusters,
    composeRuns: ComposeRuns,
    isTrusted = () => vscode.workspace.isTrusted,
  ) {
    this.#localBroker = localBroker;
    this.#localClusters = localClusters;
    this.#composeRuns = composeRuns;
    this.#isTrusted = isTrusted;
    this.#list = this.#read();
    this.#malformed = readMalformed();
    this.#store.add(localBroker.onDidChangeState(() => this.#reread()));
    this.#store.add(
      localClusters.onDidChange((cluster) => {
        if (cluster === undefined) this.#reread();
      }),
    );
    this.#store.add(composeRuns.onDidChange(() => this.#reread()));
    this.#store.add(
      // VS Code gives the workspace's list only now.
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#reread()),
    );
    this.#store.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(`${SETTINGS_SECTION}.connections`)) this.#reread();
      }),
    );
  }

  get list(): readonly ConnectionInfo[] {
    return this.#list;
  }

  /** Entries of the settings that are no connections. */
  get malformed(): readonly MalformedEntry[] {
    return this.#malformed;
  }

  /** Whether the workspace's list can be seen, and so be changed without losing what is in it. */
  get canKeepInWorkspace(): boolean {
    return vscode.workspace.workspaceFolders !== undefined && this.#isTrusted();
  }

  get(id: string): ConnectionInfo | undefined {
    return this.#list.find((connection) => connection.id === id);
  }

  /** @throws CodedError `workspace-untrusted`, `connection-entry-malformed` when the setting is no list */
  async add(scope: ConnectionScope, setting: ConnectionSetting): Promise<void> {
    await this.#change(scope, (value) => withEntry(value, setting));
  }

  /** @throws CodedError as `add` */
  async replace(scope: ConnectionScope, name: string, setting: ConnectionSetting): Promise<void> {
    await this.#change(scope, (value) => withReplaced(value, name, setting));
  }

  /** @throws CodedError as `add` */
  async remove(scope: ConnectionScope, name: string): Promise<void> {
    await this.#change(scope, (value) => withoutEntry(value, name));
  }

  dispose(): void {
    this.#store.dispose();
  }

  async #change(scope: ConnectionScope, change: (value: unknown) => readonly unknown[]): Promise<void> {
    // Of a workspace that is not trusted VS Code shows no connections: writing would lose them.
    if (scope === 'workspace' && !this.#isTrusted()) throw new CodedError('workspace-untrusted');
    // One after the other: each begins with what the one before has written.
    const before = this.#changing;
    const done = new Deferred<void>();
    this.#changing = done.promise;
    await before;
    try {
      await this.#write(scope, change);
    } finally {
      done.resolve();
    }
    this.#reread();
  }

  async #write(scope: ConnectionScope, change: (value: unknown) => readonly unknown[]): Promise<void> {
    const target = scope === 'user' ? vscode.ConfigurationTarget.Global : vscode.ConfigurationTarget.Workspace;
    const entries = change(valueOf(scope));
    const value = entries.length === 0 ? undefined : entries;
    await vscode.workspace.getConfiguration(SETTINGS_SECTION).update('connections', value, target);
  }

  #reread(): void {
    const list = this.#read();
    const malformed = readMalformed();
    if (JSON.stringify([list, malformed]) === JSON.stringify([this.#list, this.#malformed])) return;
    this.#list = list;
    this.#malformed = malformed;
    this.#changes.fire(list);
  }

  #read(): readonly ConnectionInfo[] {
    const clusters = this.#localClusters.list;
    return listConnections(
      [
        ...this.#readLocalBroker(),
        ...clusters.map((cluster) => clusterConnection(cluster, clusters)),
        ...this.#composeRuns.list.map(containerConnection),
      ],
      readConnectionSettings(valueOf('workspace')),
      readConnectionSettings(valueOf('user')),
    );
  }

  #readLocalBroker(): readonly ConnectionInfo[] {
    const { state } = this.#localBroker;
    if (!('info' in state)) return [];
    const name = vscode.l10n.t('Local Broker');
    return [{ id: LOCAL_CONNECTION_ID, name, nameServers: state.info.namesrv, scope: 'local' }];
  }
}

function containerConnection({ file, nameServers }: ComposeRun): ConnectionInfo {
  return {
    id: connectionId('docker', file),
    name: vscode.l10n.t('Apache RocketMQ in Docker: {0}', path.basename(file)),
    nameServers,
    scope: 'docker',
    composeFile: file,
  };
}

function clusterConnection(
  { mode, apache, directory, nameServers }: LocalCluster,
  all: readonly LocalCluster[],
): ConnectionInfo {
  const isOnlyOne = all.filter((other) => other.mode === mode && other.apache === apache).length === 1;
  const what = apache === undefined ? vscode.l10n.t('Local Cluster {0}', mode) : `Apache RocketMQ ${apache} ${mode}`;
  return {
    id: connectionId('cluster', directory),
    name: isOnlyOne ? what : vscode.l10n.t('{0} in {1}', what, directory),
    nameServers,
    scope: 'cluster',
    directory,
    apache,
  };
}

function readMalformed(): readonly MalformedEntry[] {
  return (['workspace', 'user'] as const).flatMap((scope) => malformedEntries(scope, valueOf(scope)));
}

/** What stands in the settings, well-formed or not. */
function valueOf(scope: ConnectionScope): unknown {
  // VS Code would let the workspace's list hide the user's: both are wanted.
  const values = vscode.workspace.getConfiguration(SETTINGS_SECTION).inspect('connections');
  return scope === 'user' ? values?.globalValue : values?.workspaceValue;
}
