import { CodedError } from '../../base/errors.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import {
  MAX_PROPERTIES_BYTES,
  PropertyName,
  decodeProperties,
  encodeProperties,
  propertyOf,
} from '../../protocol/messageProperty.ts';
import { TIMER_TOPIC } from '../../protocol/topicName.ts';
import type { MessageToStore } from '../store/messageToStore.ts';

/** Why a message for a moment is not taken. */
export type TimerRefusal = 'disabled' | 'illegal' | 'congested';

export class TimerRefused extends Error {
  readonly refusal: TimerRefusal;

  constructor(refusal: TimerRefusal) {
    super(`the timer message is refused: ${refusal}`);
    this.refusal = refusal;
  }
}

export interface TimerRules {
  readonly timerWheelEnable: boolean;
  readonly timerPrecisionMs: number;
  readonly timerMaxDelaySec: number;
  readonly nowMs: number;
  /** Whether a slot takes no more. */
  readonly isFull: (slotMs: number) => boolean;
}

const CLIENT_PROPERTIES = [
  PropertyName.TIMER_DELAY_SEC,
  PropertyName.TIMER_DELAY_MS,
  PropertyName.TIMER_DELIVER_MS,
] as const;

/** Delivery adds TIMER_ENQUEUE_MS, TIMER_DEQUEUE_MS and perhaps TIMER_ROLL_TIMES: names, two signs each, and numbers. */
const DELIVERY_BYTES = 3 * (16 + 2) + 19 + 13 + 5;

/** True for a message that names its moment itself. Source: HookUtils.checkIfTimerMessage. */
export function isTimerMessage({ topic, properties }: MessageToStore): boolean {
  if (!properties.includes('TIMER_D') || topic === TIMER_TOPIC) return false;
  if (propertyOf(properties, PropertyName.TIMER_OUT_MS) !== undefined) return false;
  return CLIENT_PROPERTIES.some((name) => propertyOf(properties, name) !== undefined);
}

/** A delay level wins over the moment. */
export function withoutTimer(properties: Map<string, string>): void {
  for (const name of CLIENT_PROPERTIES) properties.delete(name);
}

/**
 * The message as it waits in the timer topic, or as it is when its moment is past.
 * Source: HookUtils.transformTimerMessage; broker sheet §9.4.
 * @throws TimerRefused, and CodedError `properties-too-large` for what could be parked but not delivered
 */
export function parkedUntilDue(message: MessageToStore, rules: TimerRules): MessageToStore {
  if (!rules.timerWheelEnable) throw new TimerRefused('disabled');
  const properties = decodeProperties(message.properties);
  const deliverMs = deliveryTime((name) => properties.get(name), rules.nowMs);
  if (deliverMs === undefined) throw new TimerRefused('illegal');
  if (deliverMs <= rules.nowMs) {
    if (properties.has(PropertyName.TIMER_DELETE_KEY)) throw new TimerRefused('illegal');
    return message;
  }
  if (deliverMs - rules.nowMs > rules.timerMaxDelaySec * 1000) throw new TimerRefused('illegal');
  const slotMs = slotOf(deliverMs, rules.timerPrecisionMs);
  if (rules.isFull(slotMs)) throw new TimerRefused('congested');
  properties.set(PropertyName.TIMER_OUT_MS, String(slotMs));
  properties.set(PropertyName.REAL_TOPIC, message.topic);
  properties.set(PropertyName.REAL_QUEUE_ID, String(message.queueId));
  return { ...message, topic: TIMER_TOPIC, queueId: 0, properties: withRoom(encodeProperties(properties)) };
}

function withRoom(properties: string): string {
  const sizeBytes = Buffer.byteLength(properties);
  const maxSizeBytes = MAX_PROPERTIES_BYTES - DELIVERY_BYTES;
  if (sizeBytes > maxSizeBytes) throw new CodedError('properties-too-large', { sizeBytes, maxSizeBytes });
  return properties;
}

/** The slot that ends no earlier than the moment. */
function slotOf(deliverMs: number, precisionMs: number): number {
  return Math.ceil(deliverMs / precisionMs) * precisionMs - precisionMs;
}

/** When a message of a slot is due, which may be no earlier than its slot begins and no later than that ends. */
export function momentOf({ properties, storeTimestamp }: StoredMessage, startMs: number, endMs: number): number {
  const given = deliveryTime((name) => propertyOf(properties, name), storeTimestamp);
  // One that was parked anew does not tell from when on it counts.
  return given !== undefined && given > startMs && given < endMs ? given : endMs;
}

function deliveryTime(propertyNamed: (name: string) => string | undefined, nowMs: number): number | undefined {
  for (const name of CLIENT_PROPERTIES) {
    const text = propertyNamed(name);
    if (text === undefined) continue;
    if (!/^[+-]?\d{1,18}$/.test(text)) return undefined;
    const given = Number(text);
    if (name === PropertyName.TIMER_DELIVER_MS) return given;
    return nowMs + (name === PropertyName.TIMER_DELAY_SEC ? given * 1000 : given);
  }
  return undefined;
}
