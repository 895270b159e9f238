import assert from 'node:assert/strict';

import { Emitter } from '../../../../src/base/emitter.ts';
import { CodedError } from '../../../../src/base/errors.ts';
import type { ReceivedMessage } from '../../../../src/client/receivedMessage.ts';
import type { Tail } from '../../../../src/client/tail.ts';
import { CAPACITY_BYTES, TailFeed } from '../../../../src/host/panels/tailFeed.ts';
import { FakeClock } from '../../../support/fakeClock.ts';
import { makeMessage } from './receivedMessage.ts';

class FakeTail implements Tail {
  readonly messages = new Emitter<readonly ReceivedMessage[]>();
  readonly problems = new Emitter<CodedError | undefined>();
  readonly onMessages = this.messages.event;
  readonly onProblem = this.problems.event;
  readonly ready = Promise.resolve();
  readonly calls: string[] = [];

  pause(): void {
    this.calls.push('pause');
  }

  resume(): void {
    this.calls.push('resume');
  }

  dispose(): void {
    this.calls.push('dispose');
  }

  send(...offsets: number[]): void {
    this.messages.fire(offsets.map((offset) => makeMessage({ offset })));
  }
}

describe('TailFeed', () => {
  let clock: FakeClock;
  let told: number;
  let feed: TailFeed;
  let tail: FakeTail;

  beforeEach(() => {
    clock = new FakeClock();
    told = 0;
    feed = new TailFeed({ capacity: 3, clock, changed: () => (told += 1) });
    tail = new FakeTail();
    feed.follow(tail);
  });

  const held = () => feed.rows(0, 100).map(({ number, message }) => [number, message.offset]);

  it('holds the newest under numbers that never change', () => {
    tail.send(10, 11);
    tail.send(12, 13);
    assert.deepEqual(held(), [
      [1, 11],
      [2, 12],
      [3, 13],
    ]);
    assert.deepEqual([feed.first, feed.held, feed.capacity], [1, 3, 3]);
    assert.equal(feed.message(0), undefined);
    assert.equal(feed.message(3)?.offset, 13);
    assert.equal(feed.message(4), undefined);
  });

  it('gives the rows that were asked for and are held, and no others', () => {
    tail.send(10, 11, 12, 13, 14);
    assert.deepEqual(feed.rows(0, 2), []);
    assert.deepEqual(
      feed.rows(1, 3).map(({ number }) => number),
      [2, 3],
    );
    assert.deepEqual(feed.rows(50, 3), []);
  });

  it('counts on after it is cleared and after the tail changes', () => {
    tail.send(10, 11, 12, 13);
    feed.clear();
    assert.deepEqual([feed.first, feed.held], [4, 0]);
    assert.equal(feed.message(3), undefined);
    tail.send(14);
    const other = new FakeTail();
    feed.follow(other);
    other.send(0);
    assert.deepEqual(held(), [
      [4, 14],
      [5, 0],
    ]);
    assert.deepEqual(tail.calls, ['dispose']);
    tail.send(99);
    assert.equal(feed.held, 2);
    feed.clear();
    assert.equal(feed.first, 6);
  });

  it('tells at once, then at most every 100 ms, and of the last change too', () => {
    for (let offset = 0; offset < 5; offset += 1) tail.send(offset);
    assert.equal(told, 1);
    clock.advance(99);
    assert.equal(told, 1);
    clock.advance(1);
    assert.equal(told, 2);
    clock.advance(1000);
    assert.equal(told, 2);
    tail.send(5);
    assert.equal(told, 3);
  });

  it('tells of a problem and of its end', () => {
    tail.problems.fire(new CodedError('no-broker'));
    assert.equal(feed.problem?.code, 'no-broker');
    tail.problems.fire(undefined);
    assert.equal(feed.problem, undefined);
    clock.advance(100);
    assert.equal(told, 2);
  });

  it('says when the tail stands at its place, and no longer when another takes over', async () => {
    assert.equal(feed.reading, false);
    await tail.ready;
    await Promise.resolve();
    assert.equal(feed.reading, true);
    assert.equal(told, 1);
    feed.follow(new FakeTail());
    assert.equal(feed.reading, false);
  });

  it('pauses and resumes the tail, also one that comes while it is paused', () => {
    feed.pause();
    const other = new FakeTail();
    feed.follow(other);
    assert.equal(feed.paused, true);
    assert.deepEqual(other.calls, ['pause']);
    feed.resume();
    assert.deepEqual(other.calls, ['pause', 'resume']);
    assert.deepEqual(tail.calls, ['pause', 'dispose']);
  });

  it('bounds the bytes too', () => {
    const large = new TailFeed({ capacity: 1000, clock, changed: () => undefined });
    const body = Buffer.alloc(CAPACITY_BYTES / 4);
    large.follow(tail);
    for (let offset = 0; offset < 6; offset += 1) tail.messages.fire([makeMessage({ offset, body })]);
    assert.deepEqual([large.first, large.held], [2, 4]);
    large.dispose();
  });

  it('ends the tail and its timer', () => {
    tail.send(1);
    tail.send(2);
    assert.equal(clock.pendingCount, 1);
    feed.dispose();
    assert.equal(clock.pendingCount, 0);
    assert.deepEqual(tail.calls, ['dispose']);
    assert.equal(feed.held, 0);
  });
});
