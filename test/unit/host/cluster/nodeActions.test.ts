import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import type { NodeAction, NodeState } from '../../../../src/broker/control.ts';
import { nodeActions } from '../../../../src/host/cluster/nodeActions.ts';
import { repository } from '../../../support/repository.ts';

const { contributes } = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8')) as {
  contributes: { menus: { 'view/item/context': { command: string; when: string }[] } };
};
const STATES: readonly NodeState[] = ['starting', 'running', 'paused', 'stopping', 'stopped', 'killed', 'died'];

describe('what can be done with a node', () => {
  for (const [action, states] of Object.entries(nodeActions) as [NodeAction, readonly NodeState[]][]) {
    it(`menus offer ${action} when it can be done, and only then`, () => {
      const entries = contributes.menus['view/item/context'].filter(
        ({ command }) => command === `rocketmq.node.${action}`,
      );
      assert.ok(entries.length > 0);
      for (const { when } of entries) {
        const pattern = new RegExp(/viewItem =~ \/(.*?)\/(?: |$)/.exec(when)?.[1] ?? '$never');
        for (const role of ['namesrv', 'master', 'slave']) {
          const offered = STATES.filter((state) => pattern.test(`process.${role}.${state}`));
          assert.deepEqual(
            offered,
            STATES.filter((state) => states.includes(state)),
          );
        }
        assert.ok(!pattern.test('process.master.running.more'));
      }
    });
  }
});
