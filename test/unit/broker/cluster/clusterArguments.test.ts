import assert from 'node:assert/strict';
import path from 'node:path';
import { isCodedError } from '../../../../src/base/errors.ts';
import { parseClusterArguments } from '../../../../src/broker/cluster/clusterArguments.ts';
import type { StartCluster } from '../../../../src/broker/cluster/clusterArguments.ts';

const parse = (text: string): ReturnType<typeof parseClusterArguments> =>
  parseClusterArguments(text.split(' ').filter((word) => word !== ''));

describe('broker/cluster/clusterArguments', () => {
  it('reads a start', () => {
    assert.deepEqual(parse('start --mode 2m-2s-sync --namesrvs 1 --dir d --namesrv-port 9876 --port 10911 --json'), {
      kind: 'start',
      mode: '2m-2s-sync',
      nameServers: 1,
      directory: path.resolve('d'),
      host: '127.0.0.1',
      nameServerPort: 9876,
      brokerPort: 10911,
      proxyPort: undefined,
      apache: undefined,
      proxy: false,
      json: true,
    });
  });

  it('reads what is asked of a cluster that runs', () => {
    const directory = path.resolve('d');
    assert.deepEqual(parse('start broker-a'), {
      kind: 'act',
      action: 'start',
      node: 'broker-a',
      directory: undefined,
      json: false,
    });
    assert.deepEqual(parse('stop --dir d'), { kind: 'act', action: 'stop', node: undefined, directory, json: false });
    assert.deepEqual(parse('status --json'), { kind: 'status', directory: undefined, json: true });
    assert.deepEqual(parse('logs broker-a -f --lines 5 --dir d'), {
      kind: 'logs',
      node: 'broker-a',
      directory,
      lines: 5,
      follow: true,
    });
    const { nameServerPort, brokerPort } = parse('start --mode single --namesrv-port 0 --port 0') as StartCluster;
    assert.deepEqual([nameServerPort, brokerPort], [undefined, undefined]);
    assert.deepEqual([parse(''), parse('start --help')], [{ kind: 'help' }, { kind: 'help' }]);
  });

  it('reads where Apache RocketMQ is, and what a file for Docker is to hold', () => {
    const { apache, proxy, proxyPort } = parse(
      'start --mode single --apache a --proxy --grpc-port 8081',
    ) as StartCluster;
    assert.deepEqual([apache, proxy, proxyPort], [path.resolve('a'), true, 8081]);
    assert.deepEqual(parse('compose --mode 2m-noslave --proxy --tag 5.1.4 --port 20911 --json'), {
      kind: 'compose',
      mode: '2m-noslave',
      tag: '5.1.4',
      nameServers: undefined,
      nameServerPort: undefined,
      brokerPort: 20_911,
      proxyPort: undefined,
      proxy: true,
      json: true,
    });
  });

  const refused: readonly [text: string, reason: RegExp, next: RegExp][] = [
    ['begin', /no command "cluster begin"/, /start, stop, kill, pause, resume, status, logs, compose/],
    ['start', /wants a mode/, /single, 2m-noslave, 2m-2s-async, 2m-2s-sync/],
    ['start --mode single --proxy', /--proxy is for Apache RocketMQ/, /--apache/],
    ['start --mode single --tag 5.3.2', /--tag is not for "cluster start"/, /--help/],
    ['compose', /compose wants a mode/, /single, 2m-noslave, 2m-2s-async, 2m-2s-sync/],
    ['compose --mode single --tag latest:5', /--tag is "latest:5"/, /such as 5\.3\.2/],
    ['compose broker-a --mode single', /not of "broker-a" alone/, /leave it out/],
    ['compose --mode single --dir d', /--dir is not for "cluster compose"/, /leave it out/],
    ['start --mode 3m', /no mode "3m"/, /single, 2m-noslave, 2m-2s-async, 2m-2s-sync/],
    ['start --mode single --namesrvs 0', /--namesrvs is "0"/, /from 1 to 9/],
    ['start --mode single --port 70000', /--port is "70000"/, /from 3 to 65500/],
    ['start broker-a --mode single', /--mode is not for "cluster start broker-a"/, /leave out "broker-a"/],
    ['kill', /kill wants the name of a node/, /cluster status/],
    ['kill broker-a broker-b', /"broker-b" is too much/, /one node at a time/],
    ['status broker-a', /not of "broker-a" alone/, /leave it out/],
    ['status --follow', /--follow is not for "cluster status"/, /--help/],
    ['logs broker-a --lines many', /--lines is "many"/, /whole number/],
    ['start --colour', /^Unknown option '--colour'$/, /--help/],
  ];
  for (const [text, reason, next] of refused) {
    it(`refuses "${text}" and says what to do`, () => {
      assert.throws(
        () => parse(text),
        (error) => {
          assert.ok(isCodedError(error, 'usage'));
          assert.match(String(error.details['reason']), reason);
          assert.match(String(error.details['next']), next);
          return true;
        },
      );
    });
  }
});
