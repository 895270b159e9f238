import type { PageIdentity } from '../../contract/rpc.ts';

/** Which panel a page's kept state belongs to; undefined when the page had kept nothing that can be read. */
export function readIdentity(kept: unknown): PageIdentity | undefined {
  const identity = field(kept, 'identity');
  const connectionId = field(identity, 'connectionId');
  const topic = field(identity, 'topic');
  if (typeof connectionId !== 'string') return undefined;
  const group = field(identity, 'group');
  return {
    connectionId,
    ...(typeof topic === 'string' ? { topic } : {}),
    ...(typeof group === 'string' ? { group } : {}),
  };
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
