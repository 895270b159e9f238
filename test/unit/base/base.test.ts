import assert from 'node:assert/strict';
import { DisposableStore } from '../../../src/base/disposable.ts';
import { Emitter } from '../../../src/base/emitter.ts';
import { formatProperties, parseProperties } from '../../../src/base/properties.ts';
import { RingBuffer } from '../../../src/base/ringBuffer.ts';

describe('RingBuffer', () => {
  it('keeps the newest and never renumbers', () => {
    const ring = new RingBuffer<string>(3);
    for (const item of ['a', 'b', 'c', 'd', 'e']) ring.push(item);
    assert.deepEqual([ring.size, ring.added, ring.first], [3, 5, 2]);
    assert.deepEqual([ring.get(1), ring.get(2), ring.get(4), ring.get(5)], [undefined, 'c', 'e', undefined]);
    assert.deepEqual(ring.slice(0, 2), ['c', 'd']);
    assert.deepEqual(ring.slice(4, 10), ['e']);
    ring.clear();
    assert.deepEqual([ring.size, ring.added, ring.first, ring.slice(0, 9)], [0, 0, 0, []]);
    ring.push('f');
    assert.equal(ring.get(0), 'f');
  });

  it('refuses a capacity that holds nothing', () => {
    assert.throws(() => new RingBuffer(0), RangeError);
  });
});

describe('DisposableStore', () => {
  it('ends in reverse order, all of them, and at once what comes late', () => {
    const ended: string[] = [];
    const store = new DisposableStore();
    store.add({ dispose: () => void ended.push('first') });
    store.add({
      dispose: () => {
        throw new Error('second fails');
      },
    });
    store.add({ dispose: () => void ended.push('third') });
    assert.throws(() => store.dispose(), /second fails/);
    store.add({ dispose: () => void ended.push('late') });
    store.dispose();
    assert.deepEqual(ended, ['third', 'first', 'late']);
  });
});

describe('Emitter', () => {
  it('stops calling a listener that was disposed', () => {
    const emitter = new Emitter<number>();
    const seen: number[] = [];
    const subscription = emitter.event((value) => seen.push(value));
    emitter.fire(1);
    subscription.dispose();
    emitter.fire(2);
    assert.deepEqual(seen, [1]);
  });

  it('calls every listener, also behind one that throws, and then throws what the first of them threw', () => {
    const emitter = new Emitter<number>();
    const seen: number[] = [];
    for (const reason of ['first', 'second']) {
      emitter.event(() => {
        throw new Error(reason);
      });
    }
    emitter.event((value) => seen.push(value));
    assert.throws(() => emitter.fire(1), /first/);
    assert.deepEqual(seen, [1]);
  });
});

describe('properties', () => {
  it('reads what java.util.Properties reads', () => {
    const text = [
      '# comment',
      '! comment',
      'a=1',
      ' b : two words ',
      'c\\ d=e',
      'long=one,\\',
      '   two',
      'empty=',
      'path=C:\\\\tmp',
      'u=\\u8ba2',
    ].join('\r\n');
    assert.deepEqual(
      [...parseProperties(text)],
      [
        ['a', '1'],
        ['b', 'two words '],
        ['c d', 'e'],
        ['long', 'one,two'],
        ['empty', ''],
        ['path', 'C:\\tmp'],
        ['u', '订'],
      ],
    );
  });

  it('writes what it reads', () => {
    const entries: [string, string][] = [
      ['a key', ' leading'],
      ['b', 'line\nbreak'],
      ['c=d', '\\'],
    ];
    assert.deepEqual([...parseProperties(formatProperties(entries))], entries);
  });
});
