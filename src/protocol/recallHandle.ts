/** Names a timer message that waits, so that its sender can take it back. Source: RecallMessageHandle.java. */
export interface RecallHandle {
  readonly topic: string;
  readonly brokerName: string;
  /** In the slot in which the message is due. */
  readonly timestamp: string;
  /** The message's unique key. */
  readonly messageId: string;
}

const VERSION = 'v1';

export function encodeRecallHandle({ topic, brokerName, timestamp, messageId }: RecallHandle): string {
  const bytes = Buffer.from([VERSION, topic, brokerName, timestamp, messageId].join(' '));
  const bare = bytes.toString('base64url');
  return bare.padEnd(Math.ceil(bare.length / 4) * 4, '=');
}

/** Undefined for what is no handle. */
export function decodeRecallHandle(handle: string): RecallHandle | undefined {
  if (!/^(?:[\w-]{4})*(?:[\w-]{2}(?:==)?|[\w-]{3}=?)?$/.test(handle)) return undefined;
  const [version, topic, brokerName, timestamp, messageId] = Buffer.from(handle, 'base64url').toString().split(' ');
  if (version !== VERSION || topic === undefined || brokerName === undefined) return undefined;
  if (timestamp === undefined || messageId === undefined || messageId === '') return undefined;
  return { topic, brokerName, timestamp, messageId };
}
