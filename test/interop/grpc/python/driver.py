"""What the suites of test/interop/grpc ask of every client: consumers of all kinds, then messages of all types.

    driver.py ENDPOINT PREFIX

PREFIX is what the names of topics and groups begin with. Shuts down when it is told to end.
"""

import json
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from rocketmq import (ClientConfiguration, ConsumeResult, Credentials, FilterExpression, Message, MessageListener,
                      Producer, PushConsumer, SimpleConsumer, TransactionChecker, TransactionResolution)
from rocketmq.grpc_protocol import FilterType

ENDPOINT, PREFIX = sys.argv[1:3]
ALL = FilterExpression()
stopping = threading.Event()
printing = threading.Lock()
failed_once = threading.Event()


def tell(event, **values):
    with printing:
        print(json.dumps({"event": event, **values}, separators=(",", ":")), flush=True)


def configuration():
    return ClientConfiguration(ENDPOINT, Credentials(), request_timeout=20)


def topic(kind):
    return f"{PREFIX}-{kind}"


def message(kind, body):
    made = Message()
    made.topic = topic(kind)
    made.body = body.encode()
    return made


def received(by, given):
    body = given.body.decode()
    tell(
        "received", by=by, body=body[:12], size=len(body), id=given.message_id, topic=given.topic, tag=given.tag or "",
        keys=" ".join(given.keys), group=given.message_group or "", colour=given.properties.get("colour", ""),
        attempt=given.delivery_attempt, dueMs=given.delivery_timestamp or 0, atMs=int(time.time() * 1000),
    )


class Checker(TransactionChecker):
    def check(self, message):
        body = message.body.decode()
        tell("checked", body=body, id=message.message_id)
        return TransactionResolution.COMMIT if body == "checked" else TransactionResolution.ROLLBACK


class Listener(MessageListener):
    def __init__(self, by, handle):
        self.by = by
        self.handle = handle

    def consume(self, message):
        received(self.by, message)
        return ConsumeResult.SUCCESS if self.handle(message.body.decode()) else ConsumeResult.FAILURE


def fails_once(body):
    if body != "g1-1" or failed_once.is_set():
        return True
    failed_once.set()
    return False


def push(by, kind, expression, handle):
    consumer = PushConsumer(configuration(), f"{PREFIX}-{by}", Listener(by, handle), {topic(kind): expression})
    consumer.startup()
    return consumer


def simple():
    consumer = SimpleConsumer(configuration(), f"{PREFIX}-simple", {topic("normal"): ALL}, await_duration=5)
    consumer.startup()
    threading.Thread(target=ask, args=(consumer,), daemon=True).start()
    return consumer


def ask(consumer):
    """Makes one message visible again, and acknowledges it when it comes the second time."""
    while not stopping.is_set():
        try:
            for given in consumer.receive(16, 30):
                received("simple", given)
                if given.body == b"plain B" and given.delivery_attempt == 1:
                    consumer.change_invisible_duration(given, 1)
                else:
                    consumer.ack(given)
        except Exception as error:
            if not stopping.is_set():
                tell("failed", what="simple consumer", text=repr(error))
                stopping.wait(0.5)


def start_producer():
    topics = [topic(kind) for kind in ("normal", "fifo", "delay", "transaction", "retry", "priority")]
    producer = Producer(configuration(), topics, checker=Checker())
    producer.startup()
    return producer


def send(producer):
    def send_one(made, body, transaction=None):
        receipt = producer.send(made, transaction)
        tell("sent", body=body, id=receipt.message_id)
        return receipt

    for tag in "ABC":
        body = f"plain {tag}"
        made = message("normal", body + "x" * 100_000 if tag == "C" else body)
        made.tag = tag
        made.keys = "k1"
        made.keys = "k2"
        made.add_property("colour", "red" if tag == "B" else "blue")
        send_one(made, body)
    for number in range(9):
        body = f"g{number % 3}-{number // 3}"
        made = message("fifo", body)
        made.message_group = f"g{number % 3}"
        send_one(made, body)
    send_one(message("retry", "fails"), "fails")
    urgent = message("priority", "urgent")
    urgent.priority = 3
    send_one(urgent, "urgent")

    # This client counts in seconds.
    now = int(time.time()) + 1
    for body, after in (("later", 2), ("last", 4)):
        made = message("delay", body)
        made.delivery_timestamp = now + after
        send_one(made, body)
    unwanted = message("delay", "unwanted")
    unwanted.delivery_timestamp = now + 3
    receipt = producer.send(unwanted)
    tell("recalled", **{"is": producer.recall_message(topic("delay"), receipt.recall_handle) == receipt.message_id})

    for body in ("rolled back", "committed", "refused", "checked"):
        transaction = producer.begin_transaction()
        send_one(message("transaction", body), body, transaction)
        if body == "committed":
            transaction.commit()
        elif body == "rolled back":
            transaction.rollback()


def main():
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    sql = FilterExpression("colour = 'blue' AND TAGS <> 'C'", FilterType.SQL)
    work = [
        start_producer,
        lambda: push("all", "normal", ALL, lambda _: True),
        lambda: push("tag", "normal", FilterExpression("A || B"), lambda _: True),
        lambda: push("sql", "normal", sql, lambda _: True),
        lambda: push("fifo", "fifo", ALL, fails_once),
        lambda: push("later", "delay", ALL, lambda _: True),
        lambda: push("transaction", "transaction", ALL, lambda _: True),
        lambda: push("retry", "retry", ALL, lambda _: False),
        lambda: push("priority", "priority", ALL, lambda _: True),
        simple,
    ]
    with ThreadPoolExecutor(len(work)) as pool:
        clients = [started.result() for started in [pool.submit(one) for one in work]]
        tell("started")
        send(clients[0])
        tell("done")
        # In pieces: a signal is handled between them.
        while not stopping.wait(0.2):
            pass
        began = time.time()
        for stopped in [pool.submit(client.shutdown) for client in clients]:
            stopped.result()
    tell("closed", clients=len(clients), ms=int((time.time() - began) * 1000))


main()
