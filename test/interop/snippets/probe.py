"""Runs the snippets of a folder with the network side of the client replaced by doubles.

Arguments: the folder, and "run" or "names" (only the names that the modules have).
The doubles have the client's own signatures, so a name or an argument that the client does not have fails.
"""

import importlib
import json
import os
import signal
import sys
from unittest import mock

from rocketmq import ConsumeResult, Message

sys.path.insert(0, sys.argv[1])


def probe_producer() -> dict:
    module = importlib.import_module("snippet_producer")
    with mock.patch.object(module, "Producer", autospec=True) as producer:
        sent = producer.return_value.send
        assert module.main() == 0
    message = sent.call_args.args[0]
    return {
        "topics": list(producer.call_args.args[1]),
        "sent": sent.call_count,
        "topic": message.topic,
        "tag": message.tag,
        "keys": sorted(message.keys),
        "shutdown": producer.return_value.shutdown.call_count,
    }


def probe_consumer() -> dict:
    module = importlib.import_module("snippet_consumer")
    results = []

    with mock.patch.object(module, "PushConsumer", autospec=True) as consumer:

        def startup() -> None:
            listener = consumer.call_args.args[2]
            for body in ("text".encode(), b"\xff not UTF-8"):
                message = Message()
                message.topic = module.TOPIC
                message.body = body
                results.append(listener.consume(message))
            os.kill(os.getpid(), signal.SIGTERM)

        consumer.return_value.startup.side_effect = startup
        assert module.main() == 0
    _, group, _, subscriptions = consumer.call_args.args
    assert all(isinstance(result, ConsumeResult) for result in results)
    return {
        "group": group,
        "filters": {topic: filter_.expression for topic, filter_ in subscriptions.items()},
        "results": [result.name for result in results],
        "shutdown": consumer.return_value.shutdown.call_count,
    }


def names() -> list:
    modules = [importlib.import_module(name) for name in ("snippet_producer", "snippet_consumer")]
    return [modules[0].TOPIC, modules[1].TOPIC, modules[1].GROUP]


if sys.argv[2] == "names":
    print("report=" + json.dumps(names()))
else:
    print("report=" + json.dumps({"producer": probe_producer(), "consumer": probe_consumer()}))
