import {
  DEFAULT_FRAME_BYTES,
  FrameFlag,
  Http2Code,
  Http2Error,
  MAX_FRAME_BYTES,
  MAX_WINDOW,
  Setting,
} from './http2Code.ts';

const SETTING_BYTES = 6;

export function encodeSettings(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(settings.length * SETTING_BYTES);
  for (const [index, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, index * SETTING_BYTES);
    payload.writeUInt32BE(value, index * SETTING_BYTES + 2);
  }
  return payload;
}

/** By their numbers, unknown ones too. Source: RFC 9113 §6.5. @throws Http2Error */
export function readSettings(payload: Buffer): ReadonlyMap<number, number> {
  if (payload.length % SETTING_BYTES !== 0) {
    throw new Http2Error(Http2Code.FRAME_SIZE_ERROR, 'settings end within one of them');
  }
  const settings = new Map<number, number>();
  for (let at = 0; at < payload.length; at += SETTING_BYTES) {
    settings.set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
  }
  if ((settings.get(Setting.INITIAL_WINDOW_SIZE) ?? 0) > MAX_WINDOW) {
    throw new Http2Error(Http2Code.FLOW_CONTROL_ERROR, 'a window is too large');
  }
  const frameBytes = settings.get(Setting.MAX_FRAME_SIZE) ?? DEFAULT_FRAME_BYTES;
  if (
    frameBytes < DEFAULT_FRAME_BYTES ||
    frameBytes > MAX_FRAME_BYTES ||
    (settings.get(Setting.ENABLE_PUSH) ?? 0) > 1
  ) {
    throw new Http2Error(Http2Code.PROTOCOL_ERROR, 'a setting has a value that it cannot have');
  }
  return settings;
}

/** Of DATA or HEADERS. Source: RFC 9113 §6.1. @throws Http2Error */
export function withoutPadding(flags: number, payload: Buffer): Buffer {
  if ((flags & FrameFlag.PADDED) === 0) return payload;
  const padding = payload[0];
  if (padding === undefined || padding >= payload.length) {
    throw new Http2Error(Http2Code.PROTOCOL_ERROR, 'a frame is shorter than its padding');
  }
  return payload.subarray(1, payload.length - padding);
}
