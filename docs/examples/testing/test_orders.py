import json
import subprocess
import time
from urllib.request import Request, urlopen

import pytest
from rocketmq import ClientConfiguration, Credentials, FilterExpression, Message, Producer, SimpleConsumer

OPTIONS = "--temp --namesrv-port 0 --port 0 --grpc-port 0 --control-port 0 --json"


@pytest.fixture(scope="module")
def broker():
    with subprocess.Popen(["rocketmq-local", "start", *OPTIONS.split()], stdout=subprocess.PIPE) as process:
        yield json.loads(process.stdout.readline())
        process.terminate()


@pytest.fixture(scope="module")
def control(broker):
    def ask(path, **body):
        headers = {"Authorization": f"Bearer {broker['control']['token']}"}
        with urlopen(Request(broker["control"]["url"] + path, json.dumps(body).encode(), headers)) as answer:
            return json.load(answer)

    return ask


@pytest.fixture(scope="module")
def configuration(broker, control):
    control("/seed", topics=[{"name": "Orders", "type": "DELAY"}], groups=["canceller"])
    return ClientConfiguration(broker["grpc"], Credentials())


@pytest.fixture(scope="module")
def producer(configuration):
    started = Producer(configuration, ["Orders"])
    started.startup()
    yield started
    started.shutdown()


def later(body, seconds):
    message = Message()
    message.topic = "Orders"
    message.body = body
    message.delivery_timestamp = int(time.time()) + seconds
    return message


def test_a_busy_broker_is_told_to_the_caller(control, producer):
    control("/faults", kind="refuse", code="TOO_MANY_REQUESTS", rpc="SendMessage", topic="Orders", count=1)
    with pytest.raises(Exception, match="refused by a fault"):
        producer.send(later(b"order 6", 3600))


def test_an_order_that_is_not_paid_is_cancelled_after_an_hour(control, configuration, producer):
    producer.send(later(b"order 7", 3600))
    consumer = SimpleConsumer(configuration, "canceller", {"Orders": FilterExpression()}, await_duration=10)
    consumer.startup()
    control("/clock", by="61m")
    control("/wait", topic="Orders", messages=1)
    (message,) = consumer.receive(16, 30)
    consumer.ack(message)
    assert message.body == b"order 7"
    consumer.shutdown()
