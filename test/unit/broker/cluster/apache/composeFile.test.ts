import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { parseProperties } from '../../../../../src/base/properties.ts';
import { composeFile } from '../../../../../src/broker/cluster/apache/composeFile.ts';
import type { ComposeWish } from '../../../../../src/broker/cluster/apache/composeFile.ts';
import type { ClusterMode } from '../../../../../src/broker/control.ts';
import { composeProblems } from './composeSchema.ts';
import type { ComposeContent, ComposeService } from './composeSchema.ts';

const PORTS = { nameServer: 9876, broker: 10911, proxy: 8081 };

const wish = (mode: ClusterMode, proxy = false): ComposeWish => ({
  mode,
  proxy,
  nameServers: undefined,
  tag: '5.3.2',
  ports: PORTS,
});

function compose(mode: ClusterMode, proxy = false): ComposeContent {
  return parse(composeFile(wish(mode, proxy)).text) as ComposeContent;
}

const MODES = ['single', '2m-noslave', '2m-2s-async', '2m-2s-sync'] as const;

describe('broker/cluster/apache/composeFile', () => {
  for (const mode of MODES) {
    for (const proxy of [false, true]) {
      it(`keeps to the Compose specification: ${mode}${proxy ? ' with a proxy' : ''}`, () => {
        assert.deepEqual(composeProblems(compose(mode, proxy)), []);
      });
    }
  }

  it('has a checker that sees what is wrong', () => {
    const { services, ...rest } = compose('single');
    const one = services['broker-a'] as ComposeService;
    const problemsOf = (changed: object): string[] =>
      composeProblems({ ...rest, services: { ...services, 'broker-a': { ...one, ...changed } } });
    assert.deepEqual(problemsOf({ port: [1] }), ['services broker-a port is unknown']);
    assert.deepEqual(problemsOf({ image: 'apache/rocketmq' }), ['services broker-a image is apache/rocketmq']);
    assert.deepEqual(problemsOf({ environment: { JAVA_OPT_EXT: 1 } }), [
      'services broker-a environment JAVA_OPT_EXT is no text',
    ]);
    assert.deepEqual(problemsOf({ depends_on: ['nobody'] }), ['broker-a: no nobody']);
    assert.deepEqual(problemsOf({ volumes: ['other:/data'] }), ['broker-a: no volume other:/data']);
    assert.deepEqual(problemsOf({ ports: ['127.0.0.1:1:1'] }), ["broker-a: ports of another's network"]);
  });

  it('publishes every port under its own number, and the servers share one network', () => {
    const { services } = compose('2m-2s-sync', true);
    const { network, ...servers } = services;
    assert.deepEqual(
      network?.ports,
      [
        [9876, 9877],
        [10909, 10911, 10912],
        [10919, 10921, 10922],
        [10929, 10931, 10932],
        [10939, 10941, 10942],
        [8081, 8082],
      ]
        .flat()
        .map((port) => `127.0.0.1:${port}:${port}`),
    );
    for (const [name, server] of Object.entries(servers)) {
      assert.equal(server.network_mode, 'service:network', name);
    }
  });

  it('configures brokers that clients on this machine reach, and that listen for what Docker forwards', () => {
    const { configs, services } = compose('2m-2s-sync');
    const conf = parseProperties(configs['broker-b-s']?.content ?? '');
    const keys = ['brokerName', 'brokerId', 'brokerRole', 'brokerIP1', 'brokerIP2', 'bindAddress', 'listenPort'];
    assert.deepEqual(
      [...keys, 'haListenPort', 'namesrvAddr', 'storePathRootDir'].map((key) => conf.get(key)),
      [
        ...['broker-b', '1', 'SLAVE', '127.0.0.1', '127.0.0.1', '0.0.0.0', '10941'],
        ...['10942', '127.0.0.1:9876;127.0.0.1:9877', '/data/store'],
      ],
    );
    const master = parseProperties(configs['broker-a']?.content ?? '');
    assert.deepEqual([master.get('brokerRole'), master.get('inSyncReplicas')], ['SYNC_MASTER', '2']);
    const slave = services['broker-b-s'];
    assert.deepEqual(slave?.configs, [{ source: 'broker-b-s', target: '/conf/broker.conf' }]);
    assert.deepEqual(slave.volumes, ['broker-b-s:/data']);
    assert.deepEqual(slave.depends_on, ['network', 'namesrv-1', 'namesrv-2', 'broker-a', 'broker-b']);
    assert.match(slave.command, / exec sh mqbroker -c \/conf\/broker\.conf"$/);
  });

  it('gives every server a small heap and the image of the version asked for', () => {
    const { services } = compose('2m-2s-async', true);
    const { network, ...servers } = services;
    assert.equal(network?.image, 'apache/rocketmq:5.3.2');
    for (const [name, { image, environment }] of Object.entries(servers)) {
      assert.equal(image, 'apache/rocketmq:5.3.2', name);
      const [, most, unit] = /-Xmx(\d+)(\w)/.exec(environment?.['JAVA_OPT_EXT'] ?? '') ?? [];
      assert.ok(unit === 'm' && Number(most) <= 512, name);
    }
  });

  it('runs the proxy of a cluster, and tells where it and the NameServers are', () => {
    const { text, namesrv, grpc } = composeFile(wish('single', true));
    const { configs } = parse(text) as ComposeContent;
    assert.deepEqual(JSON.parse(configs['proxy']?.content ?? ''), {
      proxyMode: 'cluster',
      rocketMQClusterName: 'DefaultCluster',
      proxyName: 'proxy',
      namesrvAddr: '127.0.0.1:9876',
      localServeAddr: '127.0.0.1',
      grpcServerPort: 8081,
      remotingAccessAddr: '127.0.0.1',
      remotingListenPort: 8082,
    });
    assert.deepEqual([namesrv, grpc], ['127.0.0.1:9876', '127.0.0.1:8081']);
    assert.equal(composeFile(wish('single')).grpc, null);
  });
});
