import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { runScenario } from '../support/apache/javaScenario.ts';
import type { ScenarioLine } from '../support/scenario.ts';
import { startLocalBroker } from '../support/localBroker.ts';
import type { LocalBroker } from '../support/localBroker.ts';
import { requireTools } from '../support/skip.ts';
import { makeTempDir } from '../support/tempDir.ts';

const ACCOUNTS = `
accounts:
  - accessKey: joe-account
    secretKey: 12345678
    defaultTopicPerm: DENY
    defaultGroupPerm: SUB
    topicPerms: [JoeTopic=PUB|SUB]
`;

/** Apache's brokers from 5.3 on know no plain_acl.yml: this is ours alone. */
describe('the official Java client 4.9 and plain_acl.yml', () => {
  const home = makeTempDir('plain-acl');
  let broker: LocalBroker | undefined;

  before(async function () {
    requireTools(this, 'java', 'javac', 'mvn');
    mkdirSync(path.join(home.path, 'conf'));
    writeFileSync(path.join(home.path, 'conf', 'plain_acl.yml'), ACCOUNTS);
    const conf = path.join(home.path, 'broker.conf');
    writeFileSync(conf, `aclEnable=true\nrocketmqHome=${home.path}\n`);
    broker = await startLocalBroker('-c', conf);
  });
  after(async () => {
    await broker?.stop();
    home.remove();
  });

  const client = (...args: string[]): Promise<ScenarioLine[]> =>
    runScenario('Secured', args, { release: '4.9', nameServer: broker!.namesrv, timeoutMs: 170_000 });

  it('an account sends and reads what it may, and no more', async () => {
    const lines = await client('joe-account', '12345678', 'joe-readers', 'JoeTopic', 'OtherTopic');
    assert.deepEqual(
      lines.filter(({ event }) => event === 'sent').map(({ topic, status }) => [topic, status]),
      [['JoeTopic', 'SEND_OK']],
    );
    const refused = lines.find(({ event }) => event === 'refused');
    assert.equal(refused?.['code'], 1);
    assert.match(String(refused['message']), /AclException: No default permission for topic:OtherTopic/);
    assert.deepEqual(
      lines.filter(({ event }) => event === 'received').map(({ body }) => body),
      ['hello'],
    );
  }).timeout(240_000);

  it('a wrong key is refused', async () => {
    const [wrong] = await client('joe-account', '123456789', '-', 'JoeTopic');
    assert.equal(wrong?.['code'], 1);
    assert.match(String(wrong['message']), /AclException: Check signature failed for accessKey=joe-account/);
  }).timeout(240_000);
});
