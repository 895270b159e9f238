import type { Connection } from '../../../src/remoting/connection.ts';
import type { RemotingCommand } from '../../../src/protocol/command.ts';
import { popRetryTopic } from '../../../src/protocol/popReceipt.ts';
import { ackRequest, changeRequest, popRequest, poppedMessages } from '../../support/popClient.ts';
import type { PopParts, PoppedMessage } from '../../support/popClient.ts';
import { quietDisk } from '../../support/quietDisk.ts';
import { waitFor } from '../../support/waitFor.ts';
import { TIMEOUT_MS, TestBroker } from '../testBroker.ts';
import type { TestBrokerOptions } from '../testBroker.ts';

export const TOPIC = 'T';
export const GROUP = 'PopGroup';

type Parts = Partial<PopParts> & { readonly connection?: Connection };

/** A broker whose topic `T` is popped by `PopGroup`; by default it is sure to look at the topic before the retry topic. */
export class PopBroker {
  readonly broker: TestBroker;

  private constructor(broker: TestBroker) {
    this.broker = broker;
  }

  static async start(options: TestBrokerOptions & { readonly queues?: number } = {}): Promise<PopBroker> {
    const broker = await TestBroker.start({
      ...options,
      broker: { popFromRetryProbability: 0, ...options.broker },
    });
    await broker.createTopic(TOPIC, options.queues ?? 1);
    return new PopBroker(broker);
  }

  async send(...bodies: string[]): Promise<void> {
    for (const body of bodies) await this.broker.send(TOPIC, body);
  }

  ask(parts: Parts = {}): Promise<RemotingCommand> {
    const request = popRequest({ topic: TOPIC, group: GROUP, bornTime: this.broker.clock.now(), ...parts });
    return (parts.connection ?? this.broker.client).request(request, TIMEOUT_MS);
  }

  async pop(parts: Parts = {}): Promise<PoppedMessage[]> {
    return poppedMessages(await this.ask(parts), parts.group ?? GROUP);
  }

  /** Starts a pop that the broker holds. */
  async held(parts: Parts = {}): Promise<{ readonly answer: Promise<RemotingCommand> }> {
    const { held } = this.broker.context.pops;
    const before = held.size;
    const answer = this.ask({ ...parts, header: { pollTime: '15000', ...parts.header } });
    await waitFor('the pop to be held', () => held.size > before, { pollMs: 2 });
    return { answer };
  }

  ack(message: PoppedMessage, header: Record<string, string> = {}): Promise<RemotingCommand> {
    const request = ackRequest(GROUP, message);
    return this.broker.client.request({ ...request, extFields: { ...request.extFields, ...header } }, TIMEOUT_MS);
  }

  change(
    message: PoppedMessage,
    invisibleTimeMs: number,
    header: Record<string, string> = {},
  ): Promise<RemotingCommand> {
    const request = changeRequest(GROUP, message, invisibleTimeMs);
    return this.broker.client.request({ ...request, extFields: { ...request.extFields, ...header } }, TIMEOUT_MS);
  }

  /** Moves time on until so many messages came again; the disk takes its own time between two steps. */
  async untilRevived(count: number, topic = popRetryTopic(TOPIC, GROUP)): Promise<void> {
    await waitFor(
      `${count} messages in ${topic}`,
      async () => {
        await this.broker.clock.advanceAsync(100);
        return this.broker.context.store.maxOffset(topic, 0) >= count;
      },
      { pollMs: 1 },
    );
  }

  /** Moves time on in steps, so that the disk keeps up. */
  async advance(byMs: number): Promise<void> {
    const { clock } = this.broker;
    const untilMs = clock.now() + byMs;
    while (clock.now() < untilMs) {
      await clock.advanceAsync(Math.min(500, untilMs - clock.now()));
      await quietDisk();
    }
  }

  stop(): Promise<void> {
    return this.broker.stop();
  }
}

export function bodies(messages: readonly PoppedMessage[]): string[] {
  return messages.map(({ body }) => body);
}
