import type * as vscode from 'vscode';

import type { Credentials } from '../protocol/acl.ts';

/** Access keys and secrets of connections, by the connection's id: in VS Code's secret storage and nowhere else. */
export class Secrets {
  readonly #storage: Pick<vscode.SecretStorage, 'get' | 'store' | 'delete'>;

  constructor(storage: Pick<vscode.SecretStorage, 'get' | 'store' | 'delete'>) {
    this.#storage = storage;
  }

  async read(connectionId: string): Promise<Credentials | undefined> {
    const text = await this.#storage.get(keyOf(connectionId));
    return text === undefined ? undefined : (JSON.parse(text) as Credentials);
  }

  /** Undefined forgets them. */
  async keep(connectionId: string, credentials: Credentials | undefined): Promise<void> {
    if (credentials === undefined) await this.#storage.delete(keyOf(connectionId));
    else await this.#storage.store(keyOf(connectionId), JSON.stringify(credentials));
  }
}

function keyOf(connectionId: string): string {
  return `rocketmq.credentials.${connectionId}`;
}
