import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

import { SNIPPETS } from '../../../src/snippets/catalogue.ts';
import { ensureApacheJars } from '../../support/apache/jars.ts';
import { requireTools } from '../../support/skip.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import { runProgram } from '../../support/runProgram.ts';
import { NAME_CASES, writeSnippet } from './rendering.ts';

/** Prints the topic that the compiled class has, as UTF-8 in hex. */
const PROBE = `
import java.nio.charset.StandardCharsets;

public final class Probe {
    public static void main(String[] names) throws ReflectiveOperationException {
        for (String name : names) {
            java.lang.reflect.Field field = Class.forName(name).getDeclaredField("TOPIC");
            field.setAccessible(true);
            byte[] topic = ((String) field.get(null)).getBytes(StandardCharsets.UTF_8);
            System.out.println(String.format("%0" + topic.length * 2 + "x", new java.math.BigInteger(1, topic)));
        }
    }
}
`;

describe('Java snippets', function () {
  let jars = '';

  before(async function () {
    this.timeout(600_000);
    requireTools(this, 'javac', 'java', 'mvn');
    jars = await ensureApacheJars();
  });

  it('name the version they are compiled against', () => {
    const [, artifact, version] = SNIPPETS.java.producer.dependency.split(':');
    assert.ok(fs.existsSync(path.join(jars, `${String(artifact)}-${String(version)}.jar`)));
  });

  for (const { title, ...names } of NAME_CASES) {
    it(`compile without a warning, and mean ${title}`, async () => {
      const dir = makeTempDir('java-snippets');
      try {
        const files = ['OrderSender.java', 'OrderReceiver.java', 'Probe.java'].map((name) => path.join(dir.path, name));
        writeSnippet('java', 'producer', names, files[0]!);
        writeSnippet('java', 'pushConsumer', names, files[1]!);
        fs.writeFileSync(files[2]!, PROBE);
        const options = ['-Xlint:all,-path', '-Werror', '-proc:none', '-encoding', 'UTF-8', '-d', dir.path];
        const compiled = await runProgram('javac', [...options, '-cp', path.join(jars, '*'), ...files], {
          timeoutMs: 120_000,
        });
        assert.equal(compiled.code, 0, compiled.output);

        const classPath = [dir.path, path.join(jars, '*')].join(path.delimiter);
        const probe = await runProgram('java', ['-cp', classPath, 'Probe', 'OrderSender', 'OrderReceiver'], {
          timeoutMs: 60_000,
        });
        const topics = probe.output.trim().split(/\s+/);
        assert.deepEqual(
          topics.map((hex) => Buffer.from(hex, 'hex').toString('utf8')),
          [names.topic, names.topic],
          probe.output,
        );
      } finally {
        dir.remove();
      }
    }).timeout(180_000);
  }
});
