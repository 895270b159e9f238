import type { Snippet } from '../snippet.ts';
import { PYTHON_CLIENT } from './client.ts';

export const pythonPushConsumer: Snippet = {
  language: 'python',
  pattern: 'pushConsumer',
  prefix: 'rmq-push-consumer',
  dependency: PYTHON_CLIENT,
  template: String.raw`# Package: pip install {{dependency}}
# Address: gRPC endpoint of the proxy (port 8081), not the NameServer.
# The environment variable ROCKETMQ_ENDPOINTS overrides it.

import os
import signal
import sys
import threading

from rocketmq import (
    ClientConfiguration,
    ConsumeResult,
    Credentials,
    FilterExpression,
    Message,
    MessageListener,
    PushConsumer,
)

ENDPOINTS = os.environ.get("ROCKETMQ_ENDPOINTS", "{{grpcEndpoint}}")
TOPIC = "{{topic}}"
# Every consumer of one group must subscribe to the same topics with the same tags.
GROUP = "{{group}}"
TAGS = "{{tag}}"


class Listener(MessageListener):
    def consume(self, message: Message) -> ConsumeResult:
        try:
            handle(message)
        except Exception as error:
            # It comes again later; after the group's last retry it goes to the dead-letter topic.
            print(f"Cannot handle {message.message_id}, it comes again: {error}", file=sys.stderr)
            return ConsumeResult.FAILURE
        return ConsumeResult.SUCCESS


# A message can come more than once: make this idempotent, by its key for example.
def handle(message: Message) -> None:
    {{cursor}}body = message.body.decode("utf-8")
    print(f"{message.message_id} tag {message.tag} keys {sorted(message.keys)}: {body}")


def main() -> int:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())

    # Without access control the credentials stay empty: Credentials(access_key, secret_key).
    configuration = ClientConfiguration(ENDPOINTS, Credentials())
    consumer = PushConsumer(configuration, GROUP, Listener(), {TOPIC: FilterExpression(TAGS)})
    try:
        consumer.startup()
    except Exception as error:
        # The client writes its log to ~/logs/rocketmq_python.
        print(f"Cannot start a consumer of {TOPIC} at {ENDPOINTS}: {error}", file=sys.stderr)
        return 1
    print(f"Consumer of {TOPIC} started, group {GROUP}")
    # Ctrl+C or SIGTERM: finish what is being consumed and leave the group.
    while not stop.wait(timeout=1):
        pass
    consumer.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
`,
};
