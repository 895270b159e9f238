import assert from 'node:assert/strict';
import { decodeBatchAck, encodeAssignments } from '../../../src/protocol/bodies/pop.ts';
import {
  encodePopReceipt,
  heldTopic,
  messageOffsetInfo,
  normalTopic,
  orderCountInfo,
  parsePopReceipt,
  popRetryTopic,
  startOffsetInfo,
} from '../../../src/protocol/popReceipt.ts';
import {
  ackKey,
  checkPointKey,
  decodeAck,
  decodeCheckPoint,
  encodeAck,
  encodeCheckPoint,
  popKey,
} from '../../../src/protocol/popRecord.ts';
import { goldenExchange } from '../../support/goldenFrames.ts';

describe('protocol: POP', () => {
  describe('receipts', () => {
    it('are written and read in both forms', () => {
      for (const text of ['7 1700000000000 60000 3 1 broker-a 2 9', '0 1700000000000 60000 999 0 broker-a 0']) {
        assert.equal(encodePopReceipt(parsePopReceipt(text)), text);
      }
      assert.deepEqual(parsePopReceipt(goldenExchange('ack').request.extFields['extraInfo'] ?? ''), {
        startOffset: 0,
        popTime: 1795366140868,
        invisibleTime: 10000,
        reviveQueueId: 0,
        retry: '0',
        brokerName: 'broker-a',
        queueId: 0,
        offset: 1,
      });
    });

    for (const text of [
      '',
      '0 1 2 3 0',
      '0 1 2 3 0 b',
      'x 1 2 3 0 b 0',
      '0 1 2 3 4 b 0',
      '0 1 2 3.5 0 b 0',
      '0 1 2 3 0 b 0 ',
    ]) {
      it(`refuse ${JSON.stringify(text)}`, () => {
        assert.throws(() => parsePopReceipt(text), { code: 'header-illegal' });
      });
    }
  });

  it('retry topics have two names', () => {
    assert.equal(popRetryTopic('T', 'G'), '%RETRY%G_T');
    assert.equal(popRetryTopic('T', 'G', '2'), '%RETRY%G+T');
    for (const flag of ['0', '1', '2'] as const) assert.equal(normalTopic(heldTopic('a_T', 'G_a', flag), 'G_a'), 'a_T');
    assert.equal(startOffsetInfo('%RETRY%G+T', 0, 7), '2 0 7');
    assert.equal(messageOffsetInfo('%RETRY%G_T', 1, [7, 9]), '1 1 7,9');
  });

  it('order counts, as Apache’s broker writes them', () => {
    const counts = new Map([
      [7, 1],
      [9, 1],
    ]);
    assert.equal(orderCountInfo('t', 3, counts, 0), '0 qo3%7 1;0 qo3%9 1;0 3 0');
    assert.equal(orderCountInfo('t', 3, new Map(), 0), '0 3 0');
  });

  describe('the revive log, as Apache’s classes write it', () => {
    const point = {
      topic: 't',
      group: 'g',
      queueId: 3,
      startOffset: 7,
      popTime: 1_700_000_000_000,
      invisibleTime: 60_000,
      brokerName: 'broker-a',
      offsets: [7, 9],
      suspend: false,
    };

    it('check points', () => {
      const text =
        '{"bm":0,"bn":"broker-a","c":"g","d":[0,2],"it":60000,"n":2,"pt":1700000000000,"q":3,"reviveTime":1700000060000,"ro":0,"so":7,"sp":false,"t":"t"}';
      assert.equal(encodeCheckPoint(point).toString(), text);
      assert.deepEqual(decodeCheckPoint(Buffer.from(text)), point);
      assert.equal(checkPointKey(point), 't@3@7@g@1700000000000@broker-a@ck');
    });

    it('check points of old brokers, without distances', () => {
      const { offsets } = decodeCheckPoint(Buffer.from('{"so":7,"n":3,"t":"t","c":"g","pt":1,"it":2,"q":0}'));
      assert.deepEqual(offsets, [7, 8, 9]);
    });

    it('acknowledgements of one and of several', () => {
      const one = { ...point, offsets: [9] };
      const { tag, body } = encodeAck(one);
      const text = '{"ao":9,"bn":"broker-a","c":"g","pt":1700000000000,"q":3,"so":7,"t":"t"}';
      assert.deepEqual([tag, body.toString()], ['ack', text]);
      assert.equal(ackKey(one), 't@3@9@g@1700000000000@broker-a@ack');
      assert.equal(popKey(decodeAck(body)), popKey(point));
      const several = encodeAck(point);
      assert.equal(several.tag, 'bAck');
      assert.equal(ackKey(point), 't@3@[7, 9]@g@1700000000000@bAck');
      const apaches = '{"ao":0,"aol":[7,9],"c":"g","pt":1700000000000,"q":3,"so":7,"t":"t"}';
      for (const written of [several.body, Buffer.from(apaches)]) assert.deepEqual(decodeAck(written).offsets, [7, 9]);
    });
  });

  it('batch acknowledgements: bits, little end first', () => {
    const body = Buffer.from(
      '{"acks":[{"b":"AQI=","c":"g","it":0,"pt":0,"q":0,"r":"0","rq":0,"so":7}],"brokerName":"b"}',
    );
    const { brokerName, acks } = decodeBatchAck(body);
    assert.deepEqual([brokerName, acks[0]?.offsets], ['b', [7, 16]]);
    assert.deepEqual(decodeBatchAck(Buffer.alloc(0)), { brokerName: '', acks: [] });
    const huge = { c: 'g', t: 't', r: '0', b: Buffer.alloc(1_000_000, 0xff).toString('base64') };
    assert.equal(decodeBatchAck(Buffer.from(JSON.stringify({ acks: [huge] }))).acks[0]?.offsets.length, 1_000_000);
  });

  it('assignments: nothing, none and some', () => {
    assert.equal(encodeAssignments(undefined, 'POP').toString(), '{}');
    assert.equal(encodeAssignments([], 'POP').toString(), '{"messageQueueAssignments":[]}');
    assert.equal(
      encodeAssignments([{ topic: 'T', brokerName: 'b', queueId: -1 }], 'POP').toString(),
      '{"messageQueueAssignments":[{"messageQueue":{"brokerName":"b","queueId":-1,"topic":"T"},"mode":"POP"}]}',
    );
  });
});
