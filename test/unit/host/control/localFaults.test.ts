import assert from 'node:assert/strict';

import { Deferred } from '../../../../src/base/deferred.ts';
import { Emitter } from '../../../../src/base/emitter.ts';
import { CodedError } from '../../../../src/base/errors.ts';
import { silentLogger } from '../../../../src/base/logger.ts';
import type { BrokerReady, ControlAccess, SetFault } from '../../../../src/broker/control.ts';
import type { ControlQuestion } from '../../../../src/host/control/askControl.ts';
import { LocalFaults } from '../../../../src/host/control/localFaults.ts';
import type { LocalBrokerState } from '../../../../src/host/localBroker.ts';
import { FakeClock } from '../../../support/fakeClock.ts';

function fault(id: number, struck = 0): SetFault {
  return { id, kind: 'dropAnswer', server: 'broker', probability: 1, struck, live: true };
}

function running(control: ControlAccess | null, faults = 0): LocalBrokerState {
  const places = { pid: 7, namesrv: 'h:1', broker: 'h:2', grpc: null, store: '/s', readyMs: 1 };
  const info: BrokerReady = { ready: true, ...places, control };
  return { kind: 'running', info, faults };
}

describe('LocalFaults', () => {
  const first: ControlAccess = { url: 'http://127.0.0.1:1', token: 'one' };
  let clock: FakeClock;
  let state: LocalBrokerState;
  let states: Emitter<LocalBrokerState>;
  let asked: string[];
  let answer: (access: ControlAccess, question: ControlQuestion) => unknown;
  let localFaults: LocalFaults;
  let changes: number;

  beforeEach(() => {
    clock = new FakeClock();
    state = { kind: 'stopped' };
    states = new Emitter();
    asked = [];
    answer = () => ({ faults: [] });
    changes = 0;
    localFaults = new LocalFaults({
      localBroker: {
        get state() {
          return state;
        },
        onDidChangeState: states.event,
      },
      ask: (access, question) => {
        asked.push(`${access.token} ${question.method} ${question.path}`);
        return Promise.resolve().then(() => answer(access, question));
      },
      clock,
      logger: silentLogger,
    });
    localFaults.onDidChange(() => (changes += 1));
  });

  afterEach(() => localFaults.dispose());

  async function become(next: LocalBrokerState): Promise<void> {
    state = next;
    states.fire(next);
    await clock.advanceAsync(0);
  }

  const ids = () => localFaults.list.map(({ id }) => id);

  it('lists what is set when the broker tells of a change, and nothing of a broker that is gone', async () => {
    answer = () => ({ faults: [fault(1), fault(2)] });
    await become(running(first, 2));
    assert.deepEqual([ids(), localFaults.live], [[1, 2], 2]);
    await become({ kind: 'stopping' });
    assert.deepEqual([ids(), localFaults.live], [[], 0]);
    await become(running(null));
    assert.deepEqual(asked, ['one GET /faults']);
  });

  it('lists after a change that came while it asked what is true after it', async () => {
    const answers = [new Deferred<unknown>(), new Deferred<unknown>()];
    answer = () => answers[asked.length - 1]!.promise;
    await become(running(first, 1));
    await become(running(first, 2));
    const looked = localFaults.look();
    answers[0]!.resolve({ faults: [fault(1)] });
    answers[1]!.resolve({ faults: [fault(1), fault(2)] });
    await looked;
    assert.deepEqual(ids(), [1, 2]);
    assert.equal(asked.length, 2);
  });

  it('asks again for one who asks just when the last answer was taken', async () => {
    let set = 0;
    answer = () => ({ faults: Array.from({ length: set }, (_, index) => fault(index + 1)) });
    state = running(first);
    for (let turns = 0; turns < 12; turns += 1) {
      set = 1;
      const before = localFaults.look();
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      set = 2;
      await localFaults.look();
      assert.deepEqual(ids(), [1, 2], `asked ${turns} turns later`);
      await before;
    }
  });

  it('asks again for one who asked behind a question that failed', async () => {
    answer = () => {
      if (asked.length === 1) throw new CodedError('broker-control-failed', { reason: 'timeout', timeoutMs: 5000 });
      return { faults: [fault(1)] };
    };
    state = running(first);
    await Promise.allSettled([localFaults.look(), localFaults.look()]);
    assert.deepEqual(ids(), [1]);
    assert.equal(asked.length, 2);
  });

  it('has something to clear while one stands there, though it strikes no more', async () => {
    assert.equal(localFaults.isAny, false);
    answer = () => ({ faults: [{ ...fault(1, 1), live: false }] });
    await become(running(first, 0));
    assert.deepEqual([localFaults.live, localFaults.isAny], [0, true]);
    await become({ kind: 'stopping' });
    assert.equal(localFaults.isAny, false);
  });

  it('takes nothing from a broker that was restarted while it was asked', async () => {
    const late = new Deferred<unknown>();
    answer = ({ token }) => (token === 'one' ? late.promise : { faults: [] });
    await become(running(first, 1));
    await become(running({ ...first, token: 'two' }));
    late.resolve({ faults: [fault(1)] });
    await clock.advanceAsync(0);
    assert.deepEqual(ids(), []);
    assert.deepEqual(asked, ['one GET /faults', 'two GET /faults']);
  });

  it('asks how often they struck while somebody looks, and tells only what is new', async () => {
    answer = () => ({ faults: [{ ...fault(1), forMs: 60_000, leftMs: 60_000 - clock.now() }] });
    await become(running(first, 1));
    const before = changes;
    localFaults.watch(true);
    await clock.advanceAsync(2_000);
    assert.deepEqual([asked.length, changes], [2, before]);
    answer = () => ({ faults: [fault(1, 3)] });
    await clock.advanceAsync(2_000);
    assert.deepEqual([localFaults.list[0]?.struck, changes], [3, before + 1]);
    localFaults.watch(false);
    await clock.advanceAsync(10_000);
    assert.equal(asked.length, 3);
  });

  it('sets and clears, also what somebody else has cleared', async () => {
    await become(running(first));
    answer = (_access, { method }) => (method === 'GET' ? { faults: [fault(5)] } : fault(5));
    assert.equal((await localFaults.set({ kind: 'dropAnswer' })).id, 5);
    assert.deepEqual(ids(), [5]);
    answer = (_access, { method }) => {
      if (method === 'DELETE') throw new CodedError('broker-control-refused', { status: 404, message: '' });
      return { faults: [] };
    };
    await localFaults.clear(5);
    assert.deepEqual(ids(), []);
    assert.deepEqual(asked.slice(1), [
      'one POST /faults',
      'one GET /faults',
      'one DELETE /faults/5',
      'one GET /faults',
    ]);
    await become(running(null));
    await assert.rejects(localFaults.clear(), { code: 'broker-uncontrolled' });
  });
});
