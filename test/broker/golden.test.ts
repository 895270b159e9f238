import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseProperties } from '../../src/base/properties.ts';
import { parseFastjson } from '../../src/protocol/fastjson.ts';
import type { FastjsonValue } from '../../src/protocol/fastjson.ts';
import { RequestCode } from '../../src/protocol/codes.ts';
import { decodeFrame } from '../../src/protocol/frame.ts';
import { repository } from '../support/repository.ts';
import { RawClient } from './rawClient.ts';
import { TestBroker, records } from './testBroker.ts';

/**
 * Requests recorded from Apache's clients, in an order that makes sense, against this broker: its answers have the
 * code, the ext fields and the shape of body that Apache's broker gave.
 */
const conversation = [
  'kv_put',
  'kv_get',
  'kv_get_missing',
  'kv_list',
  'kv_delete',
  'route_default_topic',
  'route_missing',
  'cluster_info',
  'all_topics_of_namesrv',
  'topics_of_cluster',
  'topic_create',
  'topic_create_fifo',
  'topic_create_illegal_name',
  'topic_config',
  'topic_config_missing',
  'all_topic_config',
  'route_5x_client',
  'route_old_client',
  'route_old_client_standard_json',
  'group_create',
  'group_config',
  'all_group_config',
  'send_v2',
  'send_v2_utf8',
  'send_v2_compressed',
  'send_v2_auto_create',
  'send_v2_fifo',
  'send_v2_trace',
  'tx_half',
  'send_v2_numbers',
  'send_v1_go',
  'send_v2_delay_level',
  'slave_timer_metrics',
  'send_v2_timer',
  'send_batch',
  'binary_send_v2',
  'binary_route',
  'binary_both_send_v2',
  'binary_both_route',
  'send_v2_unknown_topic',
  'send_v2_bad_queue',
  'pull_not_subscribed',
  'heartbeat_producer',
  'heartbeat_consumer',
  'binary_heartbeat_consumer',
  'binary_both_heartbeat_consumer',
  'binary_both_consumer_list',
  'heartbeat_v2',
  'heartbeat_v2_short',
  'consumer_list_none',
  'consumer_list',
  'query_offset',
  'query_offset_missing',
  'binary_both_query_offset',
  'reset_offset',
  'clone_offset',
  'update_offset',
  'max_offset',
  'min_offset',
  'search_offset',
  'earliest_store_time',
  'pull_no_match',
  'pull_unknown_topic',
  'check_client_config',
  'heartbeat_sql',
  'lock_batch',
  'lock_batch_refused',
  'unlock_batch',
  'topic_stats',
  'topic_stats_missing',
  'consume_stats',
  'consume_stats_topic',
  'consume_time_span',
  'subscription_of_group',
  'topics_of_group',
  'consumer_connection',
  'producer_connection',
  'all_producers',
  'who_consumes',
  'query_message_by_key',
  'query_message_by_unique_key',
  'query_message_none',
  'consume_queue',
  'view_message',
  'view_message_missing',
  'unsupported_code',
  'unregister_client',
  'consumer_connection_offline',
  'wipe_write_perm',
  'add_write_perm',
  'runtime_info',
  'broker_stats',
  'broker_stats_missing',
  'broker_consume_stats',
  'update_broker_config',
  'broker_config',
  'namesrv_config',
  'topic_delete_broker',
  'topic_delete_namesrv',
  'group_delete',
  // From here on the NameServer knows the recorded broker, too.
  'register_broker',
  'register_broker_one_topic',
  'binary_both_register_broker',
  'slave_register_broker',
  'cluster_info_with_slaves',
  'route_with_slaves',
  'unregister_broker',
];

interface Golden {
  readonly server: 'broker' | 'namesrv';
  readonly requestHex: string;
  readonly responseHex: string;
}

