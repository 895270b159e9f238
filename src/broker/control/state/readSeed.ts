import { PropertyName } from '../../../protocol/messageProperty.ts';
import { badRequest, ofItem } from '../controlError.ts';
import { durationMs } from '../../../base/duration.ts';
import { Input } from '../input.ts';

export const TOPIC_TYPES = ['NORMAL', 'FIFO', 'DELAY', 'TRANSACTION', 'MIXED'] as const;

export interface SeedTopic {
  readonly name: string;
  readonly queues: number;
  readonly type: (typeof TOPIC_TYPES)[number] | undefined;
}

export interface SeedGroup {
  readonly name: string;
  readonly maxRetries: number | undefined;
  readonly orderly: boolean;
}

export interface SeedMessage {
  readonly topic: string;
  readonly body: Buffer;
  readonly properties: ReadonlyMap<string, string>;
  /** Undefined: each queue in turn. */
  readonly queue: number | undefined;
  readonly count: number;
}

export interface Seed {
  readonly topics: readonly SeedTopic[];
  readonly groups: readonly SeedGroup[];
  readonly messages: readonly SeedMessage[];
}

const MAX_MESSAGES = 100_000;
/** What stands between properties on the wire. */
const SEPARATORS = ['\u0001', '\u0002'];

/** @throws ControlError that names what is wrong, and what is allowed */
export function readSeed(value: unknown): Seed {
  const input = new Input(value ?? {}, 'a seed');
  const seed = {
    topics: each('topics', input, readTopic),
    groups: each('groups', input, readGroup),
    messages: each('messages', input, readMessage),
  };
  input.end();
  if (seed.messages.reduce((sum, { count }) => sum + count, 0) > MAX_MESSAGES) {
    throw badRequest(`a seed has at most ${MAX_MESSAGES} messages`);
  }
  return seed;
}

function each<T>(name: string, input: Input, read: (value: unknown) => T): T[] {
  return (input.list(name) ?? []).map((value, index) => {
    try {
      return read(value);
    } catch (error) {
      throw ofItem(error, `${name}[${index}]`);
    }
  });
}

/** The name alone stands for one with what is usual. */
function named(value: unknown): unknown {
  return typeof value === 'string' ? { name: value } : value;
}

function readTopic(value: unknown): SeedTopic {
  const input = new Input(named(value), 'a topic');
  const name = input.text('name');
  if (name === undefined) throw input.missing('name');
  const topic = { name, queues: input.whole('queues', 1, 1024) ?? 4, type: input.oneOf('type', TOPIC_TYPES) };
  input.end();
  return topic;
}

function readGroup(value: unknown): SeedGroup {
  const input = new Input(named(value), 'a group');
  const name = input.text('name');
  if (name === undefined) throw input.missing('name');
  const group = { name, maxRetries: input.whole('maxRetries', 0, 1000), orderly: input.flag('orderly') ?? false };
  input.end();
  return group;
}

function readMessage(value: unknown): SeedMessage {
  const input = new Input(value, 'a message');
  const topic = input.text('topic');
  if (topic === undefined) throw input.missing('topic');
  const body = bodyOf(input);
  const properties = new Map(Object.entries(input.texts('properties') ?? {}));
  const tag = input.scalar('tag');
  if (tag !== undefined) properties.set(PropertyName.TAGS, tag);
  const keys = input.list('keys')?.map(String);
  if (keys !== undefined) properties.set(PropertyName.KEYS, keys.join(' '));
  const level = input.whole('delayLevel', 1, 18);
  if (level !== undefined) properties.set(PropertyName.DELAY, String(level));
  const delay = input.scalar('delay');
  if (delay !== undefined) properties.set(PropertyName.TIMER_DELAY_MS, String(delayMs(delay)));
  for (const [key, text] of properties) {
    if (SEPARATORS.some((separator) => key.includes(separator) || text.includes(separator))) {
      throw badRequest(`the property ${key} holds a control character`);
    }
  }
  const message = {
    topic,
    body,
    properties,
    queue: input.whole('queue', 0, 1023),
    count: input.whole('count', 1, MAX_MESSAGES) ?? 1,
  };
  input.end();
  return message;
}

function bodyOf(input: Input): Buffer {
  const text = input.scalar('body');
  const base64 = input.text('base64');
  if ((text === undefined) === (base64 === undefined))
    throw badRequest('a message needs "body" or "base64", and not both');
  const body = base64 === undefined ? Buffer.from(text ?? '') : Buffer.from(base64, 'base64');
  if (body.length === 0) throw badRequest('the body of a message is empty');
  return body;
}

function delayMs(text: string): number {
  const ms = durationMs(text);
  if (ms === undefined)
    throw badRequest(`delay cannot be "${text.slice(0, 80)}": milliseconds, or a time such as 90s or 1h30m`);
  return ms;
}
