import { ACCESS_KEY, isSignedWith } from '../../../protocol/acl.ts';
import type { RemotingCommand } from '../../../protocol/command.ts';
import { RETRY_PREFIX, TRACE_TOPIC } from '../../../protocol/topicName.ts';
import type { Account } from './account.ts';
import { PlainPerm, permits } from './permission.ts';
import { ADMIN_CODES, plainAccess } from './plainAccess.ts';
import type { AddressRule } from './remoteAddress.ts';

export interface PlainRules {
  readonly whiteAddresses: readonly AddressRule[];
  readonly accounts: ReadonlyMap<string, Account>;
}

/**
 * Why a request is refused, in Apache's words; undefined when it may pass.
 * Source: PlainPermissionManager.java of 4.9, validate and checkPerm.
 */
export function validatePlain(rules: PlainRules, command: RemotingCommand, address: string): string | undefined {
  // A body that cannot be read is refused before anything else is asked.
  const needed = plainAccess(command);
  if (rules.whiteAddresses.some((passes) => passes(address))) return undefined;
  const accessKey = command.extFields[ACCESS_KEY];
  if (accessKey === undefined) return 'No accessKey is configured';
  const account = rules.accounts.get(accessKey);
  if (account === undefined) return `No acl config for ${accessKey}`;
  if (account.passes(address)) return undefined;
  if (!isSignedWith(account.config.secretKey, command)) return `Check signature failed for accessKey=${accessKey}`;
  if (needed.get(TRACE_TOPIC) === PlainPerm.PUB) return undefined;
  return missingPermission(account, command.code, needed);
}

function missingPermission(account: Account, code: number, needed: ReadonlyMap<string, number>): string | undefined {
  const { admin, accessKey } = account.config;
  if (ADMIN_CODES.has(code) && !admin) {
    return `Need admin permission for request code=${code}, but accessKey=${accessKey} is not`;
  }
  if (admin && account.perms.size === 0) return undefined;
  for (const [resource, perm] of needed) {
    const isGroup = resource.startsWith(RETRY_PREFIX);
    const owned = account.perms.get(resource) ?? (isGroup ? account.defaultGroupPerm : account.defaultTopicPerm);
    if (permits(owned, perm)) continue;
    return `No default permission for ${isGroup ? `group:${resource.slice(RETRY_PREFIX.length)}` : `topic:${resource}`}`;
  }
  return undefined;
}
