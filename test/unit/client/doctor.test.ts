import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { probe } from '../../../src/client/doctor.ts';
import { encodeKvTable } from '../../../src/protocol/bodies/route.ts';
import { RequestCode } from '../../../src/protocol/codes.ts';
import { FakeClock } from '../../support/fakeClock.ts';
import { freePort } from '../../support/freePort.ts';
import { brokerData, contextOf, nameServerAnswers, startScripted } from '../../support/scriptedCluster.ts';

describe('probe', () => {
  it('looks at every NameServer and every broker that any of them names', async () => {
    const clock = new FakeClock();
    const runtime = { code: 0, body: encodeKvTable(new Map([['brokerVersionDesc', 'V4_9_8']])) };
    const broker = await startScripted({
      [RequestCode.GET_BROKER_RUNTIME_INFO]: () => {
        clock.advance(7);
        return runtime;
      },
    });
    const dead = `127.0.0.1:${await freePort()}`;
    const deadBroker = `127.0.0.1:${await freePort()}`;
    const one = await startScripted(nameServerAnswers([brokerData('broker-a', broker.address)]));
    const two = await startScripted(
      nameServerAnswers([brokerData('broker-a', broker.address), brokerData('broker-b', undefined, deadBroker)]),
    );
    const http = createServer((_, answer) => answer.end()).listen(0, '127.0.0.1');
    await once(http, 'listening');
    const web = `127.0.0.1:${(http.address() as AddressInfo).port}`;
    // A broker's address in place of a NameServer's is a common slip: it answers, but not this.
    const context = contextOf([one.address, dead, two.address, web, broker.address].join(';'), clock);

    const result = await probe(context);

    assert.deepEqual(
      result.nameServers.map(({ address, problem, release }) => [address, problem?.code, release]),
      [
        [one.address, undefined, 'V5_3_3'],
        [dead, 'connect-refused', undefined],
        [two.address, undefined, 'V5_3_3'],
        [web, 'not-rocketmq', undefined],
        [broker.address, 'response-error', undefined],
      ],
    );
    assert.equal(result.nameServers[3]?.problem?.details['speaks'], 'http');
    assert.equal(result.nameServers[4]?.problem?.details['responseCode'], 3);
    const found = new Map(result.brokers.map((row) => [row.address, row]));
    assert.equal(found.size, 2);
    const good = found.get(broker.address);
    assert.deepEqual(
      [good?.brokerName, good?.brokerId, good?.problem, good?.release],
      ['broker-a', 0, undefined, 'V4_9_8'],
    );
    const bad = found.get(deadBroker);
    assert.deepEqual([bad?.brokerName, bad?.brokerId, bad?.problem?.code], ['broker-b', 1, 'connect-refused']);
    assert.equal(good?.elapsedMs, 7);

    const ended = once(http, 'close');
    http.close();
    await Promise.all([ended, broker, one, two].map((server) => ('close' in server ? server.close() : server)));
    context.pool.dispose();
  });
});
