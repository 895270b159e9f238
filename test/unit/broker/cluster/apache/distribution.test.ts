import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findDistribution } from '../../../../../src/broker/cluster/apache/distribution.ts';
import { prepareCluster } from '../../../../../src/broker/cluster/prepareCluster.ts';
import { makeTempDir } from '../../../../support/tempDir.ts';
import { startWish } from '../../../../support/startWish.ts';

describe('broker/cluster/apache/distribution', () => {
  const place = makeTempDir('distribution');
  after(() => place.remove());

  function layOut(name: string, files: readonly string[]): string {
    const home = path.join(place.path, name);
    for (const file of files) {
      mkdirSync(path.dirname(path.join(home, file)), { recursive: true });
      writeFileSync(path.join(home, file), '');
    }
    return home;
  }

  const WHOLE = ['lib/rocketmq-broker-5.3.2.jar', 'lib/rocketmq-namesrv-5.3.2.jar', 'conf/broker.conf'];
  const PROXY = 'lib/rocketmq-proxy-5.3.2.jar';

  it('takes its version from its jars', () => {
    const home = layOut('whole', [...WHOLE, 'lib/rocketmq-broker-plugin.jar']);
    assert.deepEqual(findDistribution(home), { home, version: '5.3.2' });
  });

  it('says what is missing of a directory that is none', () => {
    const refused = (missing: string): object => ({ code: 'apache-home-invalid', name: 'CodedError', missing });
    const check = (home: string, missing: string, needsProxy = false): void =>
      assert.throws(
        () => findDistribution(home, needsProxy),
        (error: { readonly code: string; readonly name: string; readonly details: { readonly missing: string } }) => {
          const { code, name, details } = error;
          assert.deepEqual({ code, name, missing: details.missing }, refused(missing));
          return true;
        },
      );
    check(path.join(place.path, 'nowhere'), 'lib/rocketmq-broker-*.jar');
    check(layOut('file', ['lib']), 'lib/rocketmq-broker-*.jar');
    check(layOut('sources', ['broker/pom.xml', 'conf/x']), 'lib/rocketmq-broker-*.jar');
    check(layOut('client', ['lib/rocketmq-broker-5.3.2.jar', 'conf/x']), 'lib/rocketmq-namesrv-*.jar');
    check(layOut('jars', WHOLE.slice(0, 2)), 'conf');
    check(layOut('four', WHOLE), 'lib/rocketmq-proxy-*.jar', true);
    findDistribution(layOut('five', [...WHOLE, PROXY]), true);
  });

  it('is kept in the directory of its cluster, whose nodes log where Apache does', async () => {
    const first = layOut('first', [...WHOLE, PROXY]);
    const second = layOut('second', [...WHOLE, PROXY]);
    const directory = path.join(place.path, 'cluster');
    const wish = { ...startWish('2m-2s-sync', directory), apache: first, proxy: true };
    const { nodes } = await prepareCluster(directory, wish);
    assert.deepEqual(
      nodes.map(({ name, role, conf, log }) => [name, role, relative(conf), relative(log)]),
      [
        row('namesrv-1', 'namesrv', 'namesrv.conf', 'namesrv.log'),
        row('namesrv-2', 'namesrv', 'namesrv.conf', 'namesrv.log'),
        row('broker-a', 'master', 'broker.conf', 'broker.log'),
        row('broker-b', 'master', 'broker.conf', 'broker.log'),
        row('broker-a-s', 'slave', 'broker.conf', 'broker.log'),
        row('broker-b-s', 'slave', 'broker.conf', 'broker.log'),
        row('proxy', 'proxy', 'rmq-proxy.json', 'proxy.log'),
      ],
    );
    const again = await prepareCluster(directory, { ...startWish('2m-2s-sync', directory), mode: undefined });
    assert.equal(again.layout.apache, first);
    assert.deepEqual(again.nodes, nodes);
    const newer = await prepareCluster(directory, { ...wish, apache: second });
    assert.equal(newer.layout.apache, second);
    await assert.rejects(prepareCluster(directory, { ...wish, apache: layOut('old', WHOLE) }), {
      code: 'apache-home-invalid',
    });

    function relative(file: string): string {
      return path.relative(directory, file).replaceAll('\\', '/');
    }
    function row(name: string, role: string, conf: string, log: string): string[] {
      return [name, role, `${name}/${conf}`, `${name}/logs/rocketmqlogs/${log}`];
    }
  });

  it('does not take over a cluster of rocketmq-local', async () => {
    const apache = layOut('other', WHOLE);
    const directory = path.join(place.path, 'ours');
    await prepareCluster(directory, startWish('single', directory));
    await assert.rejects(prepareCluster(directory, { ...startWish('single', directory), apache }), {
      details: {
        problem: 'not-apache',
        place: directory,
        reason: `${directory} holds a cluster of rocketmq-local`,
        next: 'leave out --apache, or choose another directory with --dir',
      },
    });
  });
});
