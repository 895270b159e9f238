// mocha --exit orders.test.cjs
const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { createInterface } = require('node:readline');
const { FilterExpression, Producer, SimpleConsumer } = require('rocketmq-client-nodejs');

const OPTIONS = '--temp --namesrv-port 0 --port 0 --grpc-port 0 --control-port 0 --json';
const silent = { info() {}, warn() {}, error() {}, debug() {}, log() {}, close() {} };

describe('orders', function () {
  this.timeout(60_000);
  let broker, ready, producer, options;

  before(async () => {
    broker = spawn('rocketmq-local', ['start', ...OPTIONS.split(' ')]);
    ready = JSON.parse(...(await once(createInterface(broker.stdout), 'line')));
    options = { endpoints: ready.grpc, namespace: '', logger: silent };
    await control('/seed', { topics: ['Orders'], groups: ['billing'] });
    producer = new Producer(options);
    await producer.startup();
  });
  after(async () => {
    await producer.shutdown();
    broker.kill();
  });

  async function control(path, body) {
    const headers = { authorization: `Bearer ${ready.control.token}` };
    const answer = await fetch(ready.control.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    assert.equal(answer.status, 200, await answer.clone().text());
    return answer.json();
  }

  it('bills an order once that comes twice', async () => {
    await control('/faults', { kind: 'deliverTwice', rpc: 'ReceiveMessage', group: 'billing' });
    await producer.send({ topic: 'Orders', body: Buffer.from('order 7') });
    const subscriptions = new Map([['Orders', new FilterExpression('*')]]);
    const consumer = new SimpleConsumer({ ...options, consumerGroup: 'billing', subscriptions, awaitDuration: 5000 });
    await consumer.startup();
    const billed = [];
    const came = await consumer.receive(16, 30_000);
    for (const message of came) {
      if (!billed.includes(message.messageId)) billed.push(message.messageId);
      await consumer.ack(message);
    }
    assert.deepEqual([came.length, billed.length], [2, 1]);
    await control('/wait', { topic: 'Orders', group: 'billing' });
    await consumer.shutdown();
  });

  it('tries a send again that the broker is too busy for', async () => {
    await control('/faults', { kind: 'refuse', code: 'TOO_MANY_REQUESTS', rpc: 'SendMessage', count: 2 });
    await producer.send({ topic: 'Orders', body: Buffer.from('order 8') });
    await control('/wait', { topic: 'Orders', messages: 2 });
  });
});
