import assert from 'node:assert/strict';
import { WaitingLine } from '../../../../src/broker/pop/waitingLine.ts';

describe('broker/pop/waitingLine', () => {
  const lineOf = (...who: string[]): WaitingLine<string> => {
    const line = new WaitingLine<string>();
    for (const one of who) line.add(one);
    return line;
  };
  const seen = (line: WaitingLine<string>): unknown => [line.first, line.last, line.size, [...line.all()].join('')];

  it('knows its ends, whoever leaves', () => {
    const line = lineOf('a', 'b', 'c', 'd');
    assert.deepEqual(seen(line), ['a', 'd', 4, 'abcd']);
    assert.equal(line.delete('b'), true);
    assert.deepEqual(seen(line), ['a', 'd', 3, 'acd']);
    line.delete('d');
    assert.deepEqual(seen(line), ['a', 'c', 2, 'ac']);
    line.delete('a');
    assert.deepEqual(seen(line), ['c', 'c', 1, 'c']);
    line.delete('c');
    assert.deepEqual(seen(line), [undefined, undefined, 0, '']);
    line.add('e');
    assert.deepEqual(seen(line), ['e', 'e', 1, 'e']);
  });

  it('says who does not wait in it', () => {
    const line = lineOf('a');
    assert.equal(line.delete('b'), false);
    assert.equal(line.delete('a'), true);
    assert.equal(line.delete('a'), false);
  });
});
