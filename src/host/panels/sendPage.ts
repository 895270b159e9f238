import * as vscode from 'vscode';

import type { PageIdentity } from '../../contract/rpc.ts';
import type {
  SendConnection,
  SendDelivery,
  SendDraft,
  SendFormContract,
  SendFormState,
  SendReceipt,
} from '../../contract/sendForm.ts';
import { MAX_BODY_BYTES } from '../../client/outgoing.ts';
import { connectionGone, rememberedName } from './connectionGone.ts';
import { layOutJson } from './jsonLayout.ts';
import { PagePanel } from './pagePanel.ts';
import type { PanelConnection, SendPanelServices } from './panelServices.ts';
import { EMPTY_DRAFT, deliveryAt, outgoingMessage, readDraft } from './sendDraft.ts';

/** One send panel: the form's host. */
export class SendPage {
  readonly #services: SendPanelServices;
  readonly #connectionId: string;
  readonly #page: PagePanel<SendFormContract>;
  /** Asked for by a command and not yet shown by a page. */
  #topic: string | undefined;
  /** What was last known, for when the connection is not there. */
  #known: SendConnection;

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
    const connection = services.resolve(identity.connectionId);
    this.#known = connection === undefined ? remembered(identity.connectionId) : known(connection);
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
        messageTypes: async ({ topic: name }) => (await this.#connection().client.messageTypes?.(name)) ?? [],
        send: ({ draft, delivery }) => this.#send(draft, delivery),
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
    if (connection === undefined) return;
    this.#known = known(connection);
    this.#page.title = this.#title();
    this.#page.tell('connection', this.#known);
  }

  dispose(): void {
    this.#page.dispose();
  }

  async #ready(saved: unknown): Promise<SendFormState> {
    const kept = readDraft(saved) ?? readDraft(this.#services.workspaceState.get(this.#draftKey)) ?? EMPTY_DRAFT;
    const draft = { ...kept, topic: this.#topic ?? kept.topic };
    await this.#keep(draft);
    this.#tellTopics();
    // One that was asked for while the draft was kept was told to a page that did not listen yet.
    const topic = this.#topic ?? draft.topic;
    return { connection: this.#known, topics: [], draft: { ...draft, topic }, maxBodyBytes: MAX_BODY_BYTES };
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

  async #send(draft: SendDraft, asked: SendDelivery): Promise<SendReceipt> {
    await this.#keep(draft);
    const message = { ...outgoingMessage(draft), delivery: deliveryAt(this.#services.clock.now(), asked) };
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
    return vscode.l10n.t('Send: {0}', this.#known.name);
  }

  /** @throws PageProblem `connection-gone` */
  #connection(): PanelConnection {
    const connection = this.#services.resolve(this.#connectionId);
    if (connection === undefined) throw connectionGone();
    return connection;
  }
}

function known({ name, client }: PanelConnection): SendConnection {
  return { name, knowsTypes: client.messageTypes !== undefined };
}

function remembered(connectionId: string): SendConnection {
  return { name: rememberedName(connectionId), knowsTypes: false };
}
