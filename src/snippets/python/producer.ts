import type { Snippet } from '../snippet.ts';
import { PYTHON_CLIENT } from './client.ts';

export const pythonProducer: Snippet = {
  language: 'python',
  pattern: 'producer',
  prefix: 'rmq-producer',
  dependency: PYTHON_CLIENT,
  template: String.raw`# Package: pip install {{dependency}}
# Address: gRPC endpoint of the proxy (port 8081), not the NameServer.
# The environment variable ROCKETMQ_ENDPOINTS overrides it.

import os
import sys

from rocketmq import ClientConfiguration, Credentials, Message, Producer

ENDPOINTS = os.environ.get("ROCKETMQ_ENDPOINTS", "{{grpcEndpoint}}")
TOPIC = "{{topic}}"
TAG = "{{tag}}"


def send(producer: Producer, key: str, body: str) -> None:
    {{cursor}}message = Message()
    message.topic = TOPIC
    message.tag = TAG
    message.keys = key
    message.body = body.encode("utf-8")
    receipt = producer.send(message)
    print(f"{receipt.message_id} offset {receipt.offset}")


def main() -> int:
    # Without access control the credentials stay empty: Credentials(access_key, secret_key).
    configuration = ClientConfiguration(ENDPOINTS, Credentials())
    # One producer serves the whole program and all its threads.
    producer = Producer(configuration, (TOPIC,))
    try:
        producer.startup()
        try:
            for i in range(10):
                send(producer, f"key-{i}", f"Hello RocketMQ {i}")
        finally:
            producer.shutdown()
    except Exception as error:
        # All retries failed. Keep the message and send it again later; it may have arrived nevertheless.
        # The client writes its log to ~/logs/rocketmq_python.
        print(f"Cannot send to {TOPIC} by {ENDPOINTS}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
`,
};
