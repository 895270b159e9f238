import { crc32 } from 'node:zlib';
import { CodedError } from '../base/errors.ts';
import { readInt16, readInt32, readInt64, writeInt16, writeInt32, writeInt64 } from './bigEndian.ts';
import { repeatedText } from './headerText.ts';
import type { HostAddress } from './hostAddress.ts';
import { MAX_PROPERTIES_BYTES } from './messageProperty.ts';
import { SysFlag } from './sysFlag.ts';

/*
 * record = TOTALSIZE 4 | MAGIC 4 | BODYCRC 4 | QUEUEID 4 | FLAG 4 | QUEUEOFFSET 8 | PHYSICALOFFSET 8 | SYSFLAG 4
 *        | BORNTIMESTAMP 8 | BORNHOST 8/20 | STORETIMESTAMP 8 | STOREHOST 8/20 | RECONSUMETIMES 4
 *        | PREPAREDTRANSACTIONOFFSET 8 | BODYLENGTH 4 BODY | TOPICLENGTH 1/2 TOPIC | PROPERTIESLENGTH 2 PROPERTIES
 * The same bytes are in the commit log, in pull answers and on the replication link.
 * Source: MessageExtEncoder.java, MessageDecoder.java; remoting sheet §4.1.
 */

export interface StoredMessage {
  /** TOTALSIZE: the whole record. */
  readonly sizeBytes: number;
  readonly bodyCrc: number;
  readonly queueId: number;
  readonly flag: number;
  readonly queueOffset: number;
  /** Commit-log offset of the record. */
  readonly physicalOffset: number;
  readonly sysFlag: number;
  readonly bornTimestamp: number;
  readonly bornHost: HostAddress;
  readonly storeTimestamp: number;
  readonly storeHost: HostAddress;
  readonly reconsumeTimes: number;
  readonly preparedTransactionOffset: number;
  /** As sent: compressed when sysFlag says so. */
  readonly body: Buffer;
  readonly topic: string;
  /** The encoded property string, see messageProperty.ts. */
  readonly properties: string;
}

/** What a record is made from; size, checksum and the address bits of sysFlag follow from it. */
export type NewMessage = Omit<StoredMessage, 'sizeBytes' | 'bodyCrc'>;

/** What the store adds to a message. */
export type RecordPlace = Pick<StoredMessage, 'queueOffset' | 'physicalOffset' | 'storeTimestamp'>;

export const MAGIC_V1 = 0xdaa320a7 | 0;
/** With a 2-byte topic length, for topics past 127 bytes. */
export const MAGIC_V2 = 0xdaa320ab | 0;
/** Marks the unused rest of a commit-log file. */
export const MAGIC_BLANK = 0xcbd43194 | 0;

/** Positions of fields that come before anything of varying size. */
export const RecordOffset = { MAGIC: 4, QUEUE_ID: 12, QUEUE_OFFSET: 20, PHYSICAL_OFFSET: 28, SYS_FLAG: 36 } as const;

/** Size of an IPv4 V1 record without body, topic and properties. */
const FIXED_BYTES = 91;
const MAX_V1_TOPIC_BYTES = 127;

/** CRC32 of the body without its sign bit, as records hold it. */
export function bodyCrcOf(body: Buffer): number {
  return crc32(body) & 0x7fffffff;
}

/** Sizes of the parts of a record that is to be written. */
export interface RecordSize {
  readonly sizeBytes: number;
  readonly topicBytes: number;
  readonly propertiesBytes: number;
}

/** @throws CodedError `properties-too-large` past 32767 bytes */
export function measureMessage(message: Omit<NewMessage, keyof RecordPlace>): RecordSize {
  const topicBytes = Buffer.byteLength(message.topic);
  const propertiesBytes = Buffer.byteLength(message.properties);
  if (propertiesBytes > MAX_PROPERTIES_BYTES) {
    throw new CodedError('properties-too-large', { sizeBytes: propertiesBytes, maxSizeBytes: MAX_PROPERTIES_BYTES });
  }
  const hostsV6 = message.bornHost.ip.length + message.storeHost.ip.length - 8;
  const v2 = topicBytes > MAX_V1_TOPIC_BYTES ? 1 : 0;
  return {
    sizeBytes: FIXED_BYTES + hostsV6 + v2 + message.body.length + topicBytes + propertiesBytes,
    topicBytes,
    propertiesBytes,
  };
}

