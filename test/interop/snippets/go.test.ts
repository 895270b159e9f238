import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { SNIPPETS } from '../../../src/snippets/catalogue.ts';
import { go, writeGoModule } from '../../support/goModule.ts';
import { requireTools } from '../../support/skip.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import { runProgram } from '../../support/runProgram.ts';
import { NAME_CASES, writeSnippet } from './rendering.ts';

/** Prints the topic that the package has, as UTF-8 in hex. */
const PROBE = `package main

import (
	"fmt"
	"testing"
)

func TestTopic(_ *testing.T) {
	fmt.Printf("topic=%x\\n", topic)
}
`;

describe('Go snippets', function () {
  before(function () {
    requireTools(this, 'go', 'gofmt');
  });

  for (const { title, ...names } of NAME_CASES) {
    it(`pass go vet, are formatted, and mean ${title}`, async () => {
      const dir = makeTempDir('go-snippets');
      try {
        await writeGoModule(SNIPPETS.go.producer.dependency, dir.path);
        for (const pattern of ['producer', 'pushConsumer'] as const) {
          writeSnippet('go', pattern, names, path.join(dir.path, pattern, 'main.go'));
          fs.writeFileSync(path.join(dir.path, pattern, 'main_test.go'), PROBE);
        }
        assert.equal(await go(['vet', './...'], dir.path), '');
        const formatted = await runProgram('gofmt', ['-l', '.'], { cwd: dir.path, timeoutMs: 30_000 });
        assert.equal(formatted.output, '', 'gofmt would change it');

        const output = await go(['test', '-v', '-count=1', './...'], dir.path);
        const topics = [...output.matchAll(/topic=([0-9a-f]+)/g)].map((match) => Buffer.from(match[1]!, 'hex'));
        assert.deepEqual(
          topics.map((topic) => topic.toString('utf8')),
          [names.topic, names.topic],
        );
      } finally {
        dir.remove();
      }
    }).timeout(600_000);
  }
});
