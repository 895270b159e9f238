import assert from 'node:assert/strict';

import type { RemotingCommand } from '../../src/protocol/command.ts';
import type { StoredMessage } from '../../src/protocol/message.ts';
import type { Connection } from '../../src/remoting/connection.ts';
import { TIMEOUT_MS, ask, connect, pullRequest, records, sendRequest } from '../broker/testBroker.ts';
import type { SendParts } from '../broker/testBroker.ts';
import type { TestCluster } from '../support/backends.ts';
import { waitFor } from '../support/waitFor.ts';

/** Speaks to the broker of a cluster as it is on the wire, with every property as it is stored. */
export class QueueReader {
  #connection: Connection | undefined;

  async open({ brokerAddress }: TestCluster): Promise<void> {
    this.#connection = await connect(brokerAddress);
  }

  close(): void {
    this.#connection?.dispose();
  }

  ask(code: number, extFields: Record<string, string>): Promise<RemotingCommand> {
    return ask(this.#open, code, extFields);
  }

  send(topic: string, body: string, parts: SendParts = {}): Promise<RemotingCommand> {
    return this.#open.request(sendRequest(topic, body, parts), TIMEOUT_MS);
  }

  /** The messages of queue 0, from an offset on. */
  async read(topic: string, queueOffset = 0): Promise<StoredMessage[]> {
    const answer = await this.#open.request(pullRequest({ topic, queueOffset, header: NOT_HELD }), TIMEOUT_MS);
    return answer.code === 0 ? records(answer.body) : [];
  }

  /** Until queue 0 has so many messages. */
  async until(topic: string, count: number): Promise<StoredMessage[]> {
    const found = await waitFor(
      `${count} messages in ${topic}`,
      async () => {
        const messages = await this.read(topic);
        return messages.length >= count && messages;
      },
      { pollMs: 20, timeoutMs: 60_000 },
    );
    assert.equal(found.length, count);
    return found;
  }

  get #open(): Connection {
    return this.#connection ?? assert.fail('it is open while tests run');
  }
}

const NOT_HELD = { suspendTimeoutMillis: '0' };
