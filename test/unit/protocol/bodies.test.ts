import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import {
  decodeGroupTable,
  decodeHeartbeat,
  decodeLockRequest,
  encodeGroupTable,
} from '../../../src/protocol/bodies/group.ts';
import { decodeSlaves } from '../../../src/protocol/bodies/haStatus.ts';
import {
  decodeClusterInfo,
  decodeTopicRoute,
  encodeClusterInfo,
  encodeTopicRoute,
} from '../../../src/protocol/bodies/route.ts';
import {
  decodeRegistration,
  decodeTopicStats,
  decodeTopicTable,
  encodeRegistration,
  encodeTopicStats,
  encodeTopicTable,
} from '../../../src/protocol/bodies/topic.ts';
import { decodeFrame } from '../../../src/protocol/frame.ts';
import { goldenExchange } from '../../support/goldenFrames.ts';

function bodyOf(name: string, side: 'request' | 'response'): Buffer {
  const { requestHex, responseHex } = goldenExchange(name);
  return decodeFrame(Buffer.from((side === 'request' ? requestHex : responseHex) ?? '', 'hex')).command.body;
}

describe('bodies', () => {
  it('reads how far the slaves of a master are', () => {
    assert.deepEqual(decodeSlaves(bodyOf('ha_status', 'response')), []);
    assert.deepEqual(
      decodeSlaves(bodyOf('ha_status_with_slave', 'response')).map(({ addr, diff, inSync }) => [addr, diff, inSync]),
      [['127.0.0.1:40460', 0, true]],
    );
  });

  it('reads the route in all three of its forms to the same values', () => {
    const strict = decodeTopicRoute(bodyOf('route_5x_client', 'response'));
    assert.deepEqual(
      strict.brokers.map((broker) => [broker.brokerName, broker.cluster, [...broker.brokerAddrs]]),
      [['broker-a', 'DefaultCluster', [[0, '127.0.0.1:10911']]]],
    );
    assert.deepEqual(decodeTopicRoute(bodyOf('route_old_client', 'response')), strict);
    assert.deepEqual(decodeTopicRoute(bodyOf('route_old_client_standard_json', 'response')), strict);
  });

  it('writes the route as the NameServer does: bare ids for old requesters, quoted for new ones', () => {
    const route = decodeTopicRoute(bodyOf('route_old_client', 'response'));
    assert.match(encodeTopicRoute(route, false).toString(), /"brokerAddrs":\{0:"127\.0\.0\.1:10911"\}/);
    assert.match(encodeTopicRoute(route, true).toString(), /"brokerAddrs":\{"0":"127\.0\.0\.1:10911"\}/);
    assert.deepEqual(decodeTopicRoute(encodeTopicRoute(route, true)), route);
  });

  it('brings the info of a cluster with two masters through', () => {
    const info = decodeClusterInfo(bodyOf('cluster_info_with_slaves', 'response'));
    const slaves = info.brokers.map((broker) => `${broker.brokerName} ${[...broker.brokerAddrs.keys()].join()}`);
    assert.deepEqual(slaves.sort(), ['broker-a 0', 'broker-b 0']);
    const brokers = [...info.brokers].sort((a, b) => (a.brokerName < b.brokerName ? -1 : 1));
    assert.deepEqual(decodeClusterInfo(encodeClusterInfo(info)), { ...info, brokers });
  });

  it('reads a registration plain and deflated', () => {
    const plain = decodeRegistration(bodyOf('register_broker', 'request'));
    assert.ok(plain.table.topics.size > 10);
    assert.equal(plain.table.topics.get('TBW102')?.perm, 7);
    assert.deepEqual(decodeRegistration(encodeRegistration(plain.table)), plain);
    const part = (text: string): Buffer => {
      const size = Buffer.alloc(4);
      size.writeInt32BE(Buffer.byteLength(text));
      return Buffer.concat([size, Buffer.from(text)]);
    };
    const count = Buffer.from([0, 0, 0, 1]);
    const deflated = deflateSync(
      Buffer.concat([
        part('{"counter":3,"stateVersion":0,"timestamp":9}'),
        count,
        part('T1 4 8 6 SINGLE_TAG {}'),
        part('[]'),
      ]),
    );
    const { table } = decodeRegistration(deflated);
    assert.deepEqual(table.dataVersion, { counter: 3, stateVersion: 0, timestamp: 9 });
    assert.deepEqual([table.topics.get('T1')?.readQueueNums, table.topics.get('T1')?.writeQueueNums], [4, 8]);
  });

  it('brings topic and group tables through', () => {
    const topics = decodeTopicTable(bodyOf('all_topic_config', 'response'));
    assert.equal(topics.topics.get('GoldenTopic')?.readQueueNums, 4);
    assert.deepEqual(decodeTopicTable(encodeTopicTable(topics)), topics);
    const groups = decodeGroupTable(bodyOf('all_group_config', 'response'));
    assert.ok(groups.groups.has('TOOLS_CONSUMER'));
    assert.deepEqual(decodeGroupTable(encodeGroupTable(groups)), groups);
  });

  it('reads and writes topic stats keyed by objects', () => {
    const stats = decodeTopicStats(bodyOf('topic_stats', 'response'));
    assert.deepEqual(
      stats.map(({ queueId, maxOffset }) => [queueId, maxOffset]),
      [
        [0, 5],
        [2, 1],
        [1, 2],
        [3, 1],
      ],
    );
    assert.deepEqual(decodeTopicStats(encodeTopicStats(stats, 0)), stats);
  });

  it('reads heartbeats of Java and of C++ with ordinals for enums', () => {
    const heartbeat = decodeHeartbeat(bodyOf('heartbeat_consumer', 'request'));
    const [consumer] = heartbeat.consumers;
    assert.equal(consumer?.messageModel, 'CLUSTERING');
    assert.ok(consumer.subscriptions.length >= 2);
    const cpp = decodeHeartbeat(
      Buffer.from(
        '{"clientID":"c","consumerDataSet":[{"groupName":"g","consumeType":1,"messageModel":0,"consumeFromWhere":4}]}',
      ),
    );
    assert.deepEqual(cpp.consumers[0], {
      groupName: 'g',
      consumeType: 'CONSUME_PASSIVELY',
      messageModel: 'BROADCASTING',
      consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
      subscriptions: [],
      unitMode: false,
    });
    assert.deepEqual(cpp.producerGroups, []);
  });

  it('reads the queues that a client wants to lock', () => {
    const lock = decodeLockRequest(bodyOf('lock_batch', 'request'));
    assert.ok(lock.queues.length > 0);
    assert.equal(typeof lock.queues[0]?.queueId, 'number');
    assert.notEqual(lock.consumerGroup, '');
  });
});
