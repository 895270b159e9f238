import * as vscode from 'vscode';

import type { ReceivedMessage } from '../../client/receivedMessage.ts';
import type { TailContract, TailRow, TailState } from '../../contract/tail.ts';
import { connectionGone, rememberedName } from './connectionGone.ts';
import type { MessageDocuments } from './messageDocuments.ts';
import { readBody } from './messageBody.ts';
import { PagePanel } from './pagePanel.ts';
import { PageProblem } from './pageRpc.ts';
import type { PanelClient, TailPanelServices } from './panelServices.ts';
import { CAPACITY_BYTES, TailFeed } from './tailFeed.ts';
import type { RowWords } from './tailRow.ts';
import { tailMessage, tailRow } from './tailRow.ts';

/** Rows given in one answer; a page shows far fewer. */
const MAX_ROWS = 500;

export interface TailIdentity {
  readonly connectionId: string;
  readonly topic: string;
  /** Of a gRPC endpoint alone. */
  readonly group?: string;
}

export interface TailPageOptions {
  readonly services: TailPanelServices;
  readonly documents: MessageDocuments;
  readonly panel: vscode.WebviewPanel;
  readonly identity: TailIdentity;
  /** Whether it came back by itself: nobody has just said that it may join a group. */
  readonly isRestored: boolean;
  readonly onDispose: () => void;
}

function titleOf({ topic, group }: TailIdentity): string {
  if (group === undefined) return vscode.l10n.t('Tail: {0}', topic);
  return vscode.l10n.t('Tail: {0}, as {1}', topic, group);
}

/** One tail panel. It reads on while it is hidden; what it holds is bounded. */
export class TailPage {
  readonly #services: TailPanelServices;
  readonly #connectionId: string;
  readonly #topic: string;
  readonly #group: string | undefined;
  readonly #documents: MessageDocuments;
  readonly #page: PagePanel<TailContract>;
  readonly #feed: TailFeed;
  readonly #words: RowWords;
  #client: PanelClient | undefined;
  #isConnected = false;
  #waitsToJoin: boolean;
  #name: string;

  constructor({ services, documents, panel, identity, isRestored, onDispose }: TailPageOptions) {
    this.#services = services;
    this.#documents = documents;
    this.#connectionId = identity.connectionId;
    this.#topic = identity.topic;
    this.#group = identity.group;
    this.#waitsToJoin = isRestored && identity.group !== undefined;
    this.#name = rememberedName(identity.connectionId);
    this.#words = {
      binary: (sizeBytes, hex) => vscode.l10n.t('Binary, {0} bytes: {1}', sizeBytes, hex),
      bodyProblem: (error) => services.toPageError(error).message,
      unknown: vscode.l10n.t('unknown'),
    };
    this.#feed = new TailFeed({
      capacity: services.capacity(),
      clock: services.clock,
      changed: () => this.#page.tell('state', this.#state()),
    });
    this.#page = new PagePanel<TailContract>({
      panel,
      extensionUri: services.extensionUri,
      page: 'tail',
      title: titleOf(identity),
      identity,
      toPageError: services.toPageError,
      logger: services.logger,
      onDispose: () => {
        this.#feed.dispose();
        onDispose();
      },
      handlers: {
        ready: () => this.#state(),
        rows: ({ first, limit }) => this.#rows(first, limit),
        join: () => this.#after(() => this.join()),
        pause: () => this.#after(() => this.#feed.pause()),
        resume: () => this.#after(() => this.#feed.resume()),
        clear: () => this.#after(() => this.#feed.clear()),
        message: ({ number }) => tailMessage(number, this.#message(number), this.#words),
        copyBody: async ({ number }) => {
          await vscode.env.clipboard.writeText(readBody(this.#message(number).body).text);
          return undefined;
        },
        copy: async ({ text }) => {
          await vscode.env.clipboard.writeText(text);
          return undefined;
        },
        openInEditor: async ({ number }) => {
          await this.#documents.show(this.#message(number));
          return undefined;
        },
        openSend: () => {
          services.openSend(this.#connectionId, this.#topic);
          return undefined;
        },
      },
    });
    this.#connect();
  }

  reveal(): void {
    this.#page.reveal();
  }

  /** Somebody knows what it means to receive as the group, and wants it. */
  join(): void {
    this.#waitsToJoin = false;
    this.connectionsChanged();
  }

  connectionsChanged(): void {
    this.#connect();
    this.#page.tell('state', this.#state());
  }

  dispose(): void {
    this.#page.dispose();
  }

  /** A connection that is not there for a while keeps its tail, which goes on by itself when its cluster is back. */
  #connect(): void {
    const connection = this.#services.resolve(this.#connectionId);
    this.#isConnected = connection !== undefined;
    if (connection === undefined) return;
    this.#name = connection.name;
    if (connection.client === this.#client || this.#waitsToJoin) return;
    this.#client = connection.client;
    this.#feed.follow(connection.client.tail(this.#topic, { group: this.#group }));
  }

  #after(change: () => void): TailState {
    change();
    return this.#state();
  }

  #state(): TailState {
    const { paused, reading, first, held, capacity } = this.#feed;
    return {
      connectionName: this.#name,
      topic: this.#topic,
      group: this.#group,
      waitsToJoin: this.#waitsToJoin,
      paused,
      reading,
      first,
      held,
      capacity,
      capacityBytes: CAPACITY_BYTES,
      problem: this.#problem(),
    };
  }

  #problem(): string | undefined {
    if (!this.#isConnected) return connectionGone().message;
    const { problem } = this.#feed;
    return problem === undefined ? undefined : this.#services.toPageError(problem).message;
  }

  #rows(first: number, limit: number): readonly TailRow[] {
    const rows = this.#feed.rows(first, Math.min(limit, MAX_ROWS));
    return rows.map(({ number, message }) => tailRow(number, message, this.#words));
  }

  /** @throws PageProblem when the message is no longer held */
  #message(number: number): ReceivedMessage {
    const message = this.#feed.message(number);
    if (message !== undefined) return message;
    throw new PageProblem(
      'message-gone',
      vscode.l10n.t(
        'This message has left the view: the newest {0} are held. It stays on the broker; raise rocketmq.tail.capacity to hold more.',
        this.#feed.capacity,
      ),
    );
  }
}
