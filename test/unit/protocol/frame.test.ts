import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CodedError } from '../../../src/base/errors.ts';
import { EMPTY_BODY } from '../../../src/protocol/command.ts';
import type { RemotingCommand } from '../../../src/protocol/command.ts';
import {
  decodeFrame,
  encodeFrame,
  FrameSplitter,
  MAX_FRAME_BYTES,
  writePlainHead,
} from '../../../src/protocol/frame.ts';
import { goldenFrames } from '../../support/goldenFrames.ts';

const int32 = fc.integer({ min: -0x80000000, max: 0x7fffffff });
const text = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((value) => value !== '__proto__');

const anyCommand: fc.Arbitrary<RemotingCommand> = fc.record(
  {
    code: fc.integer({ min: 0, max: 0x7fff }),
    language: fc.constantFrom('JAVA', 'CPP', 'GO', 'OTHER', 'NODE_JS'),
    version: fc.integer({ min: 0, max: 0x7fff }),
    opaque: int32,
    flag: fc.integer({ min: 0, max: 3 }),
    remark: fc.option(
      text.filter((remark) => remark !== ''),
      { nil: undefined },
    ),
    extFields: fc.dictionary(
      text,
      text.filter((value) => value !== ''),
      { maxKeys: 8, noNullPrototype: true },
    ),
    body: fc.uint8Array({ maxLength: 200 }).map((bytes) => (bytes.length === 0 ? EMPTY_BODY : Buffer.from(bytes))),
  },
  { noNullPrototype: true },
);

