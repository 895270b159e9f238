import { stringifyFastjson } from '../fastjson.ts';
import type { FastjsonObject } from '../fastjson.ts';
import { objectsAt, readBody, textAt, textsAt } from './read.ts';

/* Users and their rules of ACL 2.0. Source: UserInfo.java, AclInfo.java; remoting sheet §3.11. */

/** Every part may be missing in a request: empty. */
export interface UserInfo {
  readonly username: string;
  readonly password: string;
  readonly userType: string;
  readonly userStatus: string;
}

export interface AclInfo {
  readonly subject: string;
  readonly policies: readonly PolicyInfo[];
}

export interface PolicyInfo {
  readonly policyType: string;
  readonly entries: readonly PolicyEntryInfo[];
}

export interface PolicyEntryInfo {
  readonly resource: string;
  readonly actions: readonly string[];
  /** Undefined means from anywhere. */
  readonly sourceIps?: readonly string[] | undefined;
  readonly decision: string;
}

/** @throws CodedError `json-illegal` */
export function decodeUser(body: Buffer): UserInfo {
  return readUser(readBody(body));
}

export function readUser(json: FastjsonObject): UserInfo {
  return {
    username: textAt(json, 'username'),
    password: textAt(json, 'password'),
    userType: textAt(json, 'userType'),
    userStatus: textAt(json, 'userStatus'),
  };
}

/** @throws CodedError `json-illegal` */
export function decodeAcl(body: Buffer): AclInfo {
  return readAcl(readBody(body));
}

export function readAcl(json: FastjsonObject): AclInfo {
  return {
    subject: textAt(json, 'subject'),
    policies: objectsAt(json, 'policies').map((policy) => ({
      policyType: textAt(policy, 'policyType'),
      entries: objectsAt(policy, 'entries').map((entry) => {
        const sourceIps = textsAt(entry, 'sourceIps');
        return {
          resource: textAt(entry, 'resource'),
          actions: textsAt(entry, 'actions'),
          ...(sourceIps.length === 0 ? {} : { sourceIps }),
          decision: textAt(entry, 'decision'),
        };
      }),
    })),
  };
}

/** One object or a list of them; both are objects whose undefined parts are left out. */
export function encodeAuthBody(content: UserInfo | AclInfo | readonly UserInfo[] | readonly AclInfo[]): Buffer {
  return Buffer.from(stringifyFastjson(content));
}
