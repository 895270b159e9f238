import assert from 'node:assert/strict';
import { areTrailers, isRequest } from '../../../../src/protocol/http2/requestHeaders.ts';

const REQUEST = [':method', 'POST', ':scheme', 'http', ':path', '/a'];

describe('headers of a request', () => {
  it('are those of gRPC clients', () => {
    assert.ok(isRequest([...REQUEST, ':authority', 'localhost', 'te', 'trailers', 'content-type', 'application/grpc']));
    assert.ok(isRequest(REQUEST));
  });

  for (const [what, headers] of [
    ['without a method', REQUEST.slice(2)],
    ['without a scheme', REQUEST.toSpliced(2, 2)],
    ['without a path', REQUEST.slice(0, 4)],
    ['with an empty path', [...REQUEST.slice(0, 5), '']],
    ['with two methods', [...REQUEST, ':method', 'GET']],
    ['with two paths', [...REQUEST, ':path', '/b']],
    ['with what an answer says', [...REQUEST, ':status', '200']],
    ['with a name that every object has', [...REQUEST, ':constructor', '']],
    ['with its path behind other headers', [...REQUEST.slice(0, 4), 'a', '1', ':path', '/a']],
    ['with a header of the connection', [...REQUEST, 'connection', 'close']],
    ['with an upgrade', [...REQUEST, 'upgrade', 'h2c']],
    ['that wants other than trailers', [...REQUEST, 'te', 'gzip']],
  ] as const) {
    it(`are not those of one ${what}`, () => assert.ok(!isRequest(headers)));
  }

  it('stand not among trailers', () => {
    assert.ok(areTrailers(['grpc-status', '0']));
    assert.ok(!areTrailers(['a', '1', ':path', '/']));
  });
});
