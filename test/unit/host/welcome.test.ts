import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { repository } from '../../support/repository.ts';

const { contributes } = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8')) as {
  contributes: {
    viewsWelcome: { when: string }[];
    walkthroughs: { steps: { id: string; completionEvents: string[] }[] }[];
  };
};

describe('the empty view', () => {
  it('has a word for every state in which the local broker is no connection', () => {
    const states = contributes.viewsWelcome.flatMap(({ when }) => when.match(/(?<=state == )\w+/g) ?? []);
    assert.deepEqual(states, ['stopped', 'starting', 'stopping']);
  });
});

describe('the walkthrough', () => {
  it('takes the first step as done also when another window runs the local broker', () => {
    const step = contributes.walkthroughs[0]?.steps.find(({ id }) => id === 'localBroker');
    assert.deepEqual(step?.completionEvents, [
      'onContext:rocketmq.localBroker.state == running',
      'onContext:rocketmq.localBroker.state == external',
    ]);
  });
});
