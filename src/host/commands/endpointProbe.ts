import * as vscode from 'vscode';

import type { EndpointProbe } from '../../client/doctor.ts';
import type { EndpointClient } from '../../client/grpc/endpointClient.ts';
import type { Credentials } from '../../protocol/acl.ts';
import type { EndpointConnection } from '../connectionList.ts';

export interface EndpointProbeContext {
  /** With these credentials instead of those that are kept, where some are given. */
  readonly createEndpoint: (
    connection: EndpointConnection,
    credentials?: () => Promise<Credentials | undefined>,
  ) => EndpointClient;
}

/** Asks a fresh client whether the endpoint answers as it should. */
export async function probeEndpoint(
  { createEndpoint }: EndpointProbeContext,
  connection: EndpointConnection,
  credentials?: () => Promise<Credentials | undefined>,
): Promise<EndpointProbe> {
  const client = createEndpoint(connection, credentials);
  try {
    return await vscode.window.withProgress(
      {
        location: vscode.ProgressLocation.Notification,
        title: vscode.l10n.t('Testing {0}…', connection.endpoint.grpcEndpoint),
      },
      () => client.probe(),
    );
  } finally {
    client.dispose();
  }
}
