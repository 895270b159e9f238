import { ACCESS_KEY, isSignedWith } from '../../protocol/acl.ts';
import type { RemotingCommand } from '../../protocol/command.ts';
import type { Acls } from './acls.ts';
import { decide } from './policy.ts';
import type { Access } from './policy.ts';
import { requestAccess } from './requestAccess.ts';
import { resourceKey } from './resource.ts';
import type { Users } from './users.ts';

/* Who asks, and may they? Each answers why not, in Apache's words, or undefined. */

/** Source: DefaultAuthenticationHandler.java. */
export function authenticate(users: Users, command: RemotingCommand): string | undefined {
  const username = command.extFields[ACCESS_KEY];
  if (username === undefined || username === '') return 'username cannot be null.';
  const user = users.get(username);
  if (user === undefined) return `User:${username} is not found.`;
  if (user.userStatus === 'disable') return `User:${username} is disabled.`;
  return isSignedWith(user.password, command) ? undefined : 'check signature failed.';
}

/** Everything that a request touches, or why that cannot be said. */
export function accessOf(command: RemotingCommand, clusterName: string): readonly Access[] | string {
  try {
    return requestAccess(command, clusterName);
  } catch {
    return 'parse authorization context error.';
  }
}

/** Source: UserAuthorizationHandler.java, AclAuthorizationHandler.java. */
export function authorize(
  { users, acls }: { readonly users: Users; readonly acls: Acls },
  username: string | undefined,
  access: Access,
  sourceIp: string,
): string | undefined {
  if (username === undefined) return 'Authorization failed. Please verify your access rights and try again.';
  const user = users.get(username);
  if (user === undefined) return `User:${username} not found.`;
  if (user.userType === 'Super') return undefined;
  const decision = decide(acls.get(subjectOf(username)) ?? [], access, sourceIp);
  if (decision === 'Allow') return undefined;
  const why = decision === undefined ? 'no matched policies.' : 'the decision is deny.';
  return `User:${username} has no permission to access ${resourceKey(access.resource)} from ${sourceIp}, ${why}`;
}

export function subjectOf(username: string): string {
  return `User:${username}`;
}
