import assert from 'node:assert/strict';

import { RegisteredTables } from '../../src/broker/nameServer/registeredTables.ts';
import { encodeRegistration, topicConfig } from '../../src/protocol/bodies/topic.ts';

describe('RegisteredTables', () => {
  const body = (...names: string[]): Buffer =>
    encodeRegistration({
      dataVersion: { counter: 1, stateVersion: 0, timestamp: 2 },
      topics: new Map(names.map((topicName) => [topicName, topicConfig({ topicName })])),
    });

  it('reads what a broker tells again only when it is something else', () => {
    const tables = new RegisteredTables();
    const [one, other] = [{}, {}];
    const first = tables.read(one, body('A', 'B'));
    assert.deepEqual([...first.topics.keys()], ['A', 'B']);
    assert.equal(tables.read(one, body('A', 'B')), first);
    assert.notEqual(tables.read(other, body('A', 'B')), first);
    assert.deepEqual([...tables.read(one, body('A', 'C')).topics.keys()], ['A', 'C']);
    assert.notEqual(tables.read(one, body('A', 'B')), first);
  });

  it('keeps nothing of the bytes that it was given', () => {
    const tables = new RegisteredTables();
    const owner = {};
    const bytes = body('A');
    const first = tables.read(owner, bytes);
    bytes.fill(0);
    assert.equal(tables.read(owner, body('A')), first);
  });
});
