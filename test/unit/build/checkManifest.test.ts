import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { checkManifest, manifestProblems } from '../../../src/build/checkManifest.ts';
import type { Manifest } from '../../../src/build/checkManifest.ts';

const root = path.resolve(import.meta.dirname, '../../..');

interface Changeable {
  contributes: {
    commands: { command: string; enablement?: string }[];
    menus: Record<string, { command: string; when?: string }[]>;
    configuration: { properties: Record<string, { default: unknown; minimum?: number }> };
  };
}

function problemsAfter(change: (manifest: Changeable) => void): string[] {
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Manifest & Changeable;
  change(manifest);
  return manifestProblems(manifest, {});
}

describe('package.json and the tables of the host', () => {
  it('agree', () => {
    assert.deepEqual(checkManifest(root), []);
  });

  it('a command too many and one too few are found', () => {
    const problems = problemsAfter(({ contributes }) => {
      contributes.commands = contributes.commands.filter(({ command }) => command !== 'rocketmq.topic.create');
      contributes.commands.push({ command: 'rocketmq.fly' });
    });
    assert.deepEqual(problems, [
      'command rocketmq.fly is in package.json alone',
      'command rocketmq.topic.create is in the code alone',
      'command rocketmq.topic.create is used by package.json and not declared',
    ]);
  });

  it('another default and another limit are found', () => {
    const problems = problemsAfter(({ contributes }) => {
      const port = contributes.configuration.properties['rocketmq.localBroker.port'];
      Object.assign(port ?? {}, { default: 1, minimum: 1 });
    });
    assert.deepEqual(problems, [
      'setting localBroker.port: default is 1 in package.json, 10911 in settings.ts',
      'setting localBroker.port: minimum is 1 in package.json, 0 in settings.ts',
    ]);
  });

  it('a mistyped context key and a setting that a clause invents are found', () => {
    const problems = problemsAfter(({ contributes }) => {
      contributes.menus['view/title']?.push({
        command: 'rocketmq.refresh',
        when: 'rocketmq.hasConection && config.rocketmq.absent',
      });
    });
    assert.deepEqual(problems, [
      'context key rocketmq.hasConection is in package.json alone',
      'a clause of package.json asks for the setting rocketmq.absent, which is not declared',
    ]);
  });
});