describe('broker: recorded requests', () => {
  let broker: TestBroker;
  let clients: Record<Golden['server'], RawClient>;
  before(async () => {
    // The day of the recording: requests name times.
    broker = await TestBroker.start({ nowMs: 1795366057310 });
    broker.context.groups.find('GoldenCloned');
    clients = {
      broker: await RawClient.connect(broker.runtime.broker.address),
      namesrv: await RawClient.connect(broker.runtime.nameServerAddress),
    };
    // The master of the slave that registers later.
    const master = {
      brokerName: 'broker-b',
      brokerAddr: '127.0.0.1:10921',
      brokerId: '0',
      haServerAddr: '127.0.0.1:10922',
    };
    await broker.askNameServer(RequestCode.REGISTER_BROKER, { ...master, clusterName: 'DefaultCluster' });
  });
  after(async () => {
    for (const client of Object.values(clients)) client.close();
    await broker.stop();
  });

  for (const name of conversation) {
    it(name, async () => {
      const golden = JSON.parse(
        readFileSync(path.join(repository, 'test', 'golden', `${name}.json`), 'utf8'),
      ) as Golden;
      const client = clients[golden.server];
      const request = Buffer.from(golden.requestHex, 'hex');
      client.write(request);
      const answer = await client.answer();
      assert.ok(answer !== 'closed', 'the connection was closed');
      const expected = decodeFrame(Buffer.from(golden.responseHex, 'hex'));
      const { command } = answer;
      assert.equal(answer.serializeType, 'JSON', 'the C++ client reads nothing else');
      assert.equal(command.opaque, decodeFrame(request).command.opaque);
      assert.equal(command.code, expected.command.code, command.remark);
      assert.deepEqual(Object.keys(command.extFields).sort(), Object.keys(expected.command.extFields).sort());
      if (command.code !== 0) assert.equal(withoutPorts(command.remark), withoutPorts(expected.command.remark));
      if (/^(pull|view|query_message)/.test(name))
        assert.equal(records(command.body).length, records(expected.command.body).length);
      else assertShape(bodyOf(command.body), bodyOf(expected.command.body), name);
    });
  }
});

/** JSON, or the `key=value` lines of settings. */
function bodyOf(body: Buffer): FastjsonValue {
  const text = body.toString('utf8');
  if (text === '') return null;
  return text.startsWith('{') ? parseFastjson(text) : { settingsTable: Object.fromEntries(parseProperties(text)) };
}

function withoutPorts(remark: string | undefined): string | undefined {
  return remark?.replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT');
}

/** Same keys and kinds of values; of a list, or of a table whose keys are data, one element is compared. */
function assertShape(actual: FastjsonValue, expected: FastjsonValue, at: string): void {
  assert.equal(kindOf(actual), kindOf(expected), at);
  if (Array.isArray(actual) && Array.isArray(expected)) {
    const [first] = actual;
    const [wanted] = expected;
    if (wanted !== undefined) {
      assert.ok(first !== undefined, `${at} is empty`);
      assertShape(first, wanted, `${at}[0]`);
    }
  } else if (actual instanceof Map && expected instanceof Map) {
    const [[key, value] = []] = actual as Map<FastjsonValue, FastjsonValue>;
    const [[wantedKey, wanted] = []] = expected as Map<FastjsonValue, FastjsonValue>;
    assertShape(key ?? null, wantedKey ?? null, `${at} key`);
    assertShape(value ?? null, wanted ?? null, `${at} value`);
  } else if (isRecord(actual) && isRecord(expected)) {
    const isTable = /(Table|Addrs|table|Map|attributes|\.data|consumeStatsList\[0\])$/.test(at);
    if (!isTable) assert.deepEqual(Object.keys(actual).sort(), Object.keys(expected).sort(), at);
    for (const key of Object.keys(expected)) {
      const [value, wanted] = [actual[key], expected[key]];
      if (value !== undefined && wanted !== undefined) assertShape(value, wanted, `${at}.${key}`);
    }
  }
}

function isRecord(value: FastjsonValue): value is Record<string, FastjsonValue> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map);
}

function kindOf(value: FastjsonValue): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'list';
  return value instanceof Map ? 'map' : typeof value;
}
