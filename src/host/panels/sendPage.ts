import * as vscode from 'vscode';

import type { PageIdentity } from '../../contract/rpc.ts';
import type { SendDraft, SendFormContract, SendFormState, SendReceipt } from '../../contract/sendForm.ts';
import { MAX_BODY_BYTES } from '../../client/outgoing.ts';
import { connectionGone, rememberedName } from './connectionGone.ts';
import { layOutJson } from './jsonLayout.ts';
import { PagePanel } from './pagePanel.ts';
import type { PanelConnection, SendPanelServices } from './panelServices.ts';
import { EMPTY_DRAFT, outgoingMessage, readDraft } from './sendDraft.ts';

/** One send panel: the form's host. */
export class SendPage {
  readonly #services: SendPanelServices;
  readonly #connectionId: string;
  readonly #page: PagePanel<SendFormContract>;
  /** Asked for by a command and not yet shown by a page. */
  #topic: string | undefined;
  /** The name that was last known, for when the connection is not there. */
  #name: string;

  constructor(
    services: SendPanelServices,
    panel: vscode.WebviewPanel,
    identity: PageIdentity,
    topic: string | undefined,
    onDispose: () => void,
  ) {
    this.#services = services;
    this.#connectionId = identity.connectionId;
    this.#topic = topic;
    this.#name = services.resolve(identity.connectionId)?.name ?? rememberedName(identity.connectionId);
    this.#page = new PagePanel<SendFormContract>({
      panel,
      extensionUri: services.extensionUri,
      page: 'send',
      title: this.#title(),
      identity,
      toPageError: services.toPageError,
      logger: services.logger,
      onDispose,
      handlers: {
        ready: ({ saved }) => this.#ready(saved),
        saveDraft: async (draft) => {
          await this.#keep(draft);
          return undefined;
        },
        refreshTopics: () => this.#topics(),
        send: (draft) => this.#send(draft),
        formatJson: ({ text }) => layOutJson(text),
        copy: async ({ text }) => {
          await vscode.env.clipboard.writeText(text);
          return undefined;
        },
        openTail: ({ topic: name }) => {
          services.openTail(this.#connectionId, name);
          return undefined;
        },
      },
    });
  }

  reveal(topic: string | undefined): void {
    // A page that is hidden, or not ready yet, hears nothing: it takes the topic when it is ready.
    this.#topic = topic ?? this.#topic;
    if (topic !== undefined) this.#page.tell('topic', topic);
    this.#page.reveal();
  }

  connectionsChanged(): void {
    const connection = this.#services.resolve(this.#connectionId);
    if (connection === undefined || connection.name === this.#name) return;
    this.#name = connection.name;
    this.#page.title = this.#title();
    this.#page.tell('connectionName', connection.name);
  }

  dispose(): void {
    this.#page.dispose();
  }

  async #ready(saved: unknown): Promise<SendFormState> {
    const kept = readDraft(saved) ?? readDraft(this.#services.workspaceState.get(this.#draftKey)) ?? EMPTY_DRAFT;
    const draft = { ...kept, topic: this.#topic ?? kept.topic };
    await this.#keep(draft);
    this.#tellTopics();
    return { connectionName: this.#name, topics: [], draft, maxBodyBytes: MAX_BODY_BYTES };
  }

  /** The form does not wait for the cluster: the list follows when it is here. */
  #tellTopics(): void {
    this.#topics().then(
      (topics) => this.#page.tell('topics', topics),
      // A name can be typed without the list, and opening the list asks again and tells why there is none.
      (error: unknown) => this.#services.logger.warn(`send form: no topics: ${String(error)}`),
    );
  }

  async #topics(): Promise<readonly string[]> {
    const topics = await this.#connection().client.topics();
    return topics
      .filter(({ kind }) => kind === 'normal')
      .map(({ topic }) => topic)
      .sort((a, b) => a.localeCompare(b));
  }

  async #send(draft: SendDraft): Promise<SendReceipt> {
    await this.#keep(draft);
    const message = outgoingMessage(draft);
    const receipt = await this.#connection().client.send(message);
    this.#services.sent(this.#connectionId, message.topic);
    return receipt;
  }

  /** A page that gives its draft has taken the topic it was told. */
  async #keep(draft: SendDraft): Promise<void> {
    this.#topic = undefined;
    await this.#services.workspaceState.update(this.#draftKey, draft);
  }

  get #draftKey(): string {
    return `rocketmq.sendDraft.${this.#connectionId}`;
  }

  #title(): string {
    return vscode.l10n.t('Send: {0}', this.#name);
  }

  /** @throws PageProblem `connection-gone` */
  #connection(): PanelConnection {
    const connection = this.#services.resolve(this.#connectionId);
    if (connection === undefined) throw connectionGone();
    return connection;
  }
}
