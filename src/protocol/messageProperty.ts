/** Reserved property names. Source: MessageConst.java; remoting sheet §4.14. */
export const PropertyName = {
  KEYS: 'KEYS',
  TAGS: 'TAGS',
  WAIT: 'WAIT',
  DELAY: 'DELAY',
  RETRY_TOPIC: 'RETRY_TOPIC',
  REAL_TOPIC: 'REAL_TOPIC',
  REAL_QUEUE_ID: 'REAL_QID',
  TRANSACTION_PREPARED: 'TRAN_MSG',
  TRANSACTION_ID: '__transactionId__',
  TRANSACTION_CHECK_TIMES: 'TRANSACTION_CHECK_TIMES',
  /** Of a half message that was put back while its producer may not be asked yet: where it lay first. */
  TRANSACTION_PREPARED_QUEUE_OFFSET: 'TRAN_PREPARED_QUEUE_OFFSET',
  CHECK_IMMUNITY_SECONDS: 'CHECK_IMMUNITY_TIME_IN_SECONDS',
  PRODUCER_GROUP: 'PGROUP',
  ORIGIN_MESSAGE_ID: 'ORIGIN_MESSAGE_ID',
  RECONSUME_TIME: 'RECONSUME_TIME',
  MAX_RECONSUME_TIMES: 'MAX_RECONSUME_TIMES',
  MSG_REGION: 'MSG_REGION',
  TRACE_SWITCH: 'TRACE_ON',
  UNIQUE_KEY: 'UNIQ_KEY',
  CLUSTER: 'CLUSTER',
  POP_CK: 'POP_CK',
  FIRST_POP_TIME: '1ST_POP_TIME',
  BORN_TIMESTAMP: 'BORN_TIMESTAMP',
  REPLY_TO_CLIENT: 'REPLY_TO_CLIENT',
  PUSH_REPLY_TIME: 'PUSH_REPLY_TIME',
  /** How many messages a record holds that holds many. */
  INNER_NUM: 'INNER_NUM',
  TIMER_DELIVER_MS: 'TIMER_DELIVER_MS',
  TIMER_DELAY_MS: 'TIMER_DELAY_MS',
  TIMER_DELAY_SEC: 'TIMER_DELAY_SEC',
  TIMER_OUT_MS: 'TIMER_OUT_MS',
  TIMER_ENQUEUE_MS: 'TIMER_ENQUEUE_MS',
  TIMER_DEQUEUE_MS: 'TIMER_DEQUEUE_MS',
  TIMER_ROLL_TIMES: 'TIMER_ROLL_TIMES',
  TIMER_DELETE_KEY: 'TIMER_DEL_UNIQKEY',
  /** The message group of gRPC. */
  SHARDING_KEY: '__SHARDINGKEY',
  /** Where the producer says it stands. */
  BORN_HOST: '__BORNHOST',
  TRACE_CONTEXT: 'TRACE_CONTEXT',
  DEAD_LETTER_TOPIC: 'DLQ_ORIGIN_TOPIC',
  DEAD_LETTER_MESSAGE_ID: 'DLQ_ORIGIN_MESSAGE_ID',
  PRIORITY: '_SYS_MSG_PRIORITY_',
  LITE_TOPIC: '__LITE_TOPIC',
  /** Queues beside that of its topic which hold the message, and its offsets there. */
  MULTI_DISPATCH: 'INNER_MULTI_DISPATCH',
  MULTI_QUEUE_OFFSET: 'INNER_MULTI_QUEUE_OFFSET',
} as const;

const RESERVED: ReadonlySet<string> = new Set([
  ...Object.values(PropertyName),
  ...[
    'MIN_OFFSET',
    'MAX_OFFSET',
    'BUYER_ID',
    'MQ2_FLAG',
    'TRANSFER_FLAG',
    'CORRECTION_FLAG',
    'EXTEND_UNIQ_INFO',
    'DUP_INFO',
  ],
  ...['CONSUME_START_TIME', 'INNER_BASE', 'INSTANCE_ID'],
  ...['CORRELATION_ID', 'TTL', 'ARRIVE_TIME', 'MSG_TYPE', 'POP_CK_OFFSET'],
  ...['PROPERTY_FORWARD_QUEUE_ID', 'REDIRECT'],
  ...['__CRC32#', 'TIMER_DELAY_LEVEL', '__STARTDELIVERTIME'],
]);

/** True for names that user code must not set: Java's putUserProperty refuses them. */
export function isReservedProperty(name: string): boolean {
  return RESERVED.has(name) || name.startsWith('__RMQ.TRANSIENT.');
}

/** Largest encoded property string a record can hold. */
export const MAX_PROPERTIES_BYTES = 32767;

const NAME_VALUE_SEPARATOR = '\u0001';
const PROPERTY_SEPARATOR = '\u0002';

/** `name 0x01 value 0x02 …`. Source: MessageDecoder.messageProperties2String; remoting sheet §4.5. */
export function encodeProperties(properties: Iterable<readonly [string, string]>): string {
  let text = '';
  for (const [name, value] of properties) text += encodeProperty(name, value);
  return text;
}

export function encodeProperty(name: string, value: string): string {
  return name + NAME_VALUE_SEPARATOR + value + PROPERTY_SEPARATOR;
}

/** Pairs without a name or a value are dropped, as Java does; of a repeated name the last wins. */
export function decodeProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>();
  let at = 0;
  while (at < text.length) {
    let end = text.indexOf(PROPERTY_SEPARATOR, at);
    if (end < 0) end = text.length;
    const middle = text.indexOf(NAME_VALUE_SEPARATOR, at);
    if (middle > at && middle + 1 < end) properties.set(text.slice(at, middle), text.slice(middle + 1, end));
    at = end + 1;
  }
  return properties;
}

/** One value without building the map; undefined when absent. */
export function propertyOf(text: string, name: string): string | undefined {
  // Every message is asked for several: the name is found without making another text of it.
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const valueAt = at + name.length + 1;
    if (valueAt > text.length) return undefined;
    if (text[valueAt - 1] !== NAME_VALUE_SEPARATOR) continue;
    if (at > 0 && text[at - 1] !== PROPERTY_SEPARATOR) continue;
    const end = text.indexOf(PROPERTY_SEPARATOR, valueAt);
    const value = text.slice(valueAt, end < 0 ? text.length : end);
    return value === '' ? undefined : value;
  }
  return undefined;
}

/** True when the text would break the encoding of the property string. */
export function breaksProperties(text: string): boolean {
  return text.includes(NAME_VALUE_SEPARATOR) || text.includes(PROPERTY_SEPARATOR);
}
