/* What `attributes` of a group may hold. Source: SubscriptionGroupAttributes.java. */

const PRIORITY_FACTOR = 'priority.factor';
const KNOWN: ReadonlySet<string> = new Set([
  PRIORITY_FACTOR,
  'lite.bind.topic',
  'lite.sub.model',
  'lite.sub.reset.offset.exclusive',
  'lite.sub.reset.offset.unsubscribe',
  'lite.sub.client.quota',
  'lite.sub.client.max.event.cnt',
  'lite.sub.wildcard',
]);

/**
 * The attributes of a group after a change, in which a key stands behind `+` to set it and behind `-` to remove it; or
 * why the change is refused. `known` is undefined for a new group. Source: AttributeUtil.java.
 */
export function alteredGroupAttributes(
  known: Readonly<Record<string, string>> | undefined,
  change: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> | string {
  const altered = new Map(Object.entries(known ?? {}));
  const seen = new Set<string>();
  for (const [signed, value] of Object.entries(change)) {
    const key = signed.slice(1);
    if (key === '' || /[+-]/.test(key)) return 'kv string format wrong.';
    if (seen.has(key)) return `alter duplication key. key: ${key}`;
    seen.add(key);
    if (known === undefined && !signed.startsWith('+')) {
      return `only add attribute is supported while creating topic. key: ${key}`;
    }
    if (!/^[+-]/.test(signed)) return `wrong format key: ${key}`;
    if (signed.startsWith('-') && !altered.has(key)) return `attempt to delete a nonexistent key: ${key}`;
    if (!KNOWN.has(key)) return `unsupported key: ${key}`;
    if (signed.startsWith('+') && key === PRIORITY_FACTOR && !isPriority(value)) return 'value is not in range(0, 100)';
    if (signed.startsWith('+')) altered.set(key, value);
    else altered.delete(key);
  }
  return Object.fromEntries(altered);
}

function isPriority(value: string): boolean {
  return /^\d+$/.test(value) && Number(value) <= 100;
}
