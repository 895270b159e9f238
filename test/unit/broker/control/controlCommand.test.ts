import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { controlCommand } from '../../../../src/broker/control/command/controlCommand.ts';

describe('rocketmq-local control', () => {
  const run = async (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<[number, string, string]> => {
    let out = '';
    let errors = '';
    const print = { out: (text: string) => void (out += text), error: (text: string) => void (errors += text) };
    return [await controlCommand(args, env, print), out, errors];
  };

  it('lists its commands when it is given none', async () => {
    const [code, out, errors] = await run([]);
    assert.deepEqual([code, errors], [0, '']);
    assert.match(out, /^ {2}rocketmq-local control faults add KEY=VALUE…$/m);
  });

  it('asks where the broker is when the environment says nothing', async () => {
    const env = { ROCKETMQ_LOCAL_CONTROL_URL: '', ROCKETMQ_LOCAL_CONTROL_TOKEN: '' };
    const [code, , errors] = await run(['topics'], env);
    assert.equal(code, 1);
    assert.match(errors, /^rocketmq-local: where is the broker\? Give --url and --token of its ready line/);
  });

  it('says what a URL looks like', async () => {
    for (const url of ['x', 'localhost:8080', 'http://']) {
      const [code, , errors] = await run(['--url', url, '--token', 't', 'topics']);
      assert.deepEqual(
        [code, errors],
        [1, `rocketmq-local: "${url}" is no URL: give the one of the ready line, such as http://127.0.0.1:40126\n`],
      );
    }
  });

  it('says what to do when no broker answers, and when something else does', async () => {
    const server = createServer((_, response) => response.writeHead(404).end('<html>')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const args = ['--url', url, '--token', 't', 'topics'];
    const other = `rocketmq-local: what answers at ${url} is no control interface (status 404)\n`;
    assert.deepEqual(await run(args), [1, '', other]);
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    const [code, , errors] = await run(args);
    assert.equal(code, 1);
    assert.match(
      errors,
      /^rocketmq-local: no broker answers at http:\/\/127\.0\.0\.1:\d+ \(.*\); start one with --control-port, or/,
    );
  });
});
