// What the suites of test/interop/grpc ask of every client: consumers of all kinds, then messages of all types.
//
//   node driver.cjs CLIENT ENDPOINT PREFIX
//
// CLIENT is where the package is, PREFIX what the names of topics and groups begin with. Shuts down when it is told to.
const [, , folder, endpoints, prefix] = process.argv;
const { ConsumeResult, FilterExpression, Producer, PushConsumer, SimpleConsumer } = require(folder);
const { FilterType, TransactionResolution } = require(`${folder}/proto/apache/rocketmq/v2/definition_pb`);

const ALL = new FilterExpression('*');
const silent = { info() {}, warn() {}, error() {}, debug() {}, log() {}, close() {} };
const options = { endpoints, namespace: '', logger: silent, requestTimeout: 20_000 };
let stopping = false;

const tell = (event, values = {}) => console.log(JSON.stringify({ event, ...values }));
const topic = (kind) => `${prefix}-${kind}`;
const message = (kind, body, more = {}) => ({ topic: topic(kind), body: Buffer.from(body), ...more });

function received(by, given) {
  const body = given.body.toString();
  tell('received', {
    by,
    body: body.slice(0, 12),
    size: body.length,
    id: given.messageId,
    topic: given.topic,
    tag: given.tag,
    keys: given.keys.join(' '),
    group: given.messageGroup,
    colour: given.properties.get('colour') ?? '',
    attempt: given.deliveryAttempt,
    dueMs: given.deliveryTimestamp?.getTime() ?? 0,
    atMs: Date.now(),
  });
}

async function push(by, kind, expression, succeeds) {
  const consumer = new PushConsumer({
    ...options,
    consumerGroup: `${prefix}-${by}`,
    subscriptions: new Map([[topic(kind), expression]]),
    longPollingTimeout: 5000,
    messageListener: {
      consume(given) {
        received(by, given);
        return succeeds ? ConsumeResult.SUCCESS : ConsumeResult.FAILURE;
      },
    },
  });
  await consumer.startup();
  return consumer;
}

async function simple() {
  const consumer = new SimpleConsumer({
    ...options,
    consumerGroup: `${prefix}-simple`,
    subscriptions: new Map([[topic('normal'), ALL]]),
    awaitDuration: 5000,
  });
  await consumer.startup();
  void ask(consumer);
  return consumer;
}

/** Makes one message visible again, and acknowledges it when it comes the second time. */
async function ask(consumer) {
  while (!stopping) {
    try {
      for (const given of await consumer.receive(16, 30_000)) {
        received('simple', given);
        if (given.body.toString() === 'plain B' && given.deliveryAttempt === 1) {
          await consumer.changeInvisibleDuration(given, 1000);
        } else {
          await consumer.ack(given);
        }
      }
    } catch (error) {
      if (stopping) return;
      tell('failed', { what: 'simple consumer', text: String(error) });
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

async function startProducer() {
  const producer = new Producer({
    ...options,
    topics: ['normal', 'fifo', 'delay', 'transaction', 'retry', 'priority'].map(topic),
    checker: {
      async check(given) {
        const body = given.body.toString();
        tell('checked', { body, id: given.messageId });
        return body === 'checked' ? TransactionResolution.COMMIT : TransactionResolution.ROLLBACK;
      },
    },
  });
  await producer.startup();
  return producer;
}

async function send(producer) {
  const sendOne = async (given, body, transaction) => {
    const receipt = await producer.send(given, transaction);
    tell('sent', { body, id: receipt.messageId });
    return receipt;
  };
  for (const tag of ['A', 'B', 'C']) {
    const body = `plain ${tag}`;
    const properties = new Map([['colour', tag === 'B' ? 'red' : 'blue']]);
    const more = { tag, keys: ['k1', 'k2'], properties };
    await sendOne(message('normal', tag === 'C' ? body + 'x'.repeat(100_000) : body, more), body);
  }
  for (let i = 0; i < 9; i++) {
    const body = `g${i % 3}-${Math.floor(i / 3)}`;
    await sendOne(message('fifo', body, { messageGroup: `g${i % 3}` }), body);
  }
  await sendOne(message('retry', 'fails'), 'fails');
  await sendOne(message('priority', 'urgent', { priority: 3 }), 'urgent');

  const now = Date.now();
  for (const [body, after] of [
    ['later', 2000],
    ['last', 4000],
  ]) {
    await sendOne(message('delay', body, { deliveryTimestamp: new Date(now + after) }), body);
  }
  const unwanted = await producer.send(message('delay', 'unwanted', { deliveryTimestamp: new Date(now + 3000) }));
  const recalled = await producer.recallMessage(topic('delay'), unwanted.recallHandle);
  tell('recalled', { is: recalled.messageId === unwanted.messageId });

  for (const body of ['rolled back', 'committed', 'refused', 'checked']) {
    const transaction = producer.beginTransaction();
    await sendOne(message('transaction', body), body, transaction);
    if (body === 'committed') await transaction.commit();
    if (body === 'rolled back') await transaction.rollback();
  }
}

async function main() {
  const stop = new Promise((resolve) => process.once('SIGTERM', resolve));
  const clients = await Promise.all([
    startProducer(),
    push('all', 'normal', ALL, true),
    push('tag', 'normal', new FilterExpression('A || B'), true),
    push('sql', 'normal', new FilterExpression("colour = 'blue' AND TAGS <> 'C'", FilterType.SQL), true),
    push('fifo', 'fifo', ALL, true),
    push('later', 'delay', ALL, true),
    push('transaction', 'transaction', ALL, true),
    push('retry', 'retry', ALL, false),
    push('priority', 'priority', ALL, true),
    simple(),
  ]);
  tell('started');
  await send(clients[0]);
  tell('done');
  await stop;
  stopping = true;
  const began = Date.now();
  await Promise.all(clients.map((client) => client.shutdown()));
  tell('closed', { clients: clients.length, ms: Date.now() - began });
  process.exit(0);
}

main().catch((error) => {
  tell('failed', { what: 'client', text: `${String(error)} ${String(error.cause ?? '')}` });
  process.exit(1);
});
