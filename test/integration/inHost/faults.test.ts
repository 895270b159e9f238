import assert from 'node:assert/strict';

import type { ExtensionApi } from '../../../src/host/testApi.ts';
import { waitFor } from '../../support/waitFor.ts';
import {
  activated,
  childrenOf,
  configuration,
  nodeAt,
  rowsBelow,
  run,
  runAnswering,
  runningInfo,
  setGlobally,
} from './extension.ts';
import { ScriptedPrompts } from './scriptedPrompts.ts';

describe('faults and time of the local broker', function () {
  this.timeout(60_000);
  let api: ExtensionApi;

  before(async () => {
    api = await activated();
    await setGlobally({ 'localBroker.nameServerPort': 0, 'localBroker.port': 0, 'localBroker.grpcPort': 0 });
  });

  after(async () => {
    await api.localBroker.end();
    await setGlobally({
      'localBroker.nameServerPort': undefined,
      'localBroker.port': undefined,
      'localBroker.grpcPort': undefined,
      'localBroker.controlInterface': undefined,
    });
  });

  /** The rows of the faults, once they are as wanted. */
  async function untilFaults(...wanted: string[]): Promise<void> {
    let rows: string[] = [];
    await waitFor(
      'the faults',
      async () => {
        const folder = (await childrenOf(api, await nodeAt(api, 'Local Broker'))).find(({ kind }) => kind === 'faults');
        rows = folder === undefined ? [] : await rowsBelow(api, folder);
        return rows.join() === wanted.join();
      },
      { details: () => rows.join('; ') },
    );
  }

  /** The broker tells how many can strike by another way than what they are. */
  async function untilFirstRow(wanted: string): Promise<void> {
    let row: string | undefined;
    await waitFor('the row of the broker', async () => (row = (await rowsBelow(api))[0]) === wanted, {
      details: () => String(row),
    });
  }

  const send = () => api.clients.byId('local')!.client.send({ topic: 'TBW102', body: Buffer.from('x') });

  it('are offered with the control interface on where it is off', async () => {
    await runAnswering(api, new ScriptedPrompts().thenEscape(), 'rocketmq.fault.set');
    assert.equal(api.localBroker.state.kind, 'stopped');
    await run(api, 'rocketmq.localBroker.start');
    const no = new ScriptedPrompts().thenEscape();
    await runAnswering(api, no, 'rocketmq.fault.set');
    assert.deepEqual(no.shown, [
      'info: The control interface of the local broker is off. It is served on this machine alone.',
    ]);
    assert.equal(runningInfo(api).control, null);
    const yes = new ScriptedPrompts().thenPress('Turn On and Restart').thenEscape();
    await runAnswering(api, yes, 'rocketmq.fault.set');
    assert.notEqual(runningInfo(api).control, null);
    assert.equal(configuration().get('localBroker.controlInterface'), true);
    await untilFaults();
  });

  it('set by answers strike what they name, are seen in the tree and cleared one by one', async () => {
    const busy = new ScriptedPrompts()
      .thenPick('Refuse')
      .thenPick('Sends')
      .thenPick('SYSTEM_ERROR')
      .thenPick('One topic…')
      .thenType('TBW*', '  ')
      .thenType('100', '0', '101', 'all')
      .thenType('1', '0', '1.5')
      .thenType('', '-1');
    await runAnswering(api, busy, 'rocketmq.fault.set');
    assert.equal(
      busy.shown.at(-1),
      'info: The local broker fails now: Refuse: SYSTEM_ERROR, SEND_MESSAGE, SEND_MESSAGE_V2, SEND_BATCH_MESSAGE.',
    );
    const late = new ScriptedPrompts()
      .thenPick('Answer late')
      .thenPick('Another request code…')
      .thenType('GET_BROKER_RUNTIME_INFO', 'NOTHING')
      .thenType('20', '0')
      .thenPick('Everybody')
      .thenType('50')
      .thenType('')
      .thenType('600');
    await runAnswering(api, late, 'rocketmq.fault.set');
    await untilFaults(
      'Refuse: SYSTEM_ERROR | topic TBW* · struck 0 of 1 times',
      'Answer late: 20 ms | 50 % · struck 0 times',
    );
    const { namesrv } = runningInfo(api);
    await untilFirstRow(`Local Broker | 2 faults, ${namesrv}`);

    // Refused once, and tried again by the client.
    await send();
    await untilFaults(
      'Refuse: SYSTEM_ERROR | topic TBW* · struck 1 of 1 times · over',
      'Answer late: 20 ms | 50 % · struck 0 times',
    );
    await untilFirstRow(`Local Broker | 1 fault, ${namesrv}`);

    const spent = await nodeAt(api, 'Local Broker', 'Faults', 'Refuse: SYSTEM_ERROR');
    assert.equal(api.tree.getTreeItem(spent).contextValue, 'fault');
    await run(api, 'rocketmq.fault.clear', spent);
    await untilFaults('Answer late: 20 ms | 50 % · struck 0 times');
    // One that is gone from the broker is gone from the tree.
    await run(api, 'rocketmq.fault.clear', spent);
    await runAnswering(api, new ScriptedPrompts().thenPick('Answer late: 20 ms'), 'rocketmq.fault.clear');
    await untilFaults();
    await untilFirstRow(`Local Broker | ${namesrv}`);
    const none = new ScriptedPrompts();
    await runAnswering(api, none, 'rocketmq.fault.clear');
    assert.deepEqual(none.shown, ['info: The local broker has no fault.']);
  });

  it('of clients of gRPC are offered where they mean something', async () => {
    const route = new ScriptedPrompts()
      .thenPick('Forget the route')
      .thenPick('Clients of gRPC')
      .thenPick('Everybody')
      .thenType('100')
      .thenType('')
      .thenType('');
    await runAnswering(api, route, 'rocketmq.fault.set');
    const twice = new ScriptedPrompts().thenPick('Answer twice').thenEscape();
    await runAnswering(api, twice, 'rocketmq.fault.set');
    assert.ok(!twice.lastItems.some((item) => item.includes('gRPC')), twice.lastItems.join('; '));
    await untilFaults('Forget the route | struck 0 times');
    await run(api, 'rocketmq.localBroker.clearFaults');
    await untilFaults();
  });

  it('draw the connection again and ask the cluster nothing', async () => {
    const cluster = await nodeAt(api, 'Local Broker', 'DefaultCluster');
    await api.localFaults.set({ kind: 'dropAnswer', request: 'POP' });
    await untilFaults('Never answer | struck 0 times');
    await api.localFaults.clear();
    await untilFaults();
    // What is asked for again has nodes of its own.
    assert.equal(await nodeAt(api, 'Local Broker', 'DefaultCluster'), cluster);
  });

  it('moves the clock: by, to, frozen, faster and on', async () => {
    const move = async (script: ScriptedPrompts): Promise<string> => {
      await runAnswering(api, script, 'rocketmq.localBroker.moveClock');
      return script.shown.at(-1)!;
    };
    const moment = (ms: number) => new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
    assert.match(
      await move(new ScriptedPrompts().thenPick('Freeze')),
      /^info: The clock of the local broker stands still at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.$/,
    );
    const before = Date.now();
    await move(new ScriptedPrompts().thenPick('Jump by…').thenType('1h', 'later', '400d'));
    const day = Math.ceil((before + 86_400_000) / 1000) * 1000;
    const to = new ScriptedPrompts().thenPick('Jump to…').thenType(moment(day), moment(before - 60_000), 'noon');
    assert.equal(await move(to), `info: The clock of the local broker stands still at ${moment(day)}.`);
    assert.match(to.refusals.get(moment(before - 60_000))!, /^Time only goes forward, and it is .* already\.$/);
    const faster = await move(new ScriptedPrompts().thenPick('Run faster…').thenType('60', '-1'));
    assert.match(faster, /and runs 60 times as fast\.$/);
    assert.match(await move(new ScriptedPrompts().thenPick('Run on')), /and runs\.$/);
  });

  it('start the broker with its control interface where it does not run', async () => {
    await api.localBroker.end();
    const script = new ScriptedPrompts().thenPress('Start Local Broker').thenEscape();
    await runAnswering(api, script, 'rocketmq.localBroker.moveClock');
    assert.equal(script.shown[0], 'info: The local broker does not run. It is started with its control interface.');
    assert.notEqual(runningInfo(api).control, null);
  });
});
