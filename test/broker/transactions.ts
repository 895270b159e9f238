import { TestBroker } from './testBroker.ts';
import { TransactionClient } from './transactionClient.ts';

export const HALF = 'RMQ_SYS_TRANS_HALF_TOPIC';
export const OP = 'RMQ_SYS_TRANS_OP_HALF_TOPIC';
export const GROUP = 'CID_RMQ_SYS_TRANS';
export const ROUND_MS = 10_000;
export const CHECKED = { transactionCheckInterval: ROUND_MS };

/** A broker with a topic T of two queues and a producer of transactional messages, anew for each test. */
export interface Transactions {
  broker: TestBroker;
  producer: TransactionClient;
  readonly bodies: (topic: string, queueId?: number) => Promise<string[]>;
  /** Lets the time pass until the next check. */
  readonly round: () => Promise<void>;
  /** How far the checks are in a topic. */
  readonly progress: (topic: string) => number | undefined;
}

/** To be called in a `describe`: its hooks start the broker and stop it. */
export function useTransactions(): Transactions {
  beforeEach(async () => {
    tx.broker = await TestBroker.start({ broker: CHECKED });
    await tx.broker.createTopic('T', 2);
    tx.producer = await transactionClient(tx.broker);
  });
  afterEach(() => tx.broker.stop());
  const tx: Transactions = {
    // Only in a test.
    broker: undefined as unknown as TestBroker,
    producer: undefined as unknown as TransactionClient,
    bodies: async (topic, queueId = 0) => (await tx.broker.read(topic, queueId)).map(({ body }) => body.toString()),
    round: () => tx.broker.clock.advanceAsync(ROUND_MS),
    progress: (topic) => tx.broker.context.offsets.committed(GROUP, topic, 0),
  };
  return tx;
}

export function transactionClient(broker: TestBroker, group?: string, clientId?: string): Promise<TransactionClient> {
  return TransactionClient.start({
    connect: (handle) => broker.connect(handle),
    clock: broker.clock,
    ...(group === undefined ? {} : { group }),
    ...(clientId === undefined ? {} : { clientId }),
  });
}
