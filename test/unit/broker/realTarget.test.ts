import assert from 'node:assert/strict';
import { realTarget } from '../../../src/broker/realTarget.ts';

describe('broker/realTarget', () => {
  const cases: readonly [properties: Record<string, string>, queueId: number | undefined][] = [
    [{ REAL_TOPIC: 'T', REAL_QID: '3' }, 3],
    [{ REAL_TOPIC: 'T', REAL_QID: '2147483647' }, 2147483647],
    [{ REAL_TOPIC: 'T', REAL_QID: '2147483648' }, undefined],
    [{ REAL_TOPIC: 'T', REAL_QID: '-1' }, undefined],
    [{ REAL_TOPIC: 'T', REAL_QID: '1.5' }, undefined],
    [{ REAL_TOPIC: 'T', REAL_QID: 'x' }, undefined],
    [{ REAL_TOPIC: 'T' }, undefined],
    [{ REAL_QID: '0' }, undefined],
  ];
  for (const [properties, queueId] of cases) {
    it(`${JSON.stringify(properties)}: ${queueId ?? 'nowhere'}`, () => {
      const target = realTarget((name) => properties[name]);
      assert.deepEqual(target, queueId === undefined ? undefined : { topic: 'T', queueId });
    });
  }
});
