import assert from 'node:assert/strict';

import { eitherEvent } from '../../../src/base/eitherEvent.ts';
import { Emitter } from '../../../src/base/emitter.ts';

describe('base/eitherEvent', () => {
  it('tells what either tells, and nothing after it is disposed', () => {
    const [a, b] = [new Emitter<number>(), new Emitter<number>()];
    const heard: number[] = [];
    const subscription = eitherEvent(a.event, b.event)((value) => heard.push(value));
    a.fire(1);
    b.fire(2);
    subscription.dispose();
    a.fire(3);
    b.fire(4);
    assert.deepEqual(heard, [1, 2]);
  });
});
