import * as vscode from 'vscode';

import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import type { Logger } from '../base/logger.ts';
import { ClusterClient } from '../client/clusterClient.ts';
import { EndpointClient } from '../client/grpc/endpointClient.ts';
import type { EndpointClientOptions } from '../client/grpc/endpointClient.ts';
import type { EndpointConnection } from './connectionList.ts';
import type { Secrets } from './secrets.ts';
import { SETTINGS_SECTION } from './settings.ts';
import type { Settings } from './settings.ts';

const REQUEST_TIMEOUT = 'requestTimeoutMs';

export interface ClientFactories {
  readonly createClient: (nameServers: string) => ClusterClient;
  /** Without credentials those kept for the connection. */
  readonly createEndpoint: (
    connection: EndpointConnection,
    credentials?: EndpointClientOptions['credentials'],
  ) => EndpointClient;
}

/** Makes clients as the settings want them now. */
export function clientFactories(
  settings: Settings,
  secrets: Secrets,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): ClientFactories {
  const shared = () => ({ timeoutMs: settings.number(REQUEST_TIMEOUT), clock, logger });
  return {
    createClient: (nameServers) => new ClusterClient({ nameServers, ...shared() }),
    createEndpoint: (connection, credentials = () => secrets.read(connection)) => {
      const { grpcEndpoint: address, tls } = connection.endpoint;
      return new EndpointClient({ address, tls, credentials, ...shared() });
    },
  };
}

/** Has clients made anew when the settings want others. */
export function renewWithSettings(...clients: readonly { renew(): void }[]): Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (!event.affectsConfiguration(`${SETTINGS_SECTION}.${REQUEST_TIMEOUT}`)) return;
    for (const each of clients) each.renew();
  });
}

/** Whether one of the client's NameServers does. Ends the client. */
export async function answers(client: ClusterClient): Promise<boolean> {
  try {
    const { nameServers } = await client.probe();
    return nameServers.some(({ problem }) => problem === undefined);
  } finally {
    client.dispose();
  }
}
