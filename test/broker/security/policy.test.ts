import assert from 'node:assert/strict';
import type { PolicyEntryInfo } from '../../../src/protocol/bodies/auth.ts';
import { decide, mergePolicies, readPolicies, withoutEntry } from '../../../src/broker/security/policy.ts';
import type { Policy } from '../../../src/broker/security/policy.ts';
import { literal, parseResource, resourceKey } from '../../../src/broker/security/resource.ts';
import type { Action } from '../../../src/broker/security/resource.ts';

const rule = (resource: string, actions: string, decision: string, ...sourceIps: string[]): PolicyEntryInfo => ({
  resource,
  actions: actions.split(','),
  sourceIps,
  decision,
});

function policies(custom: readonly PolicyEntryInfo[], fallback: readonly PolicyEntryInfo[] = []): readonly Policy[] {
  const read = readPolicies({
    subject: 'User:alice',
    policies: [
      { policyType: '', entries: custom },
      { policyType: 'default', entries: fallback },
    ],
  });
  return typeof read === 'string' ? assert.fail(read) : read;
}

const send = (topic: string): { resource: ReturnType<typeof literal>; actions: Action[] } => ({
  resource: literal('Topic', topic),
  actions: ['Pub'],
});

describe('rules of ACL 2.0', () => {
  it('name resources in Apache’s notation', () => {
    for (const key of ['*', 'Topic:*', 'Topic:orders', 'Group:o*', 'Cluster:DefaultCluster', 'Namespace:n']) {
      const resource = parseResource(key);
      assert.equal(resource && resourceKey(resource), key);
    }
    assert.equal(parseResource('Table:x'), undefined);
    assert.equal(parseResource(''), undefined);
    assert.deepEqual(parseResource('topic:T'), literal('Topic', 'T'));
  });

  const cases: readonly [string, readonly PolicyEntryInfo[], readonly PolicyEntryInfo[], string | undefined][] = [
    ['none', [rule('Topic:Other', 'Pub', 'Allow')], [], undefined],
    ['the topic', [rule('Topic:orders', 'Pub', 'Allow')], [], 'Allow'],
    ['another action', [rule('Topic:orders', 'Sub', 'Allow')], [], undefined],
    ['all actions', [rule('Topic:orders', 'All', 'Deny')], [], 'Deny'],
    ['a group of that name', [rule('Group:orders', 'Pub', 'Allow')], [], undefined],
    ['everything', [rule('*', 'Pub', 'Allow')], [], 'Allow'],
    ['the name before a prefix', [rule('Topic:or*', 'Pub', 'Deny'), rule('Topic:orders', 'Pub', 'Allow')], [], 'Allow'],
    ['the longer prefix', [rule('Topic:o*', 'Pub', 'Allow'), rule('Topic:ord*', 'Pub', 'Deny')], [], 'Deny'],
    ['a prefix before all topics', [rule('Topic:*', 'Pub', 'Deny'), rule('Topic:o*', 'Pub', 'Allow')], [], 'Allow'],
    ['all topics before everything', [rule('*', 'Pub', 'Deny'), rule('Topic:*', 'Pub', 'Allow')], [], 'Allow'],
    ['deny among equals', [rule('Topic:orders', 'Pub', 'Allow'), rule('Topic:orders', 'All', 'Deny')], [], 'Deny'],
    ['this network', [rule('Topic:orders', 'Pub', 'Allow', '10.0.0.0/8')], [], 'Allow'],
    ['this address', [rule('Topic:orders', 'Pub', 'Allow', '10.1.2.3')], [], 'Allow'],
    ['another network', [rule('Topic:orders', 'Pub', 'Allow', '192.168.0.0/16', '10.1.2.4')], [], undefined],
    ['the default', [], [rule('*', 'Pub', 'Allow')], 'Allow'],
    ['the custom one first', [rule('*', 'Pub', 'Deny')], [rule('Topic:orders', 'Pub', 'Allow')], 'Deny'],
  ];
  for (const [what, custom, fallback, decision] of cases) {
    it(`decide by ${what}: ${decision ?? 'nothing'}`, () => {
      assert.equal(decide(policies(custom, fallback), send('orders'), '10.1.2.3'), decision);
    });
  }

  const refused: readonly [string, Partial<PolicyEntryInfo>][] = [
    ['The resource is null.', { resource: 'Table:x' }],
    ['The actions is empty.', { actions: ['Fly'] }],
    ['The actions can not be Any.', { actions: ['Pub', 'Any'] }],
    ['The source ip is empty.', { sourceIps: [''] }],
    ['The source ip is invalid.', { sourceIps: ['300.1.1.1'] }],
    ['The source ip is invalid.', { sourceIps: ['10.0.0.0/33'] }],
    ['The decision is null or illegal.', { decision: 'Perhaps' }],
  ];
  for (const [why, part] of refused) {
    it(`are refused: ${JSON.stringify(part)}`, () => {
      const entries = [{ ...rule('Topic:T', 'Pub', 'Allow'), ...part }];
      assert.equal(readPolicies({ subject: '', policies: [{ policyType: '', entries }] }), why);
    });
  }

  it('without an entry are refused', () => {
    assert.equal(readPolicies({ subject: '', policies: [{ policyType: '', entries: [] }] }), 'The policies is empty.');
  });

  it('for the same resource replace what was there; others come on top, and go one by one', () => {
    const old = policies([rule('Topic:a', 'Pub', 'Allow'), rule('Topic:b', 'Pub', 'Allow')]);
    const merged = mergePolicies(old, policies([rule('Topic:a', 'Pub', 'Deny')], [rule('*', 'Sub', 'Allow')]));
    assert.equal(decide(merged, send('a'), '::1'), 'Deny');
    assert.equal(decide(merged, send('b'), '::1'), 'Allow');
    const without = withoutEntry(merged, 'Custom', { type: 'Topic', pattern: 'literal', name: 'a' });
    assert.equal(decide(without, send('a'), '::1'), undefined);
    const none = withoutEntry(without, '', { type: 'Topic', pattern: 'literal', name: 'b' });
    assert.deepEqual(
      none.map(({ type }) => type),
      ['Default'],
    );
  });
});
