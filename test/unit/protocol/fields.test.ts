import assert from 'node:assert/strict';
import { CodedError } from '../../../src/base/errors.ts';
import { decodeFields, encodeFields, LONG_MAX } from '../../../src/protocol/fields.ts';
import { pullMessage } from '../../../src/protocol/requests/pull.ts';
import { queryMessage } from '../../../src/protocol/requests/query.ts';
import { expandLetters, sendMessage, shrinkToLetters } from '../../../src/protocol/requests/send.ts';
import { decodeFrame } from '../../../src/protocol/frame.ts';
import { goldenExchange } from '../../support/goldenFrames.ts';

describe('fields', () => {
  it('reads the pull of the Java client', () => {
    const { extFields } = decodeFrame(Buffer.from(goldenExchange('pull_found').requestHex, 'hex')).command;
    const header = decodeFields(pullMessage, extFields);
    assert.equal(header.topic, 'GoldenTopic');
    assert.equal(header.queueOffset, 0);
    assert.equal(header.maxMsgNums, 32);
  });

  it('turns the letters of a V2 send into names and back', () => {
    const { extFields } = decodeFrame(Buffer.from(goldenExchange('send_v2').requestHex, 'hex')).command;
    const header = decodeFields(sendMessage, expandLetters(extFields));
    assert.equal(header.producerGroup, 'GoldenProducer');
    assert.equal(header.defaultTopic, 'TBW102');
    assert.equal(header.defaultTopicQueueNums, 4);
    assert.equal(header.batch, false);
    assert.deepEqual(shrinkToLetters(encodeFields(sendMessage, header)), extFields);
  });

  it('names the field that is missing or no number', () => {
    const isHeaderError = (field: string) => (error: unknown) =>
      error instanceof CodedError && error.code === 'header-illegal' && error.details['field'] === field;
    assert.throws(() => decodeFields(queryMessage, { topic: 't' }), isHeaderError('key'));
    assert.throws(() => decodeFields(queryMessage, { topic: 't', key: 'k', maxNum: 'many' }), isHeaderError('maxNum'));
  });

  it('clamps what does not fit int64', () => {
    const header = { topic: 't', key: 'k', maxNum: 1, beginTimestamp: 0, endTimestamp: LONG_MAX };
    assert.equal(encodeFields(queryMessage, header)['endTimestamp'], '9223372036854775807');
    assert.equal(
      encodeFields(queryMessage, { ...header, endTimestamp: -1e30 })['endTimestamp'],
      '-9223372036854775808',
    );
  });
});
