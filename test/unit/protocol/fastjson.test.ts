import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CodedError } from '../../../src/base/errors.ts';
import { parseFastjson, stringifyFastjson } from '../../../src/protocol/fastjson.ts';
import type { FastjsonValue } from '../../../src/protocol/fastjson.ts';
import { goldenFrames } from '../../support/goldenFrames.ts';

describe('parseFastjson', () => {
  it('reads every JSON body of the golden frames, and what it writes means the same', () => {
    let count = 0;
    for (const { name, side } of goldenFrames()) {
      if (side.bodyUtf8 === undefined || !/^[{[]/.test(side.bodyUtf8)) continue;
      const value = parseFastjson(side.bodyUtf8);
      assert.deepEqual(parseFastjson(stringifyFastjson(value)), value, name);
      count += 1;
    }
    assert.ok(count > 60, `${count} bodies`);
  });

  it('agrees with JSON.parse on strict JSON', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        if (/\d{16,}|\$ref|__proto__/.test(text)) return;
        assert.deepEqual(parseFastjson(text), JSON.parse(text));
      }),
    );
  });

  it('reads number keys, quoted or bare', () => {
    assert.deepEqual(parseFastjson('{0:"10.0.0.1:10911", 1:"b"}'), { '0': '10.0.0.1:10911', '1': 'b' });
    assert.deepEqual(parseFastjson('{"0":1}'), { '0': 1 });
  });

  it('reads objects as keys', () => {
    const value = parseFastjson(
      '{"offsetTable":{{"brokerName":"b","queueId":0,"topic":"T"}:{"maxOffset":3}}}',
    ) as Record<string, Map<unknown, unknown>>;
    assert.deepEqual([...value['offsetTable']!], [[{ brokerName: 'b', queueId: 0, topic: 'T' }, { maxOffset: 3 }]]);
  });

  it('keeps whole numbers past 2^53', () => {
    assert.deepEqual(parseFastjson('[9223372036854775807,-9223372036854775808,1]'), [
      9223372036854775807n,
      -9223372036854775808n,
      1,
    ]);
    assert.equal(stringifyFastjson([9223372036854775807n]), '[9223372036854775807]');
    assert.equal(
      stringifyFastjson([2 ** 63, -(2 ** 63), 2 ** 53, 0.5]),
      '[9223372036854775807,-9223372036854775808,9007199254740992,0.5]',
    );
  });

  it('follows $ref to the root, the parent and along a path', () => {
    assert.deepEqual(parseFastjson('{"a":{"b":[1,{"c":2}]},"d":{"$ref":"$.a.b[1]"}}'), {
      a: { b: [1, { c: 2 }] },
      d: { c: 2 },
    });
    const value = parseFastjson('{"a":{"x":1,"up":{"$ref":".."}}}') as { a: { up: unknown } };
    assert.equal(value.a.up, value);
  });

  it('reads what fastjson forgives: single quotes, bare names, doubled and trailing commas', () => {
    assert.deepEqual(parseFastjson('{a:\'x\',,"b":[1,2,],}'), { a: 'x', b: [1, 2] });
  });

  it('says where it stopped understanding', () => {
    const cases: readonly [string, number][] = [
      ['{"a":', 5],
      ['{"a"1}', 4],
      ['[1 2]x', 5],
      ['', 0],
      ['{"a":tru}', 5],
      ['"open', 5],
    ];
    for (const [text, position] of cases) {
      assert.throws(
        () => parseFastjson(text),
        (error) =>
          error instanceof CodedError && error.code === 'json-illegal' && error.details['position'] === position,
        text,
      );
    }
  });

  it('refuses endless nesting instead of ending the process', () => {
    assert.throws(
      () => parseFastjson('['.repeat(100_000)),
      (error) => error instanceof CodedError && error.code === 'json-illegal',
    );
  });

  it('never throws anything but json-illegal', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from('{}[]:,"\'\\u0a1-.e $ref')), maxLength: 40 }),
        (text) => {
          try {
            parseFastjson(text);
          } catch (error) {
            assert.ok(error instanceof CodedError && error.code === 'json-illegal', String(error));
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('reads large texts as it reads small ones, plain or not', () => {
    const filler = Array.from({ length: 100 }, (_, index) => ({ name: `topic-${index}`, text: 'x".\u00e9'.repeat(5) }));
    const large = JSON.stringify(filler);
    assert.ok(large.length > 4096);
    const rest = [
      '{"a":1,"__proto__":{"b":2},"c":[true,null,-0,1.5e3]}',
      '{0:"a",b:\'c\'}',
      '[9223372036854775807,1]',
      '{"a":{"b":1},"c":{"$ref":"$[1].a"}}',
      '{{"x":1}:2}',
    ];
    for (const text of rest) {
      const [, value] = parseFastjson(`[${large},${text}]`) as FastjsonValue[];
      const [, small] = parseFastjson(`[0,${text}]`) as FastjsonValue[];
      assert.deepEqual(value, small, text);
    }
    assert.deepEqual(parseFastjson(large), filler);
    const deep = `${'['.repeat(1000)}${large}${']'.repeat(1000)}`;
    assert.throws(() => parseFastjson(deep), { code: 'json-illegal' });
    assert.throws(() => parseFastjson(`[${large}`), { code: 'json-illegal' });
  });

  it('does not let a body change Object.prototype', () => {
    parseFastjson('{"__proto__":{"polluted":1}}');
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });
});

describe('stringifyFastjson', () => {
  it('writes keys in order, bare number keys from a Map, and leaves null out', () => {
    assert.equal(
      stringifyFastjson({
        b: 1,
        a: null,
        c: new Map([
          [0, 'x'],
          [1, 'y'],
        ]),
      }),
      '{"b":1,"c":{0:"x",1:"y"}}',
    );
  });
});
