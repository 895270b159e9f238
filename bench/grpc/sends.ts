import { BENCH_TOPIC, benchClient, pause, sidesOf, startBackend } from '../backend.ts';
import type { Figure } from '../figures.ts';
import { bothSides, storingRate } from '../producers.ts';
import { LANGUAGES, startClient } from './officialClients.ts';

const QUEUES = 8;
const BODY_BYTES = 128;
/** The most first: what comes last is the one that suffers from a broker whose hot code is not compiled yet. */
const IN_FLIGHT = [64, 8, 1];
const WARM_UP_MS = 3000;
const MEASURED_MS = 4000;

/** The official clients send synchronously to both brokers in turns; what these stored counts. */
export async function measureGrpcSend(runs: number): Promise<Figure[]> {
  const loads = LANGUAGES.flatMap((language) => IN_FLIGHT.map((inFlight) => ({ language, inFlight })));
  const found = loads.map((load) => ({ ...load, rate: bothSides(), cost: bothSides() }));
  for (let run = 0; run < runs; run += 1) {
    const backends = {
      ours: await startBackend('ours', {}, true),
      apache: await startBackend('apache', {}, true),
    };
    const clients = {
      ours: await benchClient(backends.ours.nameServer, QUEUES),
      apache: await benchClient(backends.apache.nameServer, QUEUES),
    };
    try {
      for (const { language, inFlight, rate, cost } of found) {
        for (const side of sidesOf(run)) {
          const sender = await startClient(language, 'send', backends[side].grpc, BENCH_TOPIC, inFlight, BODY_BYTES);
          try {
            await sender.untilLines('started');
            await pause(WARM_UP_MS);
            const stored = await storingRate(backends[side], clients[side], MEASURED_MS);
            rate[side].push(stored.rate);
            cost[side].push(stored.processorUs);
          } finally {
            await sender.stop();
          }
        }
      }
    } finally {
      for (const side of sidesOf(run)) {
        clients[side].dispose();
        await backends[side].stop();
      }
    }
  }
  return found.flatMap(({ language, inFlight, rate, cost }) => [
    {
      name: `gRPC, official ${language} client, ${BODY_BYTES} B, ${inFlight} in flight`,
      unit: '/s',
      ...rate,
      target: { ratioAtLeast: 1 },
    },
    { name: '  processor time of the broker a message', unit: 'µs', ...cost },
  ]);
}
