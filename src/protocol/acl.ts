import { createHmac, timingSafeEqual } from 'node:crypto';
import type { RequestParts } from './command.ts';
import { EMPTY_BODY, versionOrdinal } from './command.ts';

/*
 * Signatures of requests: Base64(HMAC-SHA1(secret, values of the ext fields in the order of their names ++ body)).
 * Source: AclUtils.java, AclSigner.java; remoting sheet §8.
 */

export interface Credentials {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly securityToken?: string | undefined;
}

interface SignedParts extends RequestParts {
  readonly extFields: Readonly<Record<string, string>>;
}

export const ACCESS_KEY = 'AccessKey';
export const SIGNATURE = 'Signature';
const SECURITY_TOKEN = 'SecurityToken';

/** Clients up to 4.9.3 add this field after they signed. Source: DefaultAuthenticationContextBuilder.java. */
const ADDED_AFTER_SIGNING = '_UNIQUE_KEY_QUERY';
const LAST_TO_ADD_LATE = versionOrdinal(4, 9, 3);

/** The request with who asks and the proof of it; nothing may be added to its ext fields afterwards. */
export function signed(parts: RequestParts, credentials: Credentials): SignedParts {
  const { accessKey, secretKey, securityToken } = credentials;
  const extFields: Record<string, string> = { ...parts.extFields, [ACCESS_KEY]: accessKey };
  if (securityToken !== undefined) extFields[SECURITY_TOKEN] = securityToken;
  extFields[SIGNATURE] = signature(secretKey, extFields, parts.body ?? EMPTY_BODY);
  return { ...parts, extFields };
}

/** Whether whoever sent the request knows the secret. */
export function isSignedWith(
  secretKey: string,
  command: {
    readonly version: number;
    readonly extFields: Readonly<Record<string, string>>;
    readonly body: Buffer;
  },
): boolean {
  const given = command.extFields[SIGNATURE];
  if (given === undefined) return false;
  const except = command.version <= LAST_TO_ADD_LATE ? ADDED_AFTER_SIGNING : undefined;
  const expected = Buffer.from(signature(secretKey, command.extFields, command.body, except));
  const bytes = Buffer.from(given);
  return bytes.length === expected.length && timingSafeEqual(bytes, expected);
}

function signature(
  secretKey: string,
  extFields: Readonly<Record<string, string>>,
  body: Buffer,
  except?: string,
): string {
  const values = Object.keys(extFields)
    .filter((name) => name !== SIGNATURE && name !== except)
    .sort()
    .map((name) => extFields[name]);
  return createHmac('sha1', secretKey).update(values.join('')).update(body).digest('base64');
}
