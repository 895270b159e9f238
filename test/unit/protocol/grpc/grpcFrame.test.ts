import assert from 'node:assert/strict';
import { GrpcFrameSplitter, encodeGrpcFrame } from '../../../../src/protocol/grpc/grpcFrame.ts';
import {
  GrpcError,
  GrpcStatus,
  encodeGrpcMessage,
  parseGrpcTimeout,
} from '../../../../src/protocol/grpc/grpcStatus.ts';

describe('gRPC framing', () => {
  it('cuts messages out of pieces of any size', () => {
    const sent = ['', 'a', 'hello', 'x'.repeat(1000)];
    const bytes = Buffer.concat(sent.map((text) => encodeGrpcFrame(Buffer.from(text))));
    for (const size of [1, 3, 5, 7, 999, bytes.length]) {
      const splitter = new GrpcFrameSplitter(1000);
      const found: string[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        for (const { message } of splitter.push(bytes.subarray(at, at + size))) found.push(message.toString());
      }
      assert.deepEqual(found, sent);
      assert.ok(!splitter.isPartial);
    }
  });

  it('tells that a message is compressed, and that one is not whole yet', () => {
    const splitter = new GrpcFrameSplitter(10);
    assert.deepEqual(splitter.push(Buffer.from([1, 0, 0, 0, 1])), []);
    assert.ok(splitter.isPartial);
    assert.deepEqual(splitter.push(Buffer.from([9])), [{ isCompressed: true, message: Buffer.from([9]) }]);
  });

  it('refuses a message that is too large before it is read', () => {
    assert.throws(
      () => new GrpcFrameSplitter(10).push(Buffer.from([0, 0, 0, 0, 11])),
      (error) => error instanceof GrpcError && error.status === GrpcStatus.RESOURCE_EXHAUSTED,
    );
  });

  it('percent-encodes what a header cannot hold', () => {
    assert.equal(encodeGrpcMessage('all is well'), 'all is well');
    assert.equal(encodeGrpcMessage('50% ü\n'), '50%25 %C3%BC%0A');
  });

  it('reads timeouts in every unit, of 60 years too', () => {
    const cases = { '31535999M': 31535999 * 60_000, '3S': 3000, '1500m': 1500, '1u': 1, '5n': 1, '2H': 7_200_000 };
    for (const [text, ms] of Object.entries(cases)) assert.equal(parseGrpcTimeout(text), ms, text);
    for (const text of [undefined, '', 'S', '123456789S', '-1S', '1x']) assert.equal(parseGrpcTimeout(text), undefined);
  });
});
