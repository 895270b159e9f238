import { retryTopic } from '../../../protocol/topicName.ts';
import { parsePerm, splitPerm } from './permission.ts';
import { addressRule } from './remoteAddress.ts';
import type { AddressRule } from './remoteAddress.ts';

/** One of the `accounts` of a plain_acl.yml as it is written. Source: PlainAccessConfig.java of 4.9. */
export interface AccountConfig {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly whiteRemoteAddress?: string | undefined;
  readonly admin: boolean;
  readonly defaultTopicPerm?: string | undefined;
  readonly defaultGroupPerm?: string | undefined;
  readonly topicPerms?: readonly string[] | undefined;
  readonly groupPerms?: readonly string[] | undefined;
}

/** The same, ready to be asked. */
export interface Account {
  readonly config: AccountConfig;
  readonly passes: AddressRule;
  readonly defaultTopicPerm: number;
  readonly defaultGroupPerm: number;
  /** By topic; groups by their retry topic. */
  readonly perms: ReadonlyMap<string, number>;
}

const MIN_LENGTH = 7;

/** @throws Error with Apache's words */
export function account(config: AccountConfig): Account {
  checkKeys(config);
  const perms = new Map<string, number>();
  for (const [kind, texts] of [
    ['group', config.groupPerms],
    ['topic', config.topicPerms],
  ] as const) {
    for (const text of texts ?? []) {
      const split = splitPerm(text);
      if (split === undefined) throw new Error(`Parse resource permission failed for ${kind}:${text}`);
      perms.set(kind === 'topic' ? split[0] : retryTopic(split[0]), parsePerm(split[1]));
    }
  }
  return {
    config,
    passes: addressRule(config.whiteRemoteAddress ?? ''),
    defaultTopicPerm: parsePerm(config.defaultTopicPerm),
    defaultGroupPerm: parsePerm(config.defaultGroupPerm),
    perms,
  };
}

/** @throws Error with Apache's words, but without the secret */
export function checkKeys({ accessKey, secretKey }: AccountConfig): void {
  if (accessKey.length >= MIN_LENGTH && secretKey.length >= MIN_LENGTH) return;
  throw new Error(`The accessKey=${accessKey} and secretKey cannot be null and length should longer than 6`);
}

export function readAccount(json: Readonly<Record<string, unknown>>): AccountConfig {
  return {
    accessKey: text(json['accessKey']) ?? '',
    secretKey: text(json['secretKey']) ?? '',
    whiteRemoteAddress: text(json['whiteRemoteAddress']),
    admin: text(json['admin'])?.toLowerCase() === 'true',
    defaultTopicPerm: text(json['defaultTopicPerm']),
    defaultGroupPerm: text(json['defaultGroupPerm']),
    topicPerms: texts(json['topicPerms']),
    groupPerms: texts(json['groupPerms']),
  };
}

/** A key that looks like a number is one in YAML. */
function text(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      return undefined;
  }
}

export function texts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.map(text).filter((item) => item !== undefined) : undefined;
}
