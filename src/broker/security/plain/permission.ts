/* Permissions of ACL 1.0. Source: Permission.java of 4.9. */

export const PlainPerm = { DENY: 1, PUB: 4, SUB: 8 } as const;

/** What cannot be read denies. */
export function parsePerm(text: string | undefined): number {
  switch (text?.trim()) {
    case 'PUB':
      return PlainPerm.PUB;
    case 'SUB':
      return PlainPerm.SUB;
    case 'PUB|SUB':
    case 'SUB|PUB':
      return PlainPerm.PUB | PlainPerm.SUB;
    default:
      return PlainPerm.DENY;
  }
}

export function permits(owned: number, needed: number): boolean {
  return (owned & PlainPerm.DENY) === 0 && (owned & needed) !== 0;
}

/** `name=PERM`; undefined when it is not written so. */
export function splitPerm(text: string): readonly [string, string] | undefined {
  const [name, perm, ...more] = text.split('=').filter((part) => part !== '');
  return name === undefined || perm === undefined || more.length > 0 ? undefined : [name.trim(), perm.trim()];
}

/** What is wrong with permissions that an administrator sends, in Apache's words. */
export function permProblem(perms: readonly string[]): string | undefined {
  for (const text of perms) {
    const split = splitPerm(text);
    if (split === undefined) {
      return `Parse Resource format error for ${text}.\nThe expected resource format is 'Res=Perm'. For example: topicA=SUB`;
    }
    if (split[1] !== 'DENY' && parsePerm(split[1]) === PlainPerm.DENY) {
      return (
        `Parse resource permission error for ${text}.\n` +
        "The expected permissions are 'SUB' or 'PUB' or 'SUB|PUB' or 'PUB|SUB'."
      );
    }
  }
  return undefined;
}
