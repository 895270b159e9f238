import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One side of a recorded exchange, as the recorder decoded it. */
export interface GoldenSide {
  readonly serialize: 'JSON' | 'ROCKETMQ';
  readonly code: number;
  readonly language: string;
  readonly version: number;
  readonly opaque: number;
  readonly flag: number;
  readonly remark: string | null;
  readonly extFields: Readonly<Record<string, string>>;
  readonly bodyLength: number;
  readonly bodyUtf8?: string;
  readonly records?: readonly GoldenRecord[];
}

export interface GoldenRecord {
  readonly topic: string;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly commitLogOffset: number;
  readonly storeSize: number;
  readonly bodyCrc: number;
  readonly sysFlag: number;
  readonly bornTimestamp: number;
  readonly bornHost: string;
  readonly storeTimestamp: number;
  readonly storeHost: string;
  readonly reconsumeTimes: number;
  readonly preparedTransactionOffset: number;
  readonly properties: Readonly<Record<string, string>>;
  readonly bodyUtf8?: string;
}

export interface GoldenExchange {
  readonly name: string;
  readonly about: string;
  readonly server: string;
  readonly code: number;
  readonly requestHex: string;
  readonly responseHex: string | null;
  readonly request: GoldenSide;
  readonly response: GoldenSide | null;
}

const directory = join(import.meta.dirname, '..', 'golden');

export function goldenExchanges(): GoldenExchange[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as GoldenExchange);
}

export function goldenExchange(name: string): GoldenExchange {
  return JSON.parse(readFileSync(join(directory, `${name}.json`), 'utf8')) as GoldenExchange;
}

/** Both frames of all exchanges, with a name for messages. */
export function goldenFrames(): { readonly name: string; readonly frame: Buffer; readonly side: GoldenSide }[] {
  return goldenExchanges().flatMap(({ name, requestHex, request, responseHex, response }) => [
    { name: `${name} request`, frame: Buffer.from(requestHex, 'hex'), side: request },
    ...(responseHex === null || response === null
      ? []
      : [{ name: `${name} response`, frame: Buffer.from(responseHex, 'hex'), side: response }]),
  ]);
}
