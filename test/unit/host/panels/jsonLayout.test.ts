import assert from 'node:assert/strict';

import fc from 'fast-check';
import { layOutJson } from '../../../../src/host/panels/jsonLayout.ts';

describe('layOutJson', () => {
  it('puts one member on a line and leaves numbers and strings as they were written', () => {
    const text = '{"long":12345678901234567890,"e":1.50E+2,"s":"a\\u0041, {\\"}","list":[1,[],{}],"none":null}';
    assert.equal(
      layOutJson(text),
      [
        '{',
        '  "long": 12345678901234567890,',
        '  "e": 1.50E+2,',
        '  "s": "a\\u0041, {\\"}",',
        '  "list": [',
        '    1,',
        '    [],',
        '    {}',
        '  ],',
        '  "none": null',
        '}',
      ].join('\n'),
    );
  });

  it('is undefined for what is no JSON', () => {
    for (const text of ['', '{', '{"a":}', "{'a':1}", '{"a":1} x', 'hello']) assert.equal(layOutJson(text), undefined);
  });

  it('lays out as JSON.stringify does, whatever the layout was', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, '\t', '    '), (value, indent) => {
        assert.equal(layOutJson(JSON.stringify(value, null, indent)), JSON.stringify(value, null, 2));
      }),
    );
  });
});
