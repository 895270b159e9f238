import assert from 'node:assert/strict';
import { TestBroker } from '../testBroker.ts';
import type { TestBrokerOptions } from '../testBroker.ts';
import { GrpcTestClient } from './grpcTestClient.ts';
import type { GrpcTestClientOptions } from './grpcTestClient.ts';

/** A TestBroker that serves gRPC, and clients that end with it. */
export class GrpcTestBroker {
  readonly broker: TestBroker;
  readonly #clients: GrpcTestClient[] = [];

  private constructor(broker: TestBroker) {
    this.broker = broker;
  }

  static async start(options: TestBrokerOptions = {}): Promise<GrpcTestBroker> {
    return new GrpcTestBroker(await TestBroker.start({ ...options, broker: { grpcServerPort: 0, ...options.broker } }));
  }

  get address(): string {
    return this.broker.runtime.broker.grpcAddress ?? '';
  }

  client(options?: GrpcTestClientOptions): GrpcTestClient {
    const client = new GrpcTestClient(this.address, options);
    this.#clients.push(client);
    return client;
  }

  /** Nothing may be left behind. */
  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.broker.stop();
    assert.equal(this.broker.clock.pendingCount, 0);
  }
}
