import * as vscode from 'vscode';

import { DisposableStore } from '../../base/disposable.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { PageIdentity } from '../../contract/rpc.ts';
import { MessageDocuments } from './messageDocuments.ts';
import { readIdentity } from './pageIdentity.ts';
import { webviewOptions } from './pagePanel.ts';
import type { TailPanelServices } from './panelServices.ts';
import { TailPage } from './tailPage.ts';
import type { TailIdentity } from './tailPage.ts';

const TAIL_VIEW_TYPE = 'rocketmq.tail';

/** The tail panels, one a topic of a connection. */
export class TailPanels implements Disposable, vscode.WebviewPanelSerializer {
  readonly #services: TailPanelServices;
  readonly #panels = new Map<string, TailPage>();
  readonly #subscriptions = new DisposableStore();
  readonly #documents: MessageDocuments;

  constructor(services: TailPanelServices) {
    this.#services = services;
    this.#documents = this.#subscriptions.add(new MessageDocuments());
    this.#subscriptions.add(
      services.onDidChangeClients(() => {
        for (const panel of this.#panels.values()) panel.connectionsChanged();
      }),
    );
  }

  /** Brings panels back after a reload, and serves the documents that messages open in. */
  register(): void {
    this.#documents.register();
    this.#subscriptions.add(vscode.window.registerWebviewPanelSerializer(TAIL_VIEW_TYPE, this));
  }

  /** Opens the topic's panel, which reads from now on, or reveals it. Who gives a group wants it to be joined. */
  open(identity: TailIdentity): void {
    const open = this.#panels.get(keyOf(identity));
    if (open !== undefined) {
      open.join();
      open.reveal();
      return;
    }
    const panel = vscode.window.createWebviewPanel(
      TAIL_VIEW_TYPE,
      '',
      vscode.ViewColumn.Active,
      webviewOptions(this.#services.extensionUri),
    );
    this.#add(panel, identity, false);
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const identity = readIdentity(state);
    if (!isOfTail(identity) || this.#panels.has(keyOf(identity))) panel.dispose();
    else this.#add(panel, identity, true);
    return Promise.resolve();
  }

  dispose(): void {
    this.#subscriptions.dispose();
    for (const panel of [...this.#panels.values()]) panel.dispose();
  }

  #add(panel: vscode.WebviewPanel, identity: TailIdentity, isRestored: boolean): void {
    const key = keyOf(identity);
    this.#panels.set(
      key,
      new TailPage({
        services: this.#services,
        documents: this.#documents,
        panel,
        identity,
        isRestored,
        onDispose: () => this.#panels.delete(key),
      }),
    );
  }
}

function isOfTail(identity: PageIdentity | undefined): identity is TailIdentity {
  return identity?.topic !== undefined;
}

function keyOf({ connectionId, topic, group }: TailIdentity): string {
  return JSON.stringify([connectionId, topic, group]);
}
