import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CodedError } from '../../../src/base/errors.ts';
import { decodeBatch, encodeBatch } from '../../../src/protocol/batch.ts';
import { decompressBody } from '../../../src/protocol/compression.ts';
import { decodeFrame } from '../../../src/protocol/frame.ts';
import { formatHostAddress, ipBytes, ipText, parseHostAddress } from '../../../src/protocol/hostAddress.ts';
import { bodyCrcOf, decodeMessage, decodeMessages, encodeMessage } from '../../../src/protocol/message.ts';
import type { NewMessage } from '../../../src/protocol/message.ts';
import { offsetMessageId, parseOffsetMessageId, uniqueKeySource } from '../../../src/protocol/messageId.ts';
import { decodeProperties, encodeProperties, propertyOf } from '../../../src/protocol/messageProperty.ts';
import { goldenExchange, goldenExchanges, goldenFrames } from '../../support/goldenFrames.ts';
import type { GoldenRecord } from '../../support/goldenFrames.ts';

/** The record of the sheet, remoting §4.1. */
const SHEET_RECORD =
  '00000066daa320a758932aac000000000000000000000000000000000000000000000000000000000000018bcfe568007f0000010000c350' +
  '0000018bcfe568017f00000100002a9f000000000000000000000000000000026869025431000754414753014102';

const sheetMessage: NewMessage = {
  queueId: 0,
  flag: 0,
  queueOffset: 0,
  physicalOffset: 0,
  sysFlag: 0,
  bornTimestamp: 1700000000000,
  bornHost: parseHostAddress('127.0.0.1:50000'),
  storeTimestamp: 1700000000001,
  storeHost: parseHostAddress('127.0.0.1:10911'),
  reconsumeTimes: 0,
  preparedTransactionOffset: 0,
  body: Buffer.from('hi'),
  topic: 'T1',
  properties: encodeProperties([['TAGS', 'A']]),
};

const anyHost = fc
  .oneof(fc.ipV4(), fc.ipV6())
  .chain((ip) => fc.integer({ min: 0, max: 65535 }).map((port) => ({ ip: ipBytes(ip), port })));
const int32 = fc.integer({ min: -0x80000000, max: 0x7fffffff });
const offset = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

const anyMessage: fc.Arbitrary<NewMessage> = fc.record(
  {
    queueId: int32,
    flag: int32,
    queueOffset: offset,
    physicalOffset: offset,
    sysFlag: fc.constantFrom(0, 1, 4, 8, 0x301),
    bornTimestamp: fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER }),
    bornHost: anyHost,
    storeTimestamp: offset,
    storeHost: anyHost,
    reconsumeTimes: int32,
    preparedTransactionOffset: offset,
    body: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
    topic: fc.string({ minLength: 1, maxLength: 200, unit: fc.constantFrom('a', 'Z', '_', '%', '-') }),
    properties: fc.string({ unit: 'grapheme', maxLength: 60 }),
  },
  { noNullPrototype: true },
);

