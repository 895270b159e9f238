import * as vscode from 'vscode';

import { DisposableStore } from '../../base/disposable.ts';
import type { Disposable } from '../../base/disposable.ts';
import { MessageDocuments } from './messageDocuments.ts';
import { readIdentity } from './pageIdentity.ts';
import { webviewOptions } from './pagePanel.ts';
import type { TailPanelServices } from './panelServices.ts';
import { TailPage } from './tailPage.ts';

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

  /** Opens the topic's panel, which reads from now on, or reveals it. */
  open(connectionId: string, topic: string): void {
    const open = this.#panels.get(keyOf(connectionId, topic));
    if (open !== undefined) {
      open.reveal();
      return;
    }
    const panel = vscode.window.createWebviewPanel(
      TAIL_VIEW_TYPE,
      '',
      vscode.ViewColumn.Active,
      webviewOptions(this.#services.extensionUri),
    );
    this.#add(panel, connectionId, topic);
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const identity = readIdentity(state);
    const { connectionId, topic } = identity ?? {};
    if (connectionId === undefined || topic === undefined || this.#panels.has(keyOf(connectionId, topic))) {
      panel.dispose();
    } else {
      this.#add(panel, connectionId, topic);
    }
    return Promise.resolve();
  }

  dispose(): void {
    this.#subscriptions.dispose();
    for (const panel of [...this.#panels.values()]) panel.dispose();
  }

  #add(panel: vscode.WebviewPanel, connectionId: string, topic: string): void {
    const key = keyOf(connectionId, topic);
    this.#panels.set(
      key,
      new TailPage({
        services: this.#services,
        documents: this.#documents,
        panel,
        identity: { connectionId, topic },
        onDispose: () => this.#panels.delete(key),
      }),
    );
  }
}

function keyOf(connectionId: string, topic: string): string {
  return JSON.stringify([connectionId, topic]);
}
