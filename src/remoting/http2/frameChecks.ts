import { Http2Code, Http2Error } from '../../protocol/http2/http2Code.ts';

/* What is wrong with a frame, so that its connection cannot go on. Source: RFC 9113 §6. */

/** @throws Http2Error */
export function checkLength(payload: Buffer, length: number): void {
  if (payload.length !== length) {
    throw new Http2Error(Http2Code.FRAME_SIZE_ERROR, `${payload.length} bytes stand where ${length} do`);
  }
}

/** @throws Http2Error */
export function checkConnection(id: number): void {
  if (id !== 0) throw illegal('a frame of the connection names a stream');
}

export function illegal(problem: string): Http2Error {
  return new Http2Error(Http2Code.PROTOCOL_ERROR, problem);
}

export function tooMuchData(): Http2Error {
  return new Http2Error(Http2Code.FLOW_CONTROL_ERROR, 'more data than was allowed');
}