describe('message', () => {
  it('writes the record of the sheet byte for byte', () => {
    assert.equal(encodeMessage(sheetMessage).toString('hex'), SHEET_RECORD);
  });

  it('reads every record of the golden answers as the recorder did, and writes the same bytes', () => {
    let count = 0;
    for (const { name, frame, side } of goldenFrames()) {
      if (side.records === undefined) continue;
      const { body } = decodeFrame(frame).command;
      if (name.includes('reply_') || name.startsWith('send')) continue;
      const messages = decodeMessages(body);
      assert.equal(messages.length, side.records.length, name);
      for (const [index, message] of messages.entries()) {
        const expected: GoldenRecord = side.records[index]!;
        assert.equal(message.topic, expected.topic, name);
        assert.equal(message.queueId, expected.queueId);
        assert.equal(message.queueOffset, expected.queueOffset);
        assert.equal(message.physicalOffset, expected.commitLogOffset);
        assert.equal(message.sizeBytes, expected.storeSize);
        assert.equal(message.bodyCrc, expected.bodyCrc);
        assert.equal(message.sysFlag, expected.sysFlag);
        assert.equal(message.bornTimestamp, expected.bornTimestamp);
        assert.equal(formatHostAddress(message.bornHost), expected.bornHost);
        assert.equal(message.storeTimestamp, expected.storeTimestamp);
        assert.equal(formatHostAddress(message.storeHost), expected.storeHost);
        assert.equal(message.reconsumeTimes, expected.reconsumeTimes);
        assert.equal(message.preparedTransactionOffset, expected.preparedTransactionOffset);
        assert.deepEqual(Object.fromEntries(decodeProperties(message.properties)), expected.properties);
        if (expected.bodyUtf8 !== undefined)
          assert.equal(decompressBody(message.body, message.sysFlag).toString(), expected.bodyUtf8);
        assert.equal(bodyCrcOf(message.body), message.bodyCrc);
        count += 1;
      }
      assert.deepEqual(Buffer.concat(messages.map((message) => encodeMessage(message))), body, name);
    }
    assert.ok(count >= 20, `${count} records`);
  });

  it('brings any message through, IPv6 hosts and long topics too', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        const { sizeBytes, bodyCrc, ...read } = decodeMessage(encodeMessage(message));
        assert.equal(sizeBytes, encodeMessage(message).length);
        assert.equal(bodyCrc, bodyCrcOf(message.body));
        assert.deepEqual({ ...read, sysFlag: read.sysFlag & ~0x30 }, message);
      }),
    );
  });

  it('tells hosts of one port apart, and keeps them when the bytes are used again', () => {
    const hosts = ['127.0.0.1:50000', '127.0.0.2:50000', '[::1]:50000', '127.0.0.1:50064'];
    const read = [...hosts, ...hosts].map((host) => {
      const record = encodeMessage({ ...sheetMessage, bornHost: parseHostAddress(host) });
      const { bornHost } = decodeMessage(record);
      record.fill(0);
      return bornHost;
    });
    assert.deepEqual(read.map(formatHostAddress), [...hosts, ...hosts]);
  });

  it('refuses a record cut anywhere', () => {
    const record = Buffer.from(SHEET_RECORD, 'hex');
    for (let size = 0; size < record.length; size += 1) {
      assert.throws(() => decodeMessage(record.subarray(0, size)), isIllegal, `cut at ${size}`);
    }
  });

  it('never throws anything but message-illegal for damaged bytes', () => {
    fc.assert(
      fc.property(fc.nat(SHEET_RECORD.length / 2 - 1), fc.nat(255), (at, value) => {
        const record = Buffer.from(SHEET_RECORD, 'hex');
        record[at] = value;
        try {
          decodeMessage(record);
        } catch (error) {
          assert.ok(isIllegal(error), String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses properties that do not fit a record', () => {
    assert.throws(
      () => encodeMessage({ ...sheetMessage, properties: 'x'.repeat(32768) }),
      (error) => error instanceof CodedError && error.code === 'properties-too-large',
    );
  });
});

describe('batch', () => {
  it('reads the batch that the Java client sent', () => {
    const request = decodeFrame(Buffer.from(goldenExchange('send_batch').requestHex, 'hex')).command;
    const items = decodeBatch(request.body);
    assert.ok(items.length >= 2);
    assert.match(items[0]!.body.toString(), /^batch/);
    assert.match(propertyOf(items[0]!.properties, 'UNIQ_KEY') ?? '', /^[0-9A-F]{32}$/);
    assert.deepEqual(encodeBatch(items), request.body);
  });

  it('refuses a batch cut anywhere', () => {
    const whole = encodeBatch([{ flag: 1, body: Buffer.from('body'), properties: 'KEYS\u0001k\u0002' }]);
    for (let size = 1; size < whole.length; size += 1)
      assert.throws(() => decodeBatch(whole.subarray(0, size)), isIllegal);
  });
});

describe('messageProperty', () => {
  it('drops pairs without name or value and reads a missing last separator', () => {
    assert.deepEqual(
      [...decodeProperties('a\u00011\u0002\u0001x\u0002b\u0001\u0002c\u00012')],
      [
        ['a', '1'],
        ['c', '2'],
      ],
    );
  });

  it('finds one value without decoding the rest', () => {
    const text = encodeProperties([
      ['XTAGS', 'no'],
      ['TAGS', 'yes'],
      ['E', ''],
    ]);
    assert.equal(propertyOf(text, 'TAGS'), 'yes');
    assert.equal(propertyOf(text, 'XTAGS'), 'no');
    assert.equal(propertyOf(text, 'AGS'), undefined);
    assert.equal(propertyOf(text, 'E'), undefined);
  });

  it('finds one property where the map has it', () => {
    const text = fc.stringMatching(/^[AB]{0,3}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text)), text, (pairs, name) => {
        const kept = new Map(pairs.filter(([key]) => key !== '').reverse());
        const encoded = encodeProperties([...kept]);
        assert.equal(propertyOf(encoded, name), decodeProperties(encoded).get(name));
        assert.equal(propertyOf(encoded.slice(0, -1), name), decodeProperties(encoded.slice(0, -1)).get(name));
      }),
    );
  });
});

describe('messageId', () => {
  it('writes and reads the offset id of the sheet', () => {
    const storeHost = parseHostAddress('127.0.0.1:10911');
    assert.equal(offsetMessageId(storeHost, 4096), '7F00000100002A9F0000000000001000');
    assert.deepEqual(parseOffsetMessageId('7F00000100002A9F0000000000001000'), { storeHost, physicalOffset: 4096 });
  });

  it('tells unique keys from offset ids', () => {
    const key = uniqueKeySource({
      ip: ipBytes('192.168.0.2'),
      pid: 0,
      processMark: 7,
      now: () => Date.UTC(2026, 4, 3),
    })();
    assert.equal(key.length, 32);
    assert.throws(() => parseOffsetMessageId(key), isIllegal);
  });

  it('makes keys that never repeat within a millisecond', () => {
    const next = uniqueKeySource({ ip: ipBytes('10.0.0.1'), pid: 4711, processMark: 1, now: () => 1_800_000_000_000 });
    const keys = new Set(Array.from({ length: 65_536 }, next));
    assert.equal(keys.size, 65_536);
  });

  it('matches the ids in golden answers', () => {
    const { response } = goldenExchanges().find(({ name }) => name === 'send_v2')!;
    const { storeHost } = parseOffsetMessageId(response!.extFields['msgId']!);
    assert.equal(formatHostAddress(storeHost), '127.0.0.1:10911');
  });
});

describe('hostAddress', () => {
  it('brings IPv6 texts through', () => {
    for (const ip of ['::1', '2001:db8::8:800:200c:417a', 'fe80::', '1:2:3:4:5:6:7:8', '::'])
      assert.equal(ipText(ipBytes(ip)), ip);
    assert.equal(ipText(ipBytes('::ffff:10.1.2.3')), '10.1.2.3');
    assert.equal(formatHostAddress(parseHostAddress('[::1]:9876')), '[::1]:9876');
  });
});

function isIllegal(error: unknown): boolean {
  return error instanceof CodedError && error.code === 'message-illegal';
}
