import * as vscode from 'vscode';

import { DisposableStore } from '../../base/disposable.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { PageIdentity } from '../../contract/rpc.ts';
import { webviewOptions } from './pagePanel.ts';
import { readIdentity } from './pageIdentity.ts';
import type { SendPanelServices } from './panelServices.ts';
import { SendPage } from './sendPage.ts';

const SEND_VIEW_TYPE = 'rocketmq.send';

/** The send panels, one a connection. */
export class SendPanels implements Disposable, vscode.WebviewPanelSerializer {
  readonly #services: SendPanelServices;
  readonly #panels = new Map<string, SendPage>();
  readonly #subscriptions = new DisposableStore();

  constructor(services: SendPanelServices) {
    this.#services = services;
    this.#subscriptions.add(
      services.onDidChangeClients(() => {
        for (const panel of this.#panels.values()) panel.connectionsChanged();
      }),
    );
  }

  /** Brings panels back after a reload. */
  register(): void {
    this.#subscriptions.add(vscode.window.registerWebviewPanelSerializer(SEND_VIEW_TYPE, this));
  }

  /** Opens the connection's panel or reveals it, with this topic in the form. */
  open(connectionId: string, topic?: string): void {
    const open = this.#panels.get(connectionId);
    if (open !== undefined) {
      open.reveal(topic);
      return;
    }
    const panel = vscode.window.createWebviewPanel(
      SEND_VIEW_TYPE,
      '',
      vscode.ViewColumn.Active,
      webviewOptions(this.#services.extensionUri),
    );
    this.#add(panel, { connectionId }, topic);
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const identity = readIdentity(state);
    // Two panels of one connection cannot come back: only one was ever open.
    if (identity === undefined || this.#panels.has(identity.connectionId)) panel.dispose();
    else this.#add(panel, { connectionId: identity.connectionId }, undefined);
    return Promise.resolve();
  }

  dispose(): void {
    this.#subscriptions.dispose();
    for (const panel of [...this.#panels.values()]) panel.dispose();
  }

  #add(panel: vscode.WebviewPanel, identity: PageIdentity, topic: string | undefined): void {
    const { connectionId } = identity;
    this.#panels.set(
      connectionId,
      new SendPage(this.#services, panel, identity, topic, () => this.#panels.delete(connectionId)),
    );
  }
}
