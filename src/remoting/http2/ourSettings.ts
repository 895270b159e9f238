import { Setting } from '../../protocol/http2/http2Code.ts';
import { encodeSettings } from '../../protocol/http2/payloads.ts';

/** A body of 4 MiB needs no pause. */
export const STREAM_WINDOW = 4 * 1024 * 1024;
export const CONNECTION_WINDOW = 16 * 1024 * 1024;
export const MAX_STREAMS = 8192;
/** Of one request, as it is sent and as it is read. */
export const MAX_HEADER_BYTES = 64 * 1024;

export const OUR_SETTINGS = encodeSettings([
  [Setting.MAX_CONCURRENT_STREAMS, MAX_STREAMS],
  [Setting.INITIAL_WINDOW_SIZE, STREAM_WINDOW],
  [Setting.MAX_HEADER_LIST_SIZE, MAX_HEADER_BYTES],
]);
