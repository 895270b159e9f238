import assert from 'node:assert/strict';

import { SNIPPETS } from '../../../src/snippets/catalogue.ts';
import { defaultGroup, snippetValues } from '../../../src/snippets/values.ts';

const { producer, pushConsumer } = SNIPPETS.java;

describe('values of a snippet', () => {
  it('has a default for all that is not known, and takes an empty text for not known', () => {
    assert.deepEqual(snippetValues(pushConsumer, { topic: '', group: '' }), {
      className: 'RocketMQConsumer',
      nameServers: '127.0.0.1:9876',
      grpcEndpoint: '127.0.0.1:8081',
      topic: 'TopicTest',
      group: 'TopicTest_consumer',
      tag: '*',
    });
    assert.equal(snippetValues(producer, {}).tag, 'TagA');
    assert.equal(snippetValues(producer, {}).group, 'TopicTest_producer');
  });

  it('takes what is known', () => {
    const known = { nameServers: '10.0.0.1:9876;10.0.0.2:9876', grpcEndpoint: '10.0.0.1:8081', topic: 'T', group: 'G' };
    const { nameServers, grpcEndpoint, topic, group } = snippetValues(producer, known);
    assert.deepEqual({ nameServers, grpcEndpoint, topic, group }, known);
  });

  it('names the class after a Java file', () => {
    assert.equal(snippetValues(producer, { fileName: '/src/OrderSender.java' }).className, 'OrderSender');
    assert.equal(snippetValues(producer, { fileName: 'c:\\src\\OrderSender.java' }).className, 'OrderSender');
    assert.equal(snippetValues(producer, { fileName: 'Untitled-1' }).className, 'RocketMQProducer');
    assert.equal(snippetValues(producer, { fileName: '/src/2-bad.java' }).className, 'RocketMQProducer');
  });

  it('makes a valid group of any topic', () => {
    assert.equal(defaultGroup(pushConsumer, 'a b"c'), 'a_b_c_consumer');
    const long = defaultGroup(pushConsumer, 'x'.repeat(127));
    assert.equal(long.length, 120);
    assert.ok(long.endsWith('_consumer'));
  });
});
