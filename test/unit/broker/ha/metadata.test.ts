import assert from 'node:assert/strict';
import { Deferred } from '../../../../src/base/deferred.ts';
import { silentLogger } from '../../../../src/base/logger.ts';
import type { MasterBroker } from '../../../../src/broker/ha/masterBroker.ts';
import { Metadata } from '../../../../src/broker/ha/metadata.ts';
import type { MetadataParts } from '../../../../src/broker/ha/metadata.ts';
import { RequestCode } from '../../../../src/protocol/codes.ts';
import { FakeClock } from '../../../support/fakeClock.ts';

const { GET_ALL_TOPIC_CONFIG: TOPICS } = RequestCode;
const ALL = [
  TOPICS,
  RequestCode.GET_ALL_CONSUMER_OFFSET,
  RequestCode.GET_ALL_DELAY_OFFSET,
  RequestCode.GET_ALL_SUBSCRIPTIONGROUP_CONFIG,
  RequestCode.GET_ALL_MESSAGE_REQUEST_MODE,
];

describe('HA: what a slave asks its master for', () => {
  let clock: FakeClock;
  let asked: number[];
  let isFollowed: boolean;
  let metadata: Metadata;
  /** The master answers nothing before this is resolved; then it says no. */
  let answers: Deferred<undefined>;

  beforeEach(() => {
    clock = new FakeClock();
    asked = [];
    isFollowed = true;
    answers = new Deferred();
    answers.resolve(undefined);
    const master = {
      tell: async ({ code }: { readonly code: number }) => {
        asked.push(code);
        await answers.promise;
        throw new Error('it says no');
      },
    } as unknown as MasterBroker;
    const parts = { timers: undefined } as MetadataParts;
    metadata = new Metadata(parts, { master, isFollowed: () => isFollowed, clock, logger: silentLogger });
  });
  afterEach(() => metadata.dispose());

  it('is everything every ten seconds, while the log is followed', async () => {
    await clock.advanceAsync(9999);
    assert.deepEqual(asked, []);
    await clock.advanceAsync(1);
    assert.deepEqual(asked, ALL);
    isFollowed = false;
    metadata.miss('T');
    await clock.advanceAsync(10_000);
    assert.deepEqual(asked, ALL);
  });

  it('is the topics at once where one is missed, once for each until everything is asked for again', async () => {
    for (const topic of ['A', 'A', 'B', 'A']) {
      metadata.miss(topic);
      await clock.advanceAsync(10);
    }
    assert.deepEqual(asked, [TOPICS, TOPICS]);
    await clock.advanceAsync(10_000);
    metadata.miss('A');
    await clock.advanceAsync(10);
    assert.deepEqual(asked, [TOPICS, TOPICS, ...ALL, TOPICS]);
  });

  it('is the topics once more where one was missed on the way', async () => {
    answers = new Deferred();
    metadata.sync();
    for (const topic of ['A', 'B', 'C']) metadata.miss(topic);
    await clock.advanceAsync(0);
    assert.deepEqual(asked, [TOPICS]);
    answers.resolve(undefined);
    await clock.advanceAsync(0);
    assert.deepEqual(asked, [...ALL, TOPICS]);
  });

  it('is nothing any more after its end', async () => {
    metadata.dispose();
    metadata.miss('A');
    metadata.sync();
    await clock.advanceAsync(10_000);
    assert.deepEqual(asked, []);
    assert.equal(clock.pendingCount, 0);
  });
});
