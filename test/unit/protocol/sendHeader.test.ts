import assert from 'node:assert/strict';
import fc from 'fast-check';

import { CodedError } from '../../../src/base/errors.ts';
import { request } from '../../../src/protocol/command.ts';
import { decodeFields } from '../../../src/protocol/fields.ts';
import { encodeFrame, readFrame } from '../../../src/protocol/frame.ts';
import { repeatedText } from '../../../src/protocol/headerText.ts';
import { decodeSendMessage, expandLetters, sendMessage } from '../../../src/protocol/requests/send.ts';
import { goldenFrames } from '../../support/goldenFrames.ts';

const number = fc.oneof(
  fc.integer({ min: -3, max: 9 }).map(String),
  fc.maxSafeInteger().map(String),
  fc.constantFrom('007', '+5', '', 'x', '1.5', '99999999999999999999'),
);
const flag = fc.constantFrom('true', 'false', 'TRUE', 'yes', '');
const text = fc.oneof(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }), fc.constantFrom('T', 'Topic', 'é'));
const letters = fc.record(
  {
    ...{ a: text, b: text, c: text, d: number, e: number, f: number, g: number, h: number, i: text, j: number },
    ...{ k: flag, l: number, m: flag, n: text, z: text },
  },
  { requiredKeys: [], noNullPrototype: true },
);

/** The values, or what is said of them. */
function outcome(read: () => object): unknown {
  try {
    return Object.fromEntries(Object.entries(read()).filter(([, value]) => value !== undefined));
  } catch (error) {
    assert.ok(error instanceof CodedError, String(error));
    return error.details;
  }
}

describe('the header of a send', () => {
  it('reads from letters, binary or JSON, what the tables read from texts', () => {
    fc.assert(
      fc.property(letters, fc.constantFrom('ROCKETMQ' as const, 'JSON' as const), (extFields, serializeType) => {
        const command = readFrame(encodeFrame(request(1, { code: 310, extFields }), serializeType));
        const general = outcome(() => decodeFields(sendMessage, expandLetters(command.extFields)));
        assert.deepEqual(
          outcome(() => decodeSendMessage(command)),
          general,
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('finds a number past int32 illegal, of whichever field', () => {
    const required = { a: 'P', b: 'T', c: 'TBW102', d: '4', e: '0', f: '0', g: '1700000000000', h: '0' };
    for (const serializeType of ['ROCKETMQ', 'JSON'] as const) {
      const read = (extFields: Record<string, string>): unknown => {
        const command = readFrame(encodeFrame(request(1, { code: 310, extFields }), serializeType));
        return outcome(() => decodeSendMessage(command));
      };
      for (const letter of ['d', 'e', 'f', 'h', 'j', 'l']) {
        const field = Object.keys(expandLetters({ [letter]: '' }))[0] ?? '';
        assert.equal((read({ ...required, [letter]: '2147483647' }) as Record<string, unknown>)[field], 2147483647);
        assert.equal((read({ ...required, [letter]: '2147483648' }) as Record<string, unknown>)['field'], field);
      }
    }
  });

  it('reads the recorded sends of every client', () => {
    let count = 0;
    for (const { name, frame, side } of goldenFrames()) {
      if (![10, 310, 320].includes(side.code) || !/^(binary_|binary_both_)?send_/.test(name)) continue;
      const command = readFrame(frame);
      if ((command.flag & 1) !== 0) continue;
      count += 1;
      const { topic, queueId, bornTimestamp } = decodeSendMessage(command);
      const long = expandLetters(command.extFields);
      assert.deepEqual(
        [topic, queueId, bornTimestamp],
        [long['topic'], Number(long['queueId']), Number(long['bornTimestamp'])],
      );
    }
    assert.ok(count >= 10, String(count));
  });

  it('takes no invalid byte for the text that was read before', () => {
    assert.equal(repeatedText(Buffer.from('é'), 0, 2), 'é');
    assert.equal(repeatedText(Buffer.of(0xe9), 0, 1), '\ufffd');
    assert.equal(repeatedText(Buffer.of(0xe9), 0, 1), '\ufffd');
  });
});
