import type * as vscode from 'vscode';

import type { Credentials } from '../protocol/acl.ts';
import type { EndpointSetting } from './settings.ts';
import type { EndpointConnection } from './connectionList.ts';

/** Whom credentials were meant for when somebody typed them. */
interface Kept extends Pick<EndpointSetting, 'grpcEndpoint' | 'tls'> {
  readonly credentials: Credentials;
}

type Bearer = Pick<EndpointConnection, 'id' | 'endpoint'>;

/**
 * Access keys and secrets of connections, by the connection's id: in VS Code's secret storage and nowhere else. Names of
 * connections are anybody's to take, a repository's too, so they are given out for the endpoint only that they were
 * kept for, reached in the same way.
 */
export class Secrets {
  readonly #storage: Pick<vscode.SecretStorage, 'get' | 'store' | 'delete'>;

  constructor(storage: Pick<vscode.SecretStorage, 'get' | 'store' | 'delete'>) {
    this.#storage = storage;
  }

  async read({ id, endpoint }: Bearer): Promise<Credentials | undefined> {
    const text = await this.#storage.get(keyOf(id));
    if (text === undefined) return undefined;
    const { credentials, grpcEndpoint, tls } = JSON.parse(text) as Partial<Kept>;
    return grpcEndpoint === endpoint.grpcEndpoint && tls === endpoint.tls ? credentials : undefined;
  }

  /** Undefined forgets them. */
  async keep({ id, endpoint: { grpcEndpoint, tls } }: Bearer, credentials: Credentials | undefined): Promise<void> {
    if (credentials === undefined) {
      await this.forget(id);
      return;
    }
    const kept: Kept = { credentials, grpcEndpoint, tls };
    await this.#storage.store(keyOf(id), JSON.stringify(kept));
  }

  async forget(connectionId: string): Promise<void> {
    await this.#storage.delete(keyOf(connectionId));
  }
}

function keyOf(connectionId: string): string {
  return `rocketmq.credentials.${connectionId}`;
}
