import assert from 'node:assert/strict';

import { Deferred } from '../../../../src/base/deferred.ts';
import { CodedError } from '../../../../src/base/errors.ts';
import { ChildCache } from '../../../../src/host/explorer/childCache.ts';
import { clusterNode, connectionNode, folderNode } from '../../../../src/host/explorer/nodes.ts';
import type { ExplorerNode, ParentNode } from '../../../../src/host/explorer/nodes.ts';

const connection = connectionNode({ id: 'user:dev', name: 'dev', nameServers: 'h:9876', scope: 'user' });
const cluster = clusterNode(connection, 'DefaultCluster');
const topics = folderNode(cluster, 'topics');

describe('ChildCache', () => {
  it('asks once for all who ask at once, and keeps the answer until it is forgotten', async () => {
    const answer = new Deferred<readonly ExplorerNode[]>();
    let asked = 0;
    const cache = new ChildCache(() => {
      asked += 1;
      return answer.promise;
    });
    const both = [cache.get(cluster), cache.get(cluster)];
    assert.equal(cache.peek(cluster), undefined);
    answer.resolve([topics]);
    assert.deepEqual(await Promise.all(both), [[topics], [topics]]);
    assert.deepEqual(cache.peek(cluster), [topics]);
    await cache.get(cluster);
    assert.equal(asked, 1);
    cache.forget(cluster);
    await cache.get(cluster);
    assert.equal(asked, 2);
  });

  it('turns an error into a child that tells it, and asks again after it is forgotten', async () => {
    const problem = new CodedError('connect-refused', { address: 'h:9876' });
    let fails = true;
    const cache = new ChildCache(() => (fails ? Promise.reject(problem) : Promise.resolve([cluster])));
    const [child] = await cache.get(connection);
    assert.equal(child?.kind === 'error' && child.error, problem);
    assert.equal(child?.parent, connection);
    fails = false;
    cache.forget(connection);
    assert.deepEqual(await cache.get(connection), [cluster]);
  });

  it('answers who asked before it was forgotten with nothing older than who asks after', async () => {
    const answers = [new Deferred<readonly ExplorerNode[]>(), new Deferred<readonly ExplorerNode[]>()];
    let asked = 0;
    const cache = new ChildCache(() => answers[asked++]!.promise);
    const before = cache.get(cluster);
    cache.forget(cluster);
    const after = cache.get(cluster);
    answers[0]!.resolve([]);
    answers[1]!.resolve([topics]);
    assert.deepEqual(await Promise.all([before, after]), [[topics], [topics]]);
    assert.deepEqual(cache.peek(cluster), [topics]);
    assert.equal(asked, 2);
  });

  it('forgets what is below a node and leaves what is beside it', async () => {
    const asked: string[] = [];
    const cache = new ChildCache((parent: ParentNode) => {
      asked.push(parent.id);
      return Promise.resolve([]);
    });
    const other = clusterNode(connection, 'DefaultCluster2');
    for (const node of [cluster, topics, other]) await cache.get(node);
    asked.length = 0;
    cache.forget(cluster);
    for (const node of [cluster, topics, other]) await cache.get(node);
    assert.deepEqual(asked, [cluster.id, topics.id]);
  });
});
