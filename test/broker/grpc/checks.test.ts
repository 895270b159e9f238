import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { repository } from '../../support/repository.ts';

const COUNT = 65;
/** Faults on demand strike requests of the remoting protocol alone; they are nice to have (gRPC sheet §6, 65). */
const NOT_THERE = [65];

describe('the checks of the gRPC sheet', () => {
  it('are each named by a test', () => {
    const directory = path.join(repository, 'test/broker/grpc');
    const files = readdirSync(directory).filter((name) => name.endsWith('.test.ts'));
    const text = files.map((name) => readFileSync(path.join(directory, name), 'utf8')).join('\n');
    const named = new Set(
      [...text.matchAll(/\(checks? ([\d, ]+)\)/g)].flatMap(([, numbers]) => numbers?.split(', ') ?? []),
    );
    const missing = Array.from({ length: COUNT }, (_, index) => index + 1).filter(
      (number) => !named.has(String(number)),
    );
    assert.deepEqual(missing, NOT_THERE);
  });
});