describe('frame', () => {
  it('decodes every golden frame to what the recorder read', () => {
    for (const { name, frame, side } of goldenFrames()) {
      const { command, serializeType } = decodeFrame(frame);
      assert.equal(serializeType, side.serialize, name);
      const { body, remark, ...rest } = command;
      const expected = {
        code: side.code,
        language: side.language,
        version: side.version,
        opaque: side.opaque,
        flag: side.flag,
      };
      assert.deepEqual(rest, { ...expected, extFields: textValues(side.extFields) }, name);
      assert.equal(remark, side.remark ?? undefined, name);
      assert.equal(body.length, side.bodyLength, name);
    }
  });

  it('gives every golden frame the same meaning after encoding it again', () => {
    for (const { name, frame } of goldenFrames()) {
      const { command, serializeType } = decodeFrame(frame);
      assert.deepEqual(decodeFrame(encodeFrame(command, serializeType)), { command, serializeType }, name);
    }
  });

  it('writes the binary header of the sheet byte for byte', () => {
    const command = {
      code: 105,
      language: 'JAVA',
      version: 479,
      opaque: 7,
      flag: 0,
      remark: undefined,
      extFields: { topic: 'T1' },
      body: EMPTY_BODY,
    };
    assert.equal(
      encodeFrame(command, 'ROCKETMQ').toString('hex'),
      '0000002601000022006900' + '01df00000007000000000000000' + '00000000d0005746f70696300000002' + '5431',
    );
  });

  it('brings any command through both headers', () => {
    fc.assert(
      fc.property(anyCommand, fc.constantFrom('JSON' as const, 'ROCKETMQ' as const), (command, serializeType) => {
        assert.deepEqual(decodeFrame(encodeFrame(command, serializeType)), { command, serializeType });
      }),
    );
  });

  it('writes headers of ASCII straight into memory, the same bytes, and leaves the others', () => {
    const target = Buffer.alloc(2000);
    fc.assert(
      fc.property(anyCommand, fc.integer({ min: 0, max: 1900 }), (command, at) => {
        const whole = encodeFrame(command);
        const head = whole.subarray(0, whole.length - command.body.length);
        const end = writePlainHead(command, command.body.length, target, at);
        const { language, remark = '', extFields } = command;
        const isPlain = !/[^\0-\x7e]/.test([language, remark, ...Object.entries(extFields).flat()].join(''));
        assert.equal(end, isPlain && at + head.length <= target.length ? at + head.length : -1);
        if (end > 0) assert.equal(target.toString('latin1', at, end), head.toString('latin1'));
      }),
    );
  });

  it('writes heads like those before from patterns, the same bytes', () => {
    const value = fc.constantFrom('a', 'b', 'ab', 'ba', '"', '\u0001', 'é', '');
    const extFields = fc
      .tuple(fc.constantFrom('x', 'y'), value, fc.option(value))
      .map(([name, one, other]): Record<string, string> =>
        other === null ? { [name]: one } : { [name]: one, z: other },
      );
    const alike: fc.Arbitrary<RemotingCommand> = fc.record(
      {
        code: fc.constantFrom(0, 8),
        language: fc.constantFrom('JAVA', 'CPP!'),
        version: fc.constantFrom(479, 480),
        opaque: fc.constantFrom(-1, 0, 7, 8, 17, 0x7fffffff),
        flag: fc.constantFrom(0, 1),
        remark: fc.constantFrom(undefined, 'FOUND', 'a"b'),
        extFields,
        body: fc.constant(EMPTY_BODY),
      },
      { noNullPrototype: true },
    );
    const target = Buffer.alloc(400, '!');
    fc.assert(
      fc.property(alike, fc.array(alike, { maxLength: 30 }), fc.integer({ min: 0, max: 250 }), (often, others, at) => {
        // So often that it becomes a pattern.
        for (const command of [...new Array<RemotingCommand>(20).fill(often), ...others]) {
          const head = encodeFrame(command);
          const isPlain = !head.subarray(8).some((byte) => byte > 0x7e);
          const end = writePlainHead(command, 0, target, at);
          assert.equal(end, isPlain && at + head.length <= target.length ? at + head.length : -1);
          if (end > 0) assert.equal(target.toString('latin1', at, end), head.toString('latin1'));
        }
      }),
    );
  });

  it('takes numbers in ext fields as text, as the C++ client sends them', () => {
    const header = Buffer.from(
      '{"code":310,"opaque":1,"flag":0,"language":"CPP","version":333,"remark":"","extFields":{"d":4,"k":false,"a":"g","z":null}}',
    );
    const frame = Buffer.concat([Buffer.alloc(8), header]);
    frame.writeInt32BE(header.length + 4, 0);
    frame.writeInt32BE(header.length, 4);
    assert.deepEqual(decodeFrame(frame).command.extFields, { d: '4', k: 'false', a: 'g' });
  });

  it('refuses codes that do not fit the binary header', () => {
    const command = {
      code: 200050,
      language: 'JAVA',
      version: 479,
      opaque: 7,
      flag: 0,
      remark: undefined,
      extFields: {},
      body: EMPTY_BODY,
    };
    assert.throws(() => encodeFrame(command, 'ROCKETMQ'), isError('frame-illegal'));
  });

  it('answers garbage with an error, never with another', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        const frame = Buffer.from(bytes);
        if (frame.length >= 8 && frame.length % 2 === 0) frame.writeInt32BE(frame.length - 4, 0);
        try {
          decodeFrame(frame);
        } catch (error) {
          assert.ok(error instanceof CodedError && error.code === 'frame-illegal', String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('FrameSplitter', () => {
  const frames = goldenFrames().map(({ frame }) => frame);
  const stream = Buffer.concat(frames);

  it('finds the same frames byte by byte', () => {
    const splitter = new FrameSplitter();
    const found: Buffer[] = [];
    for (let at = 0; at < 60_000; at += 1) found.push(...splitter.push(stream.subarray(at, at + 1)));
    assert.ok(found.length > 50);
    assert.deepEqual(found, frames.slice(0, found.length));
  });

  it('finds the same frames in any cuts', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 60 }), (sizes) => {
        const splitter = new FrameSplitter();
        const found: Buffer[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          found.push(...splitter.push(stream.subarray(at, at + size)));
          at += size;
        }
        assert.deepEqual(found, frames);
        assert.equal(splitter.heldBytes, 0);
      }),
      { numRuns: 40 },
    );
  });

  it('refuses a frame that announces 2 GB as soon as its prefix is there', () => {
    const prefix = Buffer.from('7fffffff00000010', 'hex');
    assert.throws(() => new FrameSplitter().push(prefix), isError('frame-too-large'));
    const splitter = new FrameSplitter();
    splitter.push(prefix.subarray(0, 5));
    assert.throws(() => splitter.push(prefix.subarray(5)), isError('frame-too-large'));
  });

  it('takes the largest frame allowed and not one byte more', () => {
    const prefix = (totalBytes: number): Buffer => {
      const bytes = Buffer.alloc(8);
      bytes.writeInt32BE(totalBytes - 4, 0);
      return bytes;
    };
    assert.deepEqual(new FrameSplitter().push(prefix(MAX_FRAME_BYTES)), []);
    assert.throws(() => new FrameSplitter().push(prefix(MAX_FRAME_BYTES + 1)), isError('frame-too-large'));
  });

  it('refuses lengths that do not fit each other', () => {
    assert.throws(() => new FrameSplitter().push(Buffer.from('0000000400000001', 'hex')), isError('frame-illegal'));
    assert.throws(() => new FrameSplitter().push(Buffer.from('0000000200000000', 'hex')), isError('frame-illegal'));
    assert.throws(() => new FrameSplitter().push(Buffer.from('fffffff000000000', 'hex')), isError('frame-illegal'));
  });
});

function isError(code: string): (error: unknown) => boolean {
  return (error) => error instanceof CodedError && error.code === code;
}

/** The C++ client sends numbers; we read them as text. */
function textValues(fields: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
}
