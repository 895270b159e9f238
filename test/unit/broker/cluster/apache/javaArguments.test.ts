import assert from 'node:assert/strict';
import path from 'node:path';
import { javaArguments } from '../../../../../src/broker/cluster/apache/javaArguments.ts';
import type { PlacedNode } from '../../../../../src/broker/cluster/clusterDirectory.ts';
import type { ClusterRole } from '../../../../../src/broker/control.ts';

const HOME = path.join('opt', 'rocketmq');
const DIRECTORY = path.join('data', 'broker-a');

function node(role: ClusterRole): PlacedNode {
  const conf = path.join(DIRECTORY, 'node.conf');
  const place = { bindAddress: '127.0.0.1', port: 1, address: '127.0.0.1:1', log: '', storeDirectory: '' };
  return { name: 'broker-a', role, conf, ...place };
}

describe('broker/cluster/apache/javaArguments', () => {
  const eight = { javaVersion: 8, home: HOME, confFiles: ['rmq.broker.logback.xml'], delimiter: ':' };

  it('runs a broker in half a GiB, with its own home for the logs', () => {
    assert.deepEqual(javaArguments(node('master'), eight), [
      ...['-Xms256m', '-Xmx512m', '-XX:MaxDirectMemorySize=512m'],
      ...['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'],
      `-Duser.home=${DIRECTORY}`,
      `-Drmq.logback.configurationFile=${path.join(HOME, 'conf', 'rmq.broker.logback.xml')}`,
      '-cp',
      `${path.join(HOME, 'conf')}:${path.join(HOME, 'lib', '*')}`,
      'org.apache.rocketmq.broker.BrokerStartup',
      '-c',
      path.join(DIRECTORY, 'node.conf'),
    ]);
    assert.deepEqual(javaArguments(node('slave'), eight), javaArguments(node('master'), eight));
  });

  it('opens the modules of newer Java, and only of that', () => {
    const modules = (javaVersion: number): string[] =>
      javaArguments(node('master'), { ...eight, javaVersion }).filter((word) => word.startsWith('--add-'));
    assert.deepEqual(modules(8), []);
    assert.deepEqual(modules(17), [
      '--add-exports=java.base/sun.nio.ch=ALL-UNNAMED',
      '--add-opens=java.base/java.nio=ALL-UNNAMED',
      '--add-opens=java.base/sun.nio.ch=ALL-UNNAMED',
    ]);
  });

  it('runs NameServer and proxy, and separates a class path as Windows does', () => {
    const words = javaArguments(node('namesrv'), { ...eight, delimiter: ';' });
    assert.deepEqual(words.slice(0, 2), ['-Xms64m', '-Xmx128m']);
    assert.deepEqual(words.slice(-6), [
      '-Drmq.logback.configurationFile=rmq.namesrv.logback.xml',
      '-cp',
      `${path.join(HOME, 'conf')};${path.join(HOME, 'lib', '*')}`,
      'org.apache.rocketmq.namesrv.NamesrvStartup',
      '-c',
      path.join(DIRECTORY, 'node.conf'),
    ]);
    assert.deepEqual(javaArguments(node('proxy'), eight).slice(-3), [
      'org.apache.rocketmq.proxy.ProxyStartup',
      '-pc',
      path.join(DIRECTORY, 'node.conf'),
    ]);
  });
});
