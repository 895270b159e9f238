import assert from 'node:assert/strict';

import type { EndpointConnection } from '../../../src/host/connectionList.ts';
import { Secrets } from '../../../src/host/secrets.ts';

describe('Secrets', () => {
  const credentials = { accessKey: 'ak', secretKey: 'sk' };
  let stored: Map<string, string>;
  let secrets: Secrets;

  beforeEach(() => {
    stored = new Map();
    secrets = new Secrets({
      get: (key) => Promise.resolve(stored.get(key)),
      store: (key, text) => Promise.resolve(void stored.set(key, text)),
      delete: (key) => Promise.resolve(void stored.delete(key)),
    });
  });

  function proxy({
    grpcEndpoint = 'a:1',
    tls = 'verified',
    topics = [],
  }: Partial<EndpointConnection['endpoint']> = {}) {
    return { id: 'workspace:proxy', endpoint: { grpcEndpoint, tls, topics } };
  }

  it('gives credentials to the endpoint that they were kept for, whatever topics are shown of it', async () => {
    await secrets.keep(proxy(), credentials);
    assert.deepEqual(await secrets.read(proxy({ topics: ['orders'] })), credentials);
  });

  it('gives none to another endpoint of the same name, nor to one that is trusted in another way', async () => {
    await secrets.keep(proxy(), credentials);
    assert.equal(await secrets.read(proxy({ grpcEndpoint: 'evil:1' })), undefined);
    assert.equal(await secrets.read(proxy({ tls: 'any-certificate' })), undefined);
    assert.equal(await secrets.read(proxy({ tls: 'off' })), undefined);
  });

  it('gives out nothing that does not say whom it was kept for', async () => {
    stored.set('rocketmq.credentials.workspace:proxy', JSON.stringify(credentials));
    assert.equal(await secrets.read(proxy()), undefined);
  });

  it('forgets', async () => {
    await secrets.keep(proxy(), credentials);
    await secrets.keep(proxy(), undefined);
    assert.equal(stored.size, 0);
    await secrets.keep(proxy(), credentials);
    await secrets.forget('workspace:proxy');
    assert.equal(stored.size, 0);
  });
});
