import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { SNIPPETS } from '../../../src/snippets/catalogue.ts';
import { cacheDir } from '../../support/cacheDir.ts';
import { withCacheLock } from '../../support/cacheLock.ts';
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
const ENV = { ...process.env, GOFLAGS: '-mod=mod -buildvcs=false', GOTOOLCHAIN: 'local' };

describe('Go snippets', function () {
  let module = '';

  before(async function () {
    this.timeout(600_000);
    requireTools(this, 'go', 'gofmt');
    module = await ensureModule(SNIPPETS.go.producer.dependency);
  });

  for (const { title, ...names } of NAME_CASES) {
    it(`pass go vet, are formatted, and mean ${title}`, async () => {
      const dir = makeTempDir('go-snippets');
      try {
        for (const file of ['go.mod', 'go.sum']) fs.copyFileSync(path.join(module, file), path.join(dir.path, file));
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

/** A module that requires the client and nothing else, with its sums; kept between runs. */
async function ensureModule(dependency: string): Promise<string> {
  const folder = cacheDir('snippets', `go-${dependency.replace(/\W+/g, '-')}`);
  await withCacheLock(`${folder}.lock`, console.log, async () => {
    if (fs.existsSync(path.join(folder, 'go.sum'))) return;
    const partial = fs.mkdtempSync(`${folder}.partial-`);
    await go(['mod', 'init', 'snippets'], partial);
    await go(['get', dependency], partial);
    fs.renameSync(partial, folder);
  });
  return folder;
}

async function go(args: readonly string[], cwd: string): Promise<string> {
  const { code, output } = await runProgram('go', args, { cwd, env: ENV, timeoutMs: 540_000 });
  assert.equal(code, 0, `go ${args.join(' ')}\n${output}`);
  return output;
}
