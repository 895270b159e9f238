import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import path from 'node:path';
import { claimCluster } from '../../../../src/broker/cluster/claimCluster.ts';
import { skipTest } from '../../../support/skip.ts';
import { makeTempDir } from '../../../support/tempDir.ts';
import type { TempDir } from '../../../support/tempDir.ts';

describe('broker/cluster/claimCluster', () => {
  let place: TempDir;
  let stranger: Server | undefined;
  beforeEach(() => (place = makeTempDir('claim')));
  afterEach(() => {
    stranger?.close();
    stranger = undefined;
    place.remove();
  });
  const leaveStaleFile = async (answer: string, more: object = {}): Promise<void> => {
    stranger?.close();
    stranger = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', () => socket.end(answer));
    }).listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const { port } = stranger.address() as AddressInfo;
    const file = { pid: process.pid, port, token: 'left', ...more };
    writeFileSync(path.join(place.path, 'supervisor.json'), JSON.stringify(file));
  };

  for (const [who, answer] of [
    ['a web server', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['the supervisor of another cluster', '{"ok":false,"reason":"the token is wrong","next":"use another"}\n'],
  ] as const) {
    it(`takes the directory of one that was killed, though ${who} has its port`, async () => {
      await leaveStaleFile(answer);
      const claim = await claimCluster(place.path);
      assert.equal(claim.isAfterKill, true);
      claim.dispose();
    });
  }

  it("asks nobody at the port of one whose id is a stranger's by now", async function () {
    if (process.platform !== 'linux') skipTest(this, 'the system does not say when a process started');
    const status = { mode: 'single', pid: process.pid, namesrv: '', dir: place.path, nodes: [] };
    const answer = `${JSON.stringify({ ok: true, status })}\n`;
    await leaveStaleFile(answer);
    await assert.rejects(claimCluster(place.path), { code: 'cluster-running' });
    await leaveStaleFile(answer, { startMark: 'of another boot' });
    const claim = await claimCluster(place.path);
    assert.equal(claim.isAfterKill, true);
    claim.dispose();
  });

  it('refuses while one starts that says so, and while one runs', async () => {
    const claim = await claimCluster(place.path);
    const details = { directory: place.path, pid: process.pid, reason: RUNS(place.path), next: NEXT(place.path) };
    const refused = { code: 'cluster-running', details };
    await assert.rejects(claimCluster(place.path), refused);
    const status = { mode: 'single', pid: process.pid, namesrv: '', dir: place.path, nodes: [] } as const;
    claim.serve(() => Promise.resolve({ ok: true, status }));
    await assert.rejects(claimCluster(place.path), refused);
    claim.dispose();
  });
});

const RUNS = (directory: string): string => `a cluster already runs in ${directory} (pid ${process.pid})`;
const NEXT = (directory: string): string =>
  `see it with: rocketmq-local cluster status --dir ${directory}, end it with: rocketmq-local cluster stop --dir ${directory}, or choose another directory`;
