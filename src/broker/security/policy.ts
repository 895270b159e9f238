import type { AclInfo, PolicyEntryInfo } from '../../protocol/bodies/auth.ts';
import { isAddressOrNetwork, isWithin } from './ipRange.ts';
import { ACTIONS, byName, covers, parseResource, resourceKey } from './resource.ts';
import type { Action, Resource } from './resource.ts';

/* The rules of one subject and what they decide. Source: Acl.java, Policy.java, AclAuthorizationHandler.java. */

const POLICY_TYPES = ['Custom', 'Default'] as const;
const DECISIONS = ['Allow', 'Deny'] as const;

type PolicyType = (typeof POLICY_TYPES)[number];

export interface PolicyEntry {
  readonly resource: Resource;
  readonly actions: readonly Action[];
  /** Empty means from anywhere. */
  readonly sourceIps: readonly string[];
  readonly decision: (typeof DECISIONS)[number];
}

export interface Policy {
  readonly type: PolicyType;
  readonly entries: readonly PolicyEntry[];
}

export interface Access {
  readonly resource: Resource;
  /** One of them is enough. */
  readonly actions: readonly Action[];
}

/** What the rules say, undefined when none is about this. `Default` rules count where no `Custom` one is about it. */
export function decide(policies: readonly Policy[], access: Access, sourceIp: string): 'Allow' | 'Deny' | undefined {
  for (const type of POLICY_TYPES) {
    const found = policies
      .filter((policy) => policy.type === type)
      .flatMap(({ entries }) => entries.filter((entry) => applies(entry, access, sourceIp)))
      .sort(compareEntries);
    if (found[0] !== undefined) return found[0].decision;
  }
  return undefined;
}

function applies(entry: PolicyEntry, { resource, actions }: Access, sourceIp: string): boolean {
  return (
    covers(entry.resource, resource) &&
    actions.some((action) => entry.actions.includes(action) || entry.actions.includes('All')) &&
    (entry.sourceIps.length === 0 || entry.sourceIps.some((range) => isWithin(sourceIp, range)))
  );
}

/** The more exact rule comes first; of two that are equally exact, the one that denies. */
function compareEntries(a: PolicyEntry, b: PolicyEntry): number {
  const byExactness = exactness(b.resource) - exactness(a.resource);
  if (byExactness !== 0) return byExactness;
  const byLength = b.resource.name.length - a.resource.name.length;
  if (a.resource.pattern === 'prefixed' && byLength !== 0) return byLength;
  return Number(b.decision === 'Deny') - Number(a.decision === 'Deny');
}

function exactness({ type, pattern }: Resource): number {
  if (type === 'Any') return 0;
  return { any: 1, prefixed: 2, literal: 3 }[pattern];
}

/** The policies that a request brings, or why they are refused. An empty policy says nothing and is left out. */
export function readPolicies({ policies }: AclInfo): readonly Policy[] | string {
  const read: Policy[] = [];
  for (const { policyType, entries } of policies) {
    if (entries.length === 0) continue;
    const readEntries: PolicyEntry[] = [];
    for (const info of entries) {
      const entry = readEntry(info);
      if (typeof entry === 'string') return entry;
      readEntries.push(entry);
    }
    read.push({ type: byName(POLICY_TYPES, policyType) ?? 'Custom', entries: readEntries });
  }
  return read.length === 0 ? 'The policies is empty.' : read;
}

/** Source: AuthorizationMetadataManagerImpl.java, validate. */
function readEntry(info: PolicyEntryInfo): PolicyEntry | string {
  const resource = parseResource(info.resource);
  if (resource === undefined) return 'The resource is null.';
  const actions = info.actions.map((name) => byName(ACTIONS, name)).filter((action) => action !== undefined);
  if (actions.length === 0) return 'The actions is empty.';
  if (actions.includes('Any')) return 'The actions can not be Any.';
  const sourceIps = info.sourceIps ?? [];
  for (const sourceIp of sourceIps) {
    if (sourceIp.trim() === '') return 'The source ip is empty.';
    if (!isAddressOrNetwork(sourceIp)) return 'The source ip is invalid.';
  }
  const decision = byName(DECISIONS, info.decision);
  if (decision === undefined) return 'The decision is null or illegal.';
  return { resource, actions, sourceIps, decision };
}

/** Rules for the same resource replace what was there, others come on top. */
export function mergePolicies(old: readonly Policy[], changes: readonly Policy[]): readonly Policy[] {
  const merged = [...old];
  for (const change of changes) {
    const at = merged.findIndex(({ type }) => type === change.type);
    const known = merged[at];
    if (known === undefined) merged.push(change);
    else merged[at] = { type: known.type, entries: mergeEntries(known.entries, change.entries) };
  }
  return merged;
}

function mergeEntries(old: readonly PolicyEntry[], changes: readonly PolicyEntry[]): readonly PolicyEntry[] {
  const merged = [...old];
  for (const change of changes) {
    const at = merged.findIndex(({ resource }) => sameResource(resource, change.resource));
    if (at < 0) merged.push(change);
    else merged[at] = change;
  }
  return merged;
}

/** Without the rule of one type for one resource. */
export function withoutEntry(policies: readonly Policy[], policyType: string, resource: Resource): readonly Policy[] {
  const type = byName(POLICY_TYPES, policyType) ?? 'Custom';
  return policies
    .map((policy) => {
      if (policy.type !== type) return policy;
      const at = policy.entries.findIndex((entry) => sameResource(entry.resource, resource));
      return { type, entries: policy.entries.filter((_, index) => index !== at) };
    })
    .filter(({ entries }) => entries.length > 0);
}

function sameResource(a: Resource, b: Resource): boolean {
  return a.type === b.type && a.pattern === b.pattern && a.name === b.name;
}

export function aclInfo(subject: string, policies: readonly Policy[]): AclInfo {
  return {
    subject,
    policies: policies.map(({ type, entries }) => ({
      policyType: type,
      entries: entries.map(({ resource, actions, sourceIps, decision }) => ({
        resource: resourceKey(resource),
        actions,
        ...(sourceIps.length === 0 ? {} : { sourceIps }),
        decision,
      })),
    })),
  };
}
