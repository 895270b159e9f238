import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findJava, javaVersion } from '../../../../../src/broker/cluster/apache/findJava.ts';
import { makeTempDir } from '../../../../support/tempDir.ts';

describe('broker/cluster/apache/findJava', () => {
  const place = makeTempDir('java-home');
  after(() => place.remove());

  it('reads the versions of Java', () => {
    assert.equal(javaVersion('java version "1.8.0_392"\nJava(TM) SE Runtime Environment'), 8);
    assert.equal(javaVersion('openjdk version "17.0.15" 2025-04-15'), 17);
    assert.equal(javaVersion('Picked up JAVA_TOOL_OPTIONS: -Dx\nopenjdk version "25-ea" 2025-09-16'), 25);
    assert.equal(javaVersion('The operation couldn’t be completed. Unable to locate a Java Runtime.'), undefined);
  });

  /** A directory that JAVA_HOME may name. */
  function javaHome(name: string, says: string): string {
    const bin = path.join(place.path, name, 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(path.join(bin, 'java'), `#!/bin/sh\necho '${says}' >&2\n`);
    chmodSync(path.join(bin, 'java'), 0o755);
    return path.join(place.path, name);
  }

  it('takes that of JAVA_HOME, else that of PATH', async () => {
    const eight = javaHome('eight', 'openjdk version "1.8.0_392"');
    const PATH = `${path.join(javaHome('new', 'openjdk version "21.0.1"'), 'bin')}:${process.env['PATH']}`;
    assert.deepEqual(await findJava({ PATH, JAVA_HOME: eight }, 'linux'), {
      executable: path.join(eight, 'bin', 'java'),
      version: 8,
    });
    const onPath = { executable: 'java', version: 21 };
    assert.deepEqual(await findJava({ PATH }, 'linux'), onPath);
    assert.deepEqual(await findJava({ PATH, JAVA_HOME: path.join(place.path, 'gone') }, 'linux'), onPath);
  });

  it('tells that there is none, or that it is too old', async () => {
    const old = javaHome('old', 'java version "1.7.0_80"');
    await assert.rejects(findJava({ JAVA_HOME: old, PATH: process.env['PATH'] }, 'linux'), (error: unknown) => {
      const { code, details } = error as { readonly code: string; readonly details: object };
      const executable = path.join(old, 'bin', 'java');
      assert.deepEqual(
        [code, details],
        [
          'java-too-old',
          {
            executable,
            version: 7,
            reason: `${executable} is Java 7, and Apache RocketMQ needs 8`,
            next: 'install Java 8 or newer, or let JAVA_HOME name it',
          },
        ],
      );
      return true;
    });
    const empty = path.join(place.path, 'empty');
    mkdirSync(empty);
    await assert.rejects(findJava({ PATH: empty }, 'linux'), { code: 'java-not-found' });
  });
});
