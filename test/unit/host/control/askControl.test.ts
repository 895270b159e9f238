import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { askControl } from '../../../../src/host/control/askControl.ts';

describe('askControl', () => {
  const servers: Server[] = [];

  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function serve(listener: RequestListener): Promise<{ url: string; token: string }> {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: 'secret' };
  }

  it('gives what the broker answers to who has the token', async () => {
    const access = await serve((request, response) => {
      response.end(JSON.stringify([request.method, request.url, request.headers.authorization]));
    });
    assert.deepEqual(await askControl(access, { method: 'GET', path: '/clock' }), ['GET', '/clock', 'Bearer secret']);
  });

  it('tells the status of what is refused', async () => {
    const access = await serve((_request, response) => response.writeHead(409).end('full'));
    await assert.rejects(askControl(access, { method: 'POST', path: '/faults', body: {} }), {
      code: 'broker-control-refused',
      details: { status: 409, message: 'full' },
    });
  });

  it('tells why there is no answer, and no secret', async () => {
    const access = await serve((request) => request.socket.destroy());
    const told = { code: 'broker-control-failed', details: { reason: 'other side closed', timeoutMs: 5000 } };
    await assert.rejects(askControl(access, { method: 'GET', path: '/faults' }), told);
    const silent = await serve(() => undefined);
    await assert.rejects(askControl(silent, { method: 'GET', path: '/faults', timeoutMs: 20 }), {
      code: 'broker-control-failed',
      details: { reason: 'timeout', timeoutMs: 20 },
    });
  });
});
