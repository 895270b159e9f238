import type * as vscode from 'vscode';

import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { eitherEvent } from '../../base/eitherEvent.ts';
import type { Logger } from '../../base/logger.ts';
import type { ClusterClients } from '../clusterClients.ts';
import { openTail } from '../commands/panels.ts';
import type { Connections } from '../connections.ts';
import type { EndpointClients } from '../endpointClients.ts';
import { toPageError } from '../errorMessages.ts';
import type { ExplorerTree } from '../explorer/explorerTree.ts';
import type { Prompts } from '../prompts.ts';
import type { Settings } from '../settings.ts';
import type { PanelServices } from './panelServices.ts';
import { SendPanels } from './sendPanel.ts';
import { TailPanels } from './tailPanel.ts';

export interface MessagePanelsOptions {
  readonly context: Pick<vscode.ExtensionContext, 'extensionUri' | 'workspaceState'>;
  readonly own: <T extends Disposable>(item: T) => T;
  readonly connections: Connections;
  readonly clients: ClusterClients;
  readonly endpoints: EndpointClients;
  readonly tree: ExplorerTree;
  readonly settings: Settings;
  readonly prompts: Prompts;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The panels of sending and tailing, each of which opens the other. */
export function registerMessagePanels(options: MessagePanelsOptions): {
  readonly sendPanels: SendPanels;
  readonly tailPanels: TailPanels;
} {
  const { context, own, connections, clients, endpoints, tree, settings, prompts, clock, logger } = options;
  const services: PanelServices = {
    extensionUri: context.extensionUri,
    resolve: (connectionId) => {
      const connection = connections.get(connectionId);
      if (connection?.endpoint === undefined) return clients.byId(connectionId);
      return { name: connection.name, client: endpoints.forPanels(connection) };
    },
    onDidChangeClients: eitherEvent(clients.onDidChange, endpoints.onDidChange),
    toPageError,
    logger,
    clock,
  };
  const sendPanels: SendPanels = own(
    new SendPanels({
      ...services,
      workspaceState: context.workspaceState,
      sent: (connectionId, topic) => tree.messagesArrived(connectionId, topic),
      openTail: (connectionId, topic) => {
        const connection = connections.get(connectionId);
        if (connection !== undefined) void openTail({ prompts, tailPanels }, connection, topic);
      },
    }),
  );
  const tailPanels: TailPanels = own(
    new TailPanels({
      ...services,
      capacity: () => settings.number('tail.capacity'),
      openSend: (connectionId, topic) => sendPanels.open(connectionId, topic),
    }),
  );
  sendPanels.register();
  tailPanels.register();
  return { sendPanels, tailPanels };
}
