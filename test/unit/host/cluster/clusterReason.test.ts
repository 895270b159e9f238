import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { repository } from '../../../support/repository.ts';

/** The words need VS Code, so this reads the sources: `test/integration/inHost/errorMessages.test.ts` reads the words. */
describe('host/cluster/clusterReason', () => {
  it('has words for every problem that the broker and the host name, and for no other', () => {
    const words = readFileSync(path.join(repository, 'src/host/cluster/clusterReason.ts'), 'utf8');
    const cases = [...words.matchAll(/case '([\w-]+)'/g)].map(([, name]) => name);
    assert.deepEqual([...new Set(problemsIn('src/broker/cluster', 'src/host/cluster'))].sort(), [...cases].sort());
  });
});

function problemsIn(...folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(path.join(repository, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => [
        ...readFileSync(path.join(repository, folder, name), 'utf8').matchAll(/problem: '([\w-]+)'/g),
      ])
      .map(([, name = '']) => name),
  );
}
