import type * as vscode from 'vscode';

import type { Clock } from '../../base/clock.ts';
import type { Event } from '../../base/emitter.ts';
import type { Logger } from '../../base/logger.ts';
import type { EndpointMessage } from '../../client/grpc/endpointModel.ts';
import type { TopicSummary } from '../../client/model.ts';
import type { Tail, TailOptions } from '../../client/tail.ts';
import type { PageError } from '../../contract/rpc.ts';
import type { SendReceipt, SendType } from '../../contract/sendForm.ts';

/** What panels ask of a cluster, or of a gRPC endpoint. */
export interface PanelClient {
  topics(): Promise<readonly TopicSummary[]>;
  /** A cluster takes no notice of `delivery`. */
  send(message: EndpointMessage): Promise<SendReceipt>;
  /** Types of messages that the topic takes, none when nobody says so. Not there where messages have no types. */
  messageTypes?(topic: string): Promise<readonly SendType[]>;
  /** An endpoint gives messages to members of a group alone. */
  tail(topic: string, options?: TailOptions & { readonly group?: string | undefined }): Tail;
}

export interface PanelConnection {
  readonly name: string;
  readonly client: PanelClient;
}

/** What the panels need of the host. */
export interface PanelServices {
  readonly extensionUri: vscode.Uri;
  /** Undefined while there is no such connection. */
  readonly resolve: (connectionId: string) => PanelConnection | undefined;
  /** A connection came, went or changed, or has another client: panels resolve theirs again. */
  readonly onDidChangeClients: Event<unknown>;
  readonly toPageError: (error: unknown) => PageError;
  readonly logger: Logger;
  readonly clock: Clock;
}

export interface SendPanelServices extends PanelServices {
  /** Keeps drafts by connection. */
  readonly workspaceState: vscode.Memento;
  /** A message was taken by a broker. */
  readonly sent: (connectionId: string, topic: string) => void;
  readonly openTail: (connectionId: string, topic: string) => void;
}

export interface TailPanelServices extends PanelServices {
  /** The setting `rocketmq.tail.capacity`, read when a panel opens. */
  readonly capacity: () => number;
  readonly openSend: (connectionId: string, topic: string) => void;
}
