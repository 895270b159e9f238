import type { Logger } from '../../base/logger.ts';
import type { PolicyEntryInfo, PolicyInfo } from '../../protocol/bodies/auth.ts';
import type { Acls } from './acls.ts';
import { subjectOf } from './auth.ts';
import type { Account } from './plain/account.ts';
import { splitPerm } from './plain/permission.ts';
import type { Users } from './users.ts';

/** Makes users and rules of the accounts of ACL 1.0; who is there already stays as is. Source: AuthMigrator.java. */
export function migrateAccounts(
  accounts: Iterable<Account>,
  { users, acls, logger }: { readonly users: Users; readonly acls: Acls; readonly logger: Logger },
): void {
  for (const { config } of accounts) {
    if (users.get(config.accessKey) !== undefined) continue;
    const userType = config.admin ? 'Super' : 'Normal';
    users.create({ username: config.accessKey, password: config.secretKey, userType, userStatus: 'enable' });
    const policies: readonly PolicyInfo[] = [
      {
        policyType: 'Custom',
        entries: [...entriesOf('Topic', config.topicPerms), ...entriesOf('Group', config.groupPerms)],
      },
      {
        policyType: 'Default',
        entries: [...defaultOf('Topic', config.defaultTopicPerm), ...defaultOf('Group', config.defaultGroupPerm)],
      },
    ];
    if (policies.some(({ entries }) => entries.length > 0))
      acls.merge(subjectOf(config.accessKey), { subject: '', policies });
    logger.info(`the account ${config.accessKey} of ACL 1.0 is now a user of ACL 2.0`);
  }
}

function entriesOf(type: string, perms: readonly string[] = []): readonly PolicyEntryInfo[] {
  return perms.flatMap((text) => {
    const split = splitPerm(text);
    return split === undefined ? [] : [entry(`${type}:${split[0]}`, split[1])];
  });
}

function defaultOf(type: string, perm: string | undefined): readonly PolicyEntryInfo[] {
  return perm === undefined || perm.trim() === '' ? [] : [entry(`${type}:*`, perm.trim())];
}

/** What is none of the known permissions allows everything, as Apache's migration has it. */
function entry(resource: string, perm: string): PolicyEntryInfo {
  const actions = { PUB: ['Pub'], SUB: ['Sub'], 'PUB|SUB': ['Pub', 'Sub'], 'SUB|PUB': ['Pub', 'Sub'] }[perm] ?? ['All'];
  return { resource, actions, decision: perm === 'DENY' ? 'Deny' : 'Allow' };
}
