import assert from 'node:assert/strict';

import { Deferred } from '../../../../src/base/deferred.ts';
import { clusterNode, connectionNode, folderNode } from '../../../../src/host/explorer/nodes.ts';
import { TreeChanges } from '../../../../src/host/explorer/treeChanges.ts';
import { FakeClock } from '../../../support/fakeClock.ts';

const connection = connectionNode({ id: 'user:dev', name: 'dev', nameServers: 'h:9876', scope: 'user' });
const cluster = clusterNode(connection, 'DefaultCluster');
const topics = folderNode(cluster, 'topics');
const groups = folderNode(cluster, 'groups');

describe('TreeChanges', () => {
  let clock: FakeClock;
  let told: (string | undefined)[];
  let changes: TreeChanges;

  beforeEach(() => {
    clock = new FakeClock();
    told = [];
    changes = new TreeChanges((node) => told.push(node?.id), clock);
  });

  it('tells of a node once, however often it changed at once', async () => {
    const both = [changes.tell(topics), changes.tell(topics)];
    void changes.tell(undefined);
    assert.deepEqual(told, []);
    clock.advance(0);
    await Promise.all(both);
    assert.deepEqual(told, [topics.id, undefined]);
    void changes.tell(topics);
    clock.advance(0);
    assert.deepEqual(told, [topics.id, undefined, topics.id]);
  });

  it('tells of no node while the children of it or of one below it are waited for', async () => {
    const answers = [new Deferred<string>(), new Deferred<string>()];
    const asked = answers.map(({ promise }) => changes.answering(topics, () => promise));
    for (const node of [cluster, topics, groups, undefined]) void changes.tell(node);
    clock.advance(0);
    assert.deepEqual(told, [groups.id, undefined]);
    answers[0]!.resolve('first');
    assert.equal(await asked[0], 'first');
    await clock.advanceAsync(0);
    assert.deepEqual(told, [groups.id, undefined]);
    answers[1]!.reject(new Error('second'));
    await assert.rejects(asked[1]!, /second/);
    // VS Code has not yet taken the answer.
    assert.deepEqual(told, [groups.id, undefined]);
    await clock.advanceAsync(0);
    assert.deepEqual(told, [groups.id, undefined, cluster.id, topics.id]);
    assert.equal(clock.pendingCount, 0);
  });

  it('lets nobody wait when it ends', async () => {
    const telling = changes.tell(topics);
    changes.dispose();
    await telling;
    clock.advance(1000);
    assert.deepEqual(told, []);
  });
});
