/*
 * What the `attributes` of a topic may hold. Source: TopicAttributes.java, AttributeUtil.java; broker sheet §2.3.
 * `queue.type=BatchCQ` and `cleanup.policy=COMPACTION` are left out: the store has one kind of queue.
 */

interface Attribute {
  /** Also after the topic was created. */
  readonly isChangeable: boolean;
  /** @returns a remark when the value cannot be */
  readonly problem: (value: string) => string | undefined;
}

const oneOf = (isChangeable: boolean, ...values: readonly string[]): Attribute => ({
  isChangeable,
  problem: (value) => (values.includes(value) ? undefined : `value is not in set: [${values.join(', ')}]`),
});

/** 30 days. */
const MAX_LITE_MINUTES = 43_200;

const ATTRIBUTES: Readonly<Record<string, Attribute>> = {
  'message.type': oneOf(true, 'UNSPECIFIED', 'NORMAL', 'FIFO', 'DELAY', 'TRANSACTION', 'PRIORITY', 'LITE', 'MIXED'),
  'queue.type': oneOf(false, 'SimpleCQ'),
  'cleanup.policy': oneOf(false, 'DELETE'),
  'lite.topic.expiration': {
    isChangeable: true,
    problem: (value) => {
      if (!/^-?\d+$/.test(value)) return `For input string: "${value}"`;
      const minutes = Number(value);
      return minutes < -1 || minutes > MAX_LITE_MINUTES ? `value is not in range(-1, ${MAX_LITE_MINUTES})` : undefined;
    },
  },
  'reserve.time': {
    isChangeable: true,
    problem: (value) => {
      if (!/^-?\d+$/.test(value)) return `For input string: "${value}"`;
      return Number(value) < -1 ? 'value is not in range(-1, 9223372036854775807)' : undefined;
    },
  },
};

/** `+key` or `-key` with its value, as the wire has them. */
export type AttributeChanges = ReadonlyMap<string, string>;

/** Reads `+key=value,-key`. @returns a remark when the text is wrong */
export function parseAttributeChanges(text: string): AttributeChanges | string {
  const changes = new Map<string, string>();
  for (const part of text === '' ? [] : text.split(',')) {
    const [key = '', value] = part.split('=');
    if (value !== undefined && !key.includes('+')) return `add/alter attribute format is wrong: ${key}`;
    if (value === undefined && !key.includes('-')) return `delete attribute format is wrong: ${key}`;
    if (changes.has(key)) return `key duplication: ${key}`;
    changes.set(key, value ?? '');
  }
  return changes;
}

/** @returns the attributes after that, or a remark when something asked for cannot be; `known` is undefined for a new topic */
export function alteredAttributes(
  known: Readonly<Record<string, string>> | undefined,
  changes: AttributeChanges,
): Record<string, string> | string {
  const altered = new Map(Object.entries(known ?? {}));
  const seen = new Set<string>();
  for (const [signed, value] of changes) {
    const [sign, key] = [signed.slice(0, 1), signed.slice(1)];
    if (key === '' || /[+-]/.test(key)) return 'kv string format wrong.';
    if (seen.has(key)) return `alter duplication key. key: ${key}`;
    seen.add(key);
    const isRemoval = sign === '-';
    if (known === undefined && sign !== '+') return `only add attribute is supported while creating topic. key: ${key}`;
    if (sign !== '+' && !isRemoval) return `wrong format key: ${key}`;
    if (isRemoval && known?.[key] === undefined) return `attempt to delete a nonexistent key: ${key}`;
    const attribute = Object.hasOwn(ATTRIBUTES, key) ? ATTRIBUTES[key] : undefined;
    if (attribute === undefined) return `unsupported key: ${key}`;
    if (known !== undefined && !attribute.isChangeable) {
      return `attempt to update an unchangeable attribute. key: ${key}`;
    }
    const problem = isRemoval ? undefined : attribute.problem(value);
    if (problem !== undefined) return problem;
    if (isRemoval) altered.delete(key);
    else altered.set(key, value);
  }
  return Object.fromEntries(altered);
}
