import { ResponseCode } from '../src/protocol/codes.ts';
import type { Connection } from '../src/remoting/connection.ts';
import { BENCH_TOPIC, benchClient, connect, pause, sidesOf, startBackend } from './backend.ts';
import type { Backend } from './backend.ts';
import { percentile } from './figures.ts';
import type { Figure } from './figures.ts';
import { bothSides } from './producers.ts';
import { processorMs } from './processUsage.ts';
import { longPull, send } from './requests.ts';

const CONSUMERS = 1000;
const IDLE_MS = 20_000;
const WARM_UP_WAKES = 200;
/** Long enough that a checkpoint, with the files of all their queues, comes in between. */
const WAKING_MS = 8000;

/** A thousand connections, each with a pull that waits for a message; then one of them at a time gets one. */
export async function measureIdleConsumers(runs: number): Promise<Figure[]> {
  const processor = bothSides();
  const p50 = bothSides();
  const p99 = bothSides();
  for (let run = 0; run < runs; run += 1) {
    for (const side of sidesOf(run)) {
      const backend = await startBackend(side);
      const client = await benchClient(backend.nameServer, CONSUMERS);
      const crowd = new Crowd(backend);
      try {
        await crowd.gather();
        await pause(3000);
        const beganMs = processorMs(backend.brokerPid);
        await pause(IDLE_MS);
        processor[side].push(((processorMs(backend.brokerPid) - beganMs) / IDLE_MS) * 100);
        const latencies = await crowd.wakeEach(WAKING_MS);
        p50[side].push(percentile(latencies.slice(WARM_UP_WAKES), 50));
        p99[side].push(percentile(latencies.slice(WARM_UP_WAKES), 99));
      } finally {
        crowd.dispose();
        client.dispose();
        await backend.stop();
      }
    }
  }
  return [
    { name: '1000 waiting pulls, processor', unit: '% of a core', ...processor, target: { atMost: 2 } },
    { name: 'waking one of 1000, p50', unit: 'ms', ...p50 },
    { name: 'waking one of 1000, p99', unit: 'ms', ...p99, target: { atMost: 5 } },
  ];
}

class Crowd {
  readonly #backend: Backend;
  readonly #connections: Connection[] = [];
  /** Where each consumer reads on, and what it does with the message. */
  readonly #offsets = new Array<number>(CONSUMERS).fill(0);
  #onMessage: (queueId: number) => void = () => undefined;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  async gather(): Promise<void> {
    for (let queueId = 0; queueId < CONSUMERS; queueId += 1) {
      const connection = await connect(this.#backend.address);
      this.#connections.push(connection);
      void this.#consume(connection, queueId).catch(() => undefined);
    }
  }

  /** From before the send to the message's arrival, one after the other. */
  async wakeEach(forMs: number): Promise<number[]> {
    const sender = await connect(this.#backend.address);
    const latencies: number[] = [];
    const untilMs = performance.now() + forMs;
    for (let index = 0; performance.now() < untilMs; index += 1) {
      const queueId = (index * 7) % CONSUMERS;
      const arrived = new Promise<void>((resolve) => {
        this.#onMessage = (from) => {
          if (from === queueId) resolve();
        };
      });
      const began = performance.now();
      await send(sender, { topic: BENCH_TOPIC, queueId }, Buffer.from('wake up'));
      await arrived;
      latencies.push(performance.now() - began);
    }
    sender.dispose();
    return latencies;
  }

  dispose(): void {
    for (const connection of this.#connections) connection.dispose();
  }

  async #consume(connection: Connection, queueId: number): Promise<void> {
    while (connection.isOpen) {
      const place = { topic: BENCH_TOPIC, queueId };
      const { code, extFields } = await longPull(connection, place, this.#offsets[queueId] ?? 0);
      this.#offsets[queueId] = Number(extFields['nextBeginOffset']);
      if (code === ResponseCode.SUCCESS) this.#onMessage(queueId);
    }
  }
}
