import type { Snippet } from '../snippet.ts';
import { TYPESCRIPT_CLIENT } from './client.ts';

export const typescriptPushConsumer: Snippet = {
  language: 'typescript',
  pattern: 'pushConsumer',
  prefix: 'rmq-push-consumer',
  dependency: TYPESCRIPT_CLIENT,
  template: String.raw`// Package: npm install {{dependency}} && npm install --save-dev @types/node
// Address: gRPC endpoint of the proxy (port 8081), not the NameServer.
// The environment variable ROCKETMQ_ENDPOINTS overrides it.

import { ConsumeResult, PushConsumer, type MessageView } from "rocketmq-client-nodejs";

const endpoints = process.env["ROCKETMQ_ENDPOINTS"] ?? "{{grpcEndpoint}}";
const topic = "{{topic}}";
// Every consumer of one group must subscribe to the same topics with the same tags.
const group = "{{group}}";
const tags = "{{tag}}";

async function main(): Promise<void> {
  const consumer = new PushConsumer({
    endpoints,
    namespace: "",
    consumerGroup: group,
    subscriptions: new Map([[topic, tags]]),
    messageListener: { consume },
  });
  await consumer.startup();
  console.log("Consumer of %s started, group %s", topic, group);

  // Ctrl+C or SIGTERM: finish what is being consumed and leave the group.
  const stop = (): void => {
    consumer.shutdown().then(() => process.exit(0), fail);
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

async function consume(message: MessageView): Promise<ConsumeResult> {
  try {
    await handle(message);
    return ConsumeResult.SUCCESS;
  } catch (error: unknown) {
    // It comes again later; after the group's last retry it goes to the dead-letter topic.
    console.error("Cannot handle %s, it comes again:", message.messageId, error);
    return ConsumeResult.FAILURE;
  }
}

// A message can come more than once: make this idempotent, by its key for example.
async function handle(message: MessageView): Promise<void> {
  {{cursor}}const body = message.body.toString("utf8");
  console.log("%s tag %s keys %s: %s", message.messageId, message.tag, message.keys.join(" "), body);
}

function fail(error: unknown): void {
  console.error("The consumer of %s at %s failed:", topic, endpoints, error);
  // The client keeps timers when it could not start: end the process by hand.
  process.exit(1);
}

main().catch(fail);
`,
};
