import { CodedError } from '../base/errors.ts';
import type { EndpointClient } from '../client/grpc/endpointClient.ts';
import type { EndpointMessage } from '../client/grpc/endpointModel.ts';
import type { TopicSummary } from '../client/model.ts';
import type { Tail } from '../client/tail.ts';
import type { SendReceipt, SendType } from '../contract/sendForm.ts';
import type { PanelClient } from './panels/panelServices.ts';

/** A gRPC endpoint as panels ask it. */
export class EndpointPanelClient implements PanelClient {
  readonly #client: EndpointClient;
  readonly #topics: () => readonly string[];

  constructor(client: EndpointClient, topics: () => readonly string[]) {
    this.#client = client;
    this.#topics = topics;
  }

  /** Those that somebody named. */
  topics(): Promise<readonly TopicSummary[]> {
    return Promise.resolve(this.#topics().map((topic) => ({ topic, kind: 'normal' })));
  }

  /** Types that any of its queues for writing takes. */
  async messageTypes(topic: string): Promise<readonly SendType[]> {
    const queues = await this.#client.route(topic);
    const writable = queues.filter(({ permission }) => permission === 'write' || permission === 'readWrite');
    return [...new Set(writable.flatMap(({ accepts }) => accepts))];
  }

  /** Where it lies the endpoint does not say. */
  async send(message: EndpointMessage): Promise<SendReceipt> {
    const { messageId, offset, elapsedMs, transactionId, recallHandle } = await this.#client.send(message);
    return {
      ...{ status: 'SEND_OK', messageId, offset, elapsedMs, transactionId, recallHandle },
      ...{ offsetMessageId: undefined, brokerName: undefined, queueId: undefined },
    };
  }

  tail(topic: string, { group }: { readonly group?: string | undefined } = {}): Tail {
    if (group === undefined) throw new CodedError('internal', { reason: 'a tail of an endpoint has a group' });
    return this.#client.tail(topic, group);
  }
}