/** Writes the record at `start`; `size` is what `measureMessage` said of the same message. */
export function writeMessage(
  message: Omit<NewMessage, keyof RecordPlace>,
  place: RecordPlace,
  size: RecordSize,
  record: Buffer,
  start: number,
): void {
  const isV2 = size.topicBytes > MAX_V1_TOPIC_BYTES;
  let at = writeInt32(record, size.sizeBytes, start);
  at = writeInt32(record, isV2 ? MAGIC_V2 : MAGIC_V1, at);
  at = writeInt32(record, bodyCrcOf(message.body), at);
  at = writeInt32(record, message.queueId, at);
  at = writeInt32(record, message.flag, at);
  at = writeInt64(record, place.queueOffset, at);
  at = writeInt64(record, place.physicalOffset, at);
  at = writeInt32(record, sysFlagWithHosts(message), at);
  at = writeInt64(record, message.bornTimestamp, at);
  at = writeHost(record, message.bornHost, at);
  at = writeInt64(record, place.storeTimestamp, at);
  at = writeHost(record, message.storeHost, at);
  at = writeInt32(record, message.reconsumeTimes, at);
  at = writeInt64(record, message.preparedTransactionOffset, at);
  at = writeInt32(record, message.body.length, at);
  record.set(message.body, at);
  at += message.body.length;
  at = isV2 ? writeInt16(record, size.topicBytes, at) : record.writeUInt8(size.topicBytes, at);
  at = writeText(record, message.topic, size.topicBytes, at);
  at = writeInt16(record, size.propertiesBytes, at);
  writeText(record, message.properties, size.propertiesBytes, at);
}

/** @throws CodedError `properties-too-large` */
export function encodeMessage(message: NewMessage): Buffer {
  const size = measureMessage(message);
  const record = Buffer.allocUnsafe(size.sizeBytes);
  writeMessage(message, message, size, record, 0);
  return record;
}

/**
 * The record that begins at `at`. The body is a slice of `bytes`; its checksum is not verified here.
 * @throws CodedError `message-illegal` when the bytes are no whole record
 */
export function decodeMessage(bytes: Buffer, at = 0): StoredMessage {
  if (at + FIXED_BYTES > bytes.length) throw illegal('the record is cut short');
  const sizeBytes = readInt32(bytes, at);
  const magic = readInt32(bytes, at + RecordOffset.MAGIC);
  if (magic !== MAGIC_V1 && magic !== MAGIC_V2) throw illegal(`magic ${(magic >>> 0).toString(16)} marks no record`);
  const end = at + sizeBytes;
  if (sizeBytes < FIXED_BYTES || end > bytes.length) throw illegal('the record is cut short');
  const sysFlag = readInt32(bytes, at + RecordOffset.SYS_FLAG);
  const bornHostBytes = (sysFlag & SysFlag.BORN_HOST_V6) === 0 ? 8 : 20;
  const storeHostBytes = (sysFlag & SysFlag.STORE_HOST_V6) === 0 ? 8 : 20;
  const afterBornHost = at + 48 + bornHostBytes;
  const afterStoreHost = afterBornHost + 8 + storeHostBytes;
  const bodyAt = afterStoreHost + 16;
  const topicLengthBytes = magic === MAGIC_V2 ? 2 : 1;
  if (bodyAt + topicLengthBytes + 2 > end) throw illegal('the record is cut short');
  const bodyBytes = readInt32(bytes, afterStoreHost + 12);
  const topicLengthAt = bodyAt + bodyBytes;
  if (bodyBytes < 0 || topicLengthAt + topicLengthBytes + 2 > end) throw illegal('the body is longer than the record');
  const topicBytes = magic === MAGIC_V2 ? readInt16(bytes, topicLengthAt) : bytes.readInt8(topicLengthAt);
  const topicAt = topicLengthAt + topicLengthBytes;
  if (topicBytes < 0 || topicAt + topicBytes + 2 > end) throw illegal('the topic is longer than the record');
  const propertiesAt = topicAt + topicBytes + 2;
  const propertiesBytes = readInt16(bytes, propertiesAt - 2);
  if (propertiesBytes < 0 || propertiesAt + propertiesBytes > end)
    throw illegal('the properties are longer than the record');
  return {
    sizeBytes,
    bodyCrc: readInt32(bytes, at + 8),
    queueId: readInt32(bytes, at + RecordOffset.QUEUE_ID),
    flag: readInt32(bytes, at + 16),
    queueOffset: readInt64(bytes, at + RecordOffset.QUEUE_OFFSET),
    physicalOffset: readInt64(bytes, at + RecordOffset.PHYSICAL_OFFSET),
    sysFlag,
    bornTimestamp: readInt64(bytes, at + 40),
    bornHost: readHost(bytes, at + 48, bornHostBytes),
    storeTimestamp: readInt64(bytes, afterBornHost),
    storeHost: readHost(bytes, afterBornHost + 8, storeHostBytes),
    reconsumeTimes: readInt32(bytes, afterStoreHost),
    preparedTransactionOffset: readInt64(bytes, afterStoreHost + 4),
    body: bytes.subarray(bodyAt, topicLengthAt),
    topic: repeatedText(bytes, topicAt, topicBytes),
    properties: bytes.toString('utf8', propertiesAt, propertiesAt + propertiesBytes),
  };
}

