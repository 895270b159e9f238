import assert from 'node:assert/strict';
import { Restarts } from '../../../../src/broker/control/restarts.ts';
import type { RuntimePorts } from '../../../../src/broker/control/restarts.ts';
import type { Runtime } from '../../../../src/broker/runtime.ts';

const PORTS: RuntimePorts = { nameServer: 1, broker: 10, grpc: 3, ha: 40, hasVip: false };

function runtime(stop: () => Promise<void>): Runtime {
  return {
    nameServer: { port: PORTS.nameServer },
    broker: {
      grpcAddress: `127.0.0.1:${PORTS.grpc}`,
      hasVip: PORTS.hasVip,
      haPort: PORTS.ha,
      context: { config: { listenPort: PORTS.broker } },
    },
    stop,
  } as unknown as Runtime;
}

describe('Restarts', () => {
  it('starts again on all the ports that there were, after a change that failed too', async () => {
    const asked: RuntimePorts[] = [];
    const restarts = new Restarts(
      runtime(() => Promise.resolve()),
      (ports) => {
        asked.push(ports);
        return Promise.resolve(runtime(() => Promise.resolve()));
      },
    );
    await restarts.whileStopped(() => Promise.resolve());
    await assert.rejects(
      restarts.whileStopped(() => Promise.reject(new Error('full'))),
      /^Error: full$/,
    );
    assert.deepEqual(asked, [PORTS, PORTS]);
  });

  it('starts again when the stop fails, and changes nothing', async () => {
    const next = runtime(() => Promise.resolve());
    const restarts = new Restarts(
      runtime(() => Promise.reject(new Error('stuck'))),
      () => Promise.resolve(next),
    );
    let isChanged = false;
    const change = (): Promise<void> => {
      isChanged = true;
      return Promise.resolve();
    };
    await assert.rejects(restarts.whileStopped(change), /^Error: stuck$/);
    assert.equal(isChanged, false);
    assert.equal(restarts.runtime, next);
  });
});
