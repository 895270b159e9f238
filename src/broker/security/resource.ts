import { RETRY_PREFIX } from '../../protocol/topicName.ts';

/* What a rule of ACL 2.0 is about, and how it is written. Source: Resource.java, ResourceType.java, Action.java. */

export const RESOURCE_TYPES = ['Unknown', 'Any', 'Cluster', 'Namespace', 'Topic', 'Group'] as const;
export type ResourceType = (typeof RESOURCE_TYPES)[number];

export const ACTIONS = ['Unknown', 'All', 'Any', 'Pub', 'Sub', 'Create', 'Update', 'Delete', 'Get', 'List'] as const;
export type Action = (typeof ACTIONS)[number];

export interface Resource {
  readonly type: ResourceType;
  readonly pattern: 'any' | 'literal' | 'prefixed';
  /** Empty for `any`. */
  readonly name: string;
}

export function literal(type: ResourceType, name: string): Resource {
  return { type, pattern: 'literal', name };
}

/** A group, also where its retry topic is given. */
export function groupResource(name: string): Resource {
  return literal('Group', name.startsWith(RETRY_PREFIX) ? name.slice(RETRY_PREFIX.length) : name);
}

/** `*`, `Topic:*`, `Topic:name` or `Topic:prefix*`; undefined when it is none of these. */
export function parseResource(key: string): Resource | undefined {
  if (key === '*') return { type: 'Any', pattern: 'any', name: '' };
  const colon = key.indexOf(':');
  const type = byName(RESOURCE_TYPES, colon < 0 ? key : key.slice(0, colon));
  if (type === undefined) return undefined;
  const name = colon < 0 ? '' : key.slice(colon + 1);
  if (name === '*') return { type, pattern: 'any', name: '' };
  if (name.endsWith('*')) return { type, pattern: 'prefixed', name: name.slice(0, name.indexOf('*')) };
  return literal(type, name);
}

export function resourceKey({ type, pattern, name }: Resource): string {
  if (type === 'Any') return '*';
  if (pattern === 'any') return `${type}:*`;
  return pattern === 'literal' ? `${type}:${name}` : `${type}:${name}*`;
}

/** Whether a rule about `rule` applies to what a request touches. */
export function covers(rule: Resource, touched: Resource): boolean {
  if (rule.type === 'Any') return true;
  if (rule.type !== touched.type) return false;
  switch (rule.pattern) {
    case 'any':
      return true;
    case 'literal':
      return rule.name === touched.name;
    case 'prefixed':
      return touched.name.startsWith(rule.name);
  }
}

/** An enum's value by its name, in any case. */
export function byName<const N extends readonly string[]>(names: N, given: string): N[number] | undefined {
  return names.find((name) => name.toLowerCase() === given.toLowerCase());
}
