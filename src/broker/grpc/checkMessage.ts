import { Code } from '../../protocol/grpc/definition_pb.ts';
import type { Message, SystemProperties } from '../../protocol/grpc/definition_pb.ts';
import { isReservedProperty } from '../../protocol/messageProperty.ts';
import type { BrokerConfig } from '../config.ts';
import { Refusal } from './refusal.ts';

/*
 * What a message that is sent may be. Source: SendMessageActivity.java, GrpcValidator.java; gRPC sheet §4.2. Each
 * throws a Refusal.
 */

export function checkBody(body: Uint8Array, config: BrokerConfig): void {
  if (config.enableMessageBodyEmptyCheck && body.length === 0) {
    throw new Refusal(Code.MESSAGE_BODY_EMPTY, 'message body cannot be empty');
  }
  if (body.length > config.maxMessageSize) {
    throw new Refusal(Code.MESSAGE_BODY_TOO_LARGE, `message body cannot exceed the max ${config.maxMessageSize}`);
  }
}

/** User properties, tag and keys. */
export function checkProperties({ userProperties }: Message, system: SystemProperties, config: BrokerConfig): void {
  const entries = Object.entries(userProperties);
  if (entries.length > config.userPropertyMaxNum) {
    throw new Refusal(
      Code.MESSAGE_PROPERTIES_TOO_LARGE,
      `too many user properties, max is ${config.userPropertyMaxNum}`,
    );
  }
  let bytes = 0;
  for (const [key, value] of entries) {
    const { ILLEGAL_MESSAGE_PROPERTY_KEY } = Code;
    if (isReservedProperty(key)) {
      throw new Refusal(ILLEGAL_MESSAGE_PROPERTY_KEY, `property is used by system: ${key}`);
    }
    if (hasControl(key)) {
      throw new Refusal(ILLEGAL_MESSAGE_PROPERTY_KEY, 'the key of property cannot contain control character');
    }
    if (hasControl(value)) {
      throw new Refusal(ILLEGAL_MESSAGE_PROPERTY_KEY, 'the value of property cannot contain control character');
    }
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  const { tag = '', keys } = system;
  checkText(Code.ILLEGAL_MESSAGE_TAG, 'tag', tag);
  if (tag.includes('|')) throw new Refusal(Code.ILLEGAL_MESSAGE_TAG, "tag cannot contain '|'");
  bytes += Buffer.byteLength(tag);
  for (const key of keys) {
    checkText(Code.ILLEGAL_MESSAGE_KEY, 'key', key);
    bytes += Buffer.byteLength(key);
  }
  if (bytes > config.maxUserPropertySize) {
    throw new Refusal(
      Code.MESSAGE_PROPERTIES_TOO_LARGE,
      `the total size of user property is too large, max is ${config.maxUserPropertySize}`,
    );
  }
}

export function checkMessageId(messageId: string): void {
  if (messageId.trim() === '') throw new Refusal(Code.ILLEGAL_MESSAGE_ID, 'message id cannot be empty');
  // It would end the property string early; Apache stores such a message broken.
  if (hasControl(messageId)) throw new Refusal(Code.ILLEGAL_MESSAGE_ID, 'message id cannot contain control character');
}

export function checkMessageGroup(group: string, { maxMessageGroupSize }: BrokerConfig): void {
  checkText(Code.ILLEGAL_MESSAGE_GROUP, 'message group', group);
  if (Buffer.byteLength(group) >= maxMessageGroupSize) {
    throw new Refusal(Code.ILLEGAL_MESSAGE_GROUP, `message group exceed the max size ${maxMessageGroupSize}`);
  }
}

export function checkDeliveryTime(deliveryMs: number, nowMs: number, { maxDelayTimeMills }: BrokerConfig): void {
  if (deliveryMs - nowMs > maxDelayTimeMills) {
    throw new Refusal(
      Code.ILLEGAL_DELIVERY_TIME,
      `the max delay time of message is too large, max is ${maxDelayTimeMills}`,
    );
  }
}

export function checkRecoveryTime(seconds: number, { maxTransactionRecoverySecond: max }: BrokerConfig): void {
  if (seconds > max) {
    throw new Refusal(Code.BAD_REQUEST, `the max transaction recovery time of message is too large, max is ${max}`);
  }
}

/** Nothing is no text at all, and legal. */
function checkText(code: Code, what: string, text: string): void {
  if (text === '') return;
  if (text.trim() === '') throw new Refusal(code, `${what} cannot be the char sequence of whitespace`);
  if (hasControl(text)) throw new Refusal(code, `${what} cannot contain control character`);
}

/** Source: Character.isISOControl. */
function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code <= 0x1f || (code >= 0x7f && code <= 0x9f)) return true;
  }
  return false;
}
