import assert from 'node:assert/strict';

import { composeFile } from '../../../../src/broker/cluster/apache/composeFile.ts';
import { ComposeRuns } from '../../../../src/host/apache/composeRuns.ts';
import { nameServersIn } from '../../../../src/host/apache/composeText.ts';

describe('host/apache/composeRuns', () => {
  const memory = (kept?: unknown) => {
    const values = new Map<string, unknown>([['rocketmq.composeRuns', kept]]);
    return {
      get: (key: string): unknown => values.get(key),
      update: (key: string, value: unknown): Promise<void> => {
        values.set(key, JSON.parse(JSON.stringify(value)));
        return Promise.resolve();
      },
    };
  };

  it('remembers each file once, and tells of changes', async () => {
    const kept = memory();
    const runs = new ComposeRuns(kept);
    let changes = 0;
    runs.onDidChange(() => (changes += 1));
    await runs.add({ file: '/a.yaml', nameServers: '127.0.0.1:9876' });
    await runs.add({ file: '/b.yaml', nameServers: '127.0.0.1:10876' });
    await runs.add({ file: '/a.yaml', nameServers: '127.0.0.1:11876' });
    assert.deepEqual(runs.get('/a.yaml'), { file: '/a.yaml', nameServers: '127.0.0.1:11876' });
    await runs.remove('/b.yaml');
    assert.deepEqual(new ComposeRuns(kept).list, [{ file: '/a.yaml', nameServers: '127.0.0.1:11876' }]);
    assert.equal(changes, 4);
  });

  it('takes nothing from a memory that holds something else', () => {
    assert.deepEqual(new ComposeRuns(memory('x')).list, []);
    assert.deepEqual(new ComposeRuns(memory([null, { file: 1, nameServers: 'a' }, { file: '/a' }])).list, []);
  });

  it('reads the NameServers of a file that the extension wrote', () => {
    const ports = { nameServer: 9876, broker: 10911, proxy: 8081 };
    const { text } = composeFile({ mode: '2m-noslave', nameServers: undefined, proxy: false, tag: '5.3.2', ports });
    assert.equal(nameServersIn(text), '127.0.0.1:9876;127.0.0.1:9877');
    assert.equal(nameServersIn('services:\n  redis:\n    image: redis:7\n'), undefined);
  });
});
