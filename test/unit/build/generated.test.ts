import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { repository } from '../../support/repository.ts';
import { makeTempDir } from '../../support/tempDir.ts';

describe('generated files', () => {
  it('are what the .proto files say (npm run generate)', function () {
    this.timeout(60_000);
    const output = makeTempDir('generated');
    const folder = path.join(repository, 'src', 'protocol', 'grpc');
    const template = readFileSync(path.join(folder, 'buf.gen.yaml'), 'utf8').replace(
      'out: src/protocol/grpc',
      `out: ${JSON.stringify(output.path)}`,
    );
    const bin = path.join(repository, 'node_modules', '.bin');
    execFileSync(path.join(bin, 'buf'), ['generate', '--template', JSON.stringify(parse(template))], {
      cwd: repository,
      env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env['PATH'] ?? ''}` },
    });
    const generated = readdirSync(folder).filter((name) => name.endsWith('_pb.ts'));
    assert.deepEqual(readdirSync(output.path).sort(), generated.sort());
    for (const name of generated) {
      const isSame = readFileSync(path.join(output.path, name)).equals(readFileSync(path.join(folder, name)));
      assert.ok(isSame, `${name} is not what npm run generate makes`);
    }
    output.remove();
  });
});
