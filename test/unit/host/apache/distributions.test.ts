import assert from 'node:assert/strict';

import { Distributions } from '../../../../src/host/apache/distributions.ts';

describe('host/apache/distributions', () => {
  it('offers what ROCKETMQ_HOME names, then those used last, each once and five of them at most', async () => {
    const values = new Map<string, unknown>();
    const memory = {
      get: (key: string): unknown => values.get(key),
      update: (key: string, value: unknown): Promise<void> => {
        values.set(key, value);
        return Promise.resolve();
      },
    };
    const env = { ROCKETMQ_HOME: '/opt/a' };
    const distributions = new Distributions(memory, env);
    for (const home of ['/1', '/2', '/opt/a', '/3', '/4', '/2', '/5']) await distributions.used(home);
    const labels = (from: NodeJS.ProcessEnv): string[] =>
      new Distributions(memory, from).items.map(({ label, description }) => `${label} ${description ?? ''}`.trim());
    assert.deepEqual(labels(env), ['/opt/a ROCKETMQ_HOME', '/5', '/2', '/4', '/3']);
    assert.deepEqual(labels({}), ['/5', '/2', '/4', '/3', '/opt/a']);
    values.clear();
    assert.deepEqual(labels({ ROCKETMQ_HOME: '' }), []);
    assert.deepEqual(distributions.items, [{ label: '/opt/a', description: 'ROCKETMQ_HOME', value: '/opt/a' }]);
  });
});
