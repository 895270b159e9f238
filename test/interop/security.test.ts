import assert from 'node:assert/strict';

import type { Credentials } from '../../src/protocol/acl.ts';
import { authSettings } from '../behaviours/auth.ts';
import { mqadmin } from '../support/apache/java.ts';
import { runScenario } from '../support/apache/javaScenario.ts';
import type { ScenarioLine } from '../support/scenario.ts';
import { forPrograms } from '../support/backends.ts';
import { requireTools } from '../support/skip.ts';

const ROOT = authSettings.credentials as Credentials;

/** The jars of the test mode take every certificate. */
const SPEAKS_TLS = ['-Xmx256m', '-Dtls.enable=true'];

forPrograms((cluster) => {
  describe('mqadmin and the official client, where everybody is asked who they are', () => {
    before(function () {
      requireTools(this, 'java', 'javac', 'mvn');
    });

    const admin = async (credentials: Credentials | undefined, ...args: string[]): Promise<string> => {
      const files =
        credentials === undefined
          ? {}
          : { 'conf/tools.yml': `accessKey: ${credentials.accessKey}\nsecretKey: ${credentials.secretKey}\n` };
      return (await mqadmin(cluster.nameServer, args, { files })).output;
    };
    const client = (jvmArgs: readonly string[] | undefined, ...args: string[]): Promise<ScenarioLine[]> =>
      runScenario('Secured', args, {
        release: '5',
        nameServer: cluster.nameServer,
        ...(jvmArgs === undefined ? {} : { jvmArgs }),
      });
    const b = (): readonly [string, string] => ['-b', cluster.brokerAddress];

    it('mqadmin makes users and rules with its tools.yml, and is refused without', async () => {
      assert.match(await admin(undefined, 'listUser', ...b()), /CODE: 16 {2}DESC: username cannot be null\./);
      assert.match(
        await admin({ ...ROOT, secretKey: 'guess' }, 'listUser', ...b()),
        /CODE: 16 {2}DESC: check signature failed\./,
      );
      assert.match(await admin(ROOT, 'createUser', ...b(), '-u', 'joe', '-p', 'joe-pw'), /create user to .* success/i);
      assert.match(
        await admin(
          ROOT,
          'createAcl',
          ...b(),
          '-s',
          'User:joe',
          '-r',
          'Topic:JoeTopic,Group:joe-*',
          '-a',
          'Pub,Sub',
          '-d',
          'Allow',
        ),
        /create acl to .* success/i,
      );
      assert.match(await admin(ROOT, 'listUser', ...b()), /^joe +\S+ +Normal +enable/m);
      assert.match(await admin(ROOT, 'getAcl', ...b(), '-s', 'User:joe'), /Topic:JoeTopic/);
      assert.match(
        await admin(ROOT, 'updateTopic', ...b(), '-t', 'JoeTopic', '-r', '1', '-w', '1'),
        /create topic to .* success/,
      );
    }).timeout(240_000);

    it('a user of the client sends and reads what it may, and no more', async () => {
      const lines = await client(undefined, 'joe', 'joe-pw', 'joe-readers', 'JoeTopic', 'OtherTopic');
      assert.deepEqual(
        lines.filter(({ event }) => event === 'sent').map(({ topic, status }) => [topic, status]),
        [['JoeTopic', 'SEND_OK']],
      );
      const refused = lines.find(({ event }) => event === 'refused');
      assert.deepEqual([refused?.['topic'], refused?.['code']], ['OtherTopic', 16]);
      assert.match(
        String(refused?.['message']),
        /^User:joe has no permission to access Topic:OtherTopic from 127\.0\.0\.1, no matched policies\./,
      );
      assert.deepEqual(
        lines.filter(({ event }) => event === 'received').map(({ body }) => body),
        ['hello'],
      );
    }).timeout(240_000);

    it('a wrong key and no key are refused', async () => {
      const [wrong] = await client(undefined, 'joe', 'guess', '-', 'JoeTopic');
      assert.deepEqual([wrong?.event, wrong?.['code']], ['refused', 16]);
      assert.match(String(wrong?.['message']), /^check signature failed\./);
      const [nobody] = await client(undefined, '-', '-', '-', 'JoeTopic');
      assert.deepEqual([nobody?.event, nobody?.['code']], ['refused', 16]);
      assert.match(String(nobody?.['message']), /^username cannot be null\./);
    }).timeout(240_000);

    it('the same by TLS', async () => {
      const lines = await client(SPEAKS_TLS, 'joe', 'joe-pw', 'joe-secure-readers', 'JoeTopic');
      assert.deepEqual(
        new Set(
          lines.filter(({ event }) => event !== 'waited').map(({ event, status, body }) => status ?? body ?? event),
        ),
        new Set(['SEND_OK', 'hello']),
      );
    }).timeout(240_000);
  });
}, authSettings);
