import { readFileSync } from 'node:fs';
import { badRequest } from '../controlError.ts';
import type { ControlError } from '../controlError.ts';

export interface ControlRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: string | undefined;
}

type Read = (file: string) => string;

export const CONTROL_COMMANDS = [
  'faults list',
  'faults add KEY=VALUE…',
  'faults clear [ID]',
  'clock',
  'clock by|to|rate VALUE',
  'clock freeze|resume',
  'topics',
  'topic NAME',
  'messages TOPIC [KEY=VALUE…]',
  'wait KEY=VALUE…',
  'seed FILE',
  'snapshots',
  'snapshot NAME',
  'restore NAME',
  'forget NAME',
  'reset',
];

/** What the words of a command line ask of the control interface. @throws ControlError */
export function controlRequest(words: readonly string[], read: Read = readText): ControlRequest {
  const [noun = '', ...rest] = words;
  switch (noun) {
    case 'faults':
      return faults(rest);
    case 'clock':
      return clock(rest);
    case 'topics':
    case 'snapshots':
      return none(rest, { method: 'GET', path: `/${noun}` });
    case 'reset':
      return none(rest, { method: 'POST', path: '/reset' });
    case 'topic':
      return { method: 'GET', path: `/topics/${encodeURIComponent(one(rest))}` };
    case 'messages': {
      const [topic, ...more] = rest;
      return {
        method: 'GET',
        path: `/messages?${new URLSearchParams({ topic: one([topic ?? '']), ...texts(more) }).toString()}`,
      };
    }
    case 'wait':
      return { method: 'POST', path: '/wait', body: JSON.stringify(values(rest)) };
    case 'seed':
      return { method: 'POST', path: '/seed', body: read(one(rest)) };
    case 'snapshot':
    case 'restore':
      return { method: 'POST', path: `/${noun}`, body: JSON.stringify({ name: one(rest) }) };
    case 'forget':
      return { method: 'DELETE', path: `/snapshots/${encodeURIComponent(one(rest))}` };
    default:
      throw unknown(words);
  }
}

function faults([verb = 'list', ...rest]: readonly string[]): ControlRequest {
  if (verb === 'list') return none(rest, { method: 'GET', path: '/faults' });
  if (verb === 'add') return { method: 'POST', path: '/faults', body: JSON.stringify(values(rest)) };
  if (verb !== 'clear') throw unknown(['faults', verb]);
  return { method: 'DELETE', path: rest.length === 0 ? '/faults' : `/faults/${encodeURIComponent(one(rest))}` };
}

function clock([verb, ...rest]: readonly string[]): ControlRequest {
  const move = (body: object): ControlRequest => ({ method: 'POST', path: '/clock', body: JSON.stringify(body) });
  switch (verb) {
    case undefined:
      return { method: 'GET', path: '/clock' };
    case 'freeze':
    case 'resume':
      return none(rest, move({ action: verb }));
    case 'by':
    case 'to':
      return move({ [verb]: one(rest) });
    case 'rate':
      return move({ rate: valueOf(one(rest)) });
    default:
      throw unknown(['clock', verb]);
  }
}

function values(words: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(texts(words)).map(([key, text]) => [key, valueOf(text)]));
}

function texts(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const [, key, value] = /^(\w+)=(.*)$/s.exec(word) ?? [];
      if (key === undefined || value === undefined) throw badRequest(`"${word}" is to be KEY=VALUE`);
      return [key, value];
    }),
  );
}

/** A number and a truth are what they look like; a list has commas. */
function valueOf(text: string): unknown {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (text === 'true' || text === 'false') return text === 'true';
  return text.includes(',') ? text.split(',') : text;
}

function one(words: readonly string[]): string {
  const [word] = words;
  if (words.length !== 1 || word === undefined || word === '') {
    throw badRequest('this command wants one value; see rocketmq-local control --help');
  }
  return word;
}

function none(words: readonly string[], request: ControlRequest): ControlRequest {
  if (words.length > 0) throw badRequest(`"${words.join(' ')}" is not understood`);
  return request;
}

function unknown(words: readonly string[]): ControlError {
  return badRequest(`there is no command "${['control', ...words].join(' ').trim()}"`, CONTROL_COMMANDS);
}

function readText(file: string): string {
  return readFileSync(file, 'utf8');
}
