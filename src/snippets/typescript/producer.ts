import type { Snippet } from '../snippet.ts';
import { TYPESCRIPT_CLIENT } from './client.ts';

export const typescriptProducer: Snippet = {
  language: 'typescript',
  pattern: 'producer',
  prefix: 'rmq-producer',
  dependency: TYPESCRIPT_CLIENT,
  template: String.raw`// Package: npm install {{dependency}} && npm install --save-dev @types/node
// Address: gRPC endpoint of the proxy (port 8081), not the NameServer.
// The environment variable ROCKETMQ_ENDPOINTS overrides it.

import { Producer } from "rocketmq-client-nodejs";

const endpoints = process.env["ROCKETMQ_ENDPOINTS"] ?? "{{grpcEndpoint}}";
const topic = "{{topic}}";
const tag = "{{tag}}";

async function main(): Promise<void> {
  // One producer serves the whole application.
  const producer = new Producer({ endpoints, namespace: "", topics: [topic] });
  await producer.startup();
  try {
    for (let i = 0; i < 10; i++) {
      await send(producer, "key-" + String(i), "Hello RocketMQ " + String(i));
    }
  } finally {
    await producer.shutdown();
  }
}

async function send(producer: Producer, key: string, body: string): Promise<void> {
  {{cursor}}const receipt = await producer.send({ topic, tag, keys: [key], body: Buffer.from(body, "utf8") });
  console.log("%s offset %d", receipt.messageId, receipt.offset);
}

main().catch(fail);

function fail(error: unknown): void {
  // All retries failed. Keep the message and send it again later; it may have arrived nevertheless.
  console.error("Cannot send to %s by %s:", topic, endpoints, error);
  // The client keeps timers when it could not start: end the process by hand.
  process.exit(1);
}
`,
};