/**
 * Records one after the other with nothing between, as pull answers carry them.
 * @throws CodedError `message-illegal`
 */
export function decodeMessages(bytes: Buffer): StoredMessage[] {
  const messages: StoredMessage[] = [];
  for (let at = 0; at < bytes.length;) {
    const message = decodeMessage(bytes, at);
    messages.push(message);
    at += message.sizeBytes;
  }
  return messages;
}

function sysFlagWithHosts({
  sysFlag,
  bornHost,
  storeHost,
}: Pick<NewMessage, 'sysFlag' | 'bornHost' | 'storeHost'>): number {
  const bare = sysFlag & ~(SysFlag.BORN_HOST_V6 | SysFlag.STORE_HOST_V6);
  return (
    bare |
    (bornHost.ip.length === 16 ? SysFlag.BORN_HOST_V6 : 0) |
    (storeHost.ip.length === 16 ? SysFlag.STORE_HOST_V6 : 0)
  );
}

/** ASCII, which has as many bytes as units, is written in half the time. */
function writeText(record: Buffer, text: string, sizeBytes: number, at: number): number {
  return at + record.write(text, at, sizeBytes, sizeBytes === text.length ? 'latin1' : 'utf8');
}

/** Four bytes, rarely sixteen: a call for them costs more than they do. */
function writeHost(record: Buffer, { ip, port }: HostAddress, at: number): number {
  for (let index = 0; index < ip.length; index += 1) record[at + index] = ip[index] ?? 0;
  return writeInt32(record, port, at + ip.length);
}

const HOST_SLOTS = 64;
/** What was read last, by port: thousands of records come from a few hosts. */
const knownHosts: (HostAddress | undefined)[] = new Array<undefined>(HOST_SLOTS).fill(undefined);

function readHost(bytes: Buffer, at: number, sizeBytes: number): HostAddress {
  const ipEnd = at + sizeBytes - 4;
  const port = readInt32(bytes, ipEnd);
  const slot = port & (HOST_SLOTS - 1);
  const known = knownHosts[slot];
  if (known?.port === port && isSame(known.ip, bytes, at, ipEnd)) return known;
  // A copy: it outlives the record.
  return (knownHosts[slot] = { ip: Buffer.from(bytes.subarray(at, ipEnd)), port });
}

function isSame(ip: Buffer, bytes: Buffer, from: number, to: number): boolean {
  if (ip.length !== to - from) return false;
  for (let index = 0; index < ip.length; index += 1) if (ip[index] !== bytes[from + index]) return false;
  return true;
}

function illegal(reason: string): CodedError {
  return new CodedError('message-illegal', { reason });
}
