import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

import { listeningInodes, parseLsof, parseNetstat, portHolder, programName } from '../../../src/host/portHolder.ts';
import { skipTest } from '../../support/skip.ts';

describe('portHolder', () => {
  it('finds the process that listens on a port', async function () {
    if (process.platform !== 'linux') skipTest(this, 'it looks into /proc, which Linux has');
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      assert.equal((await portHolder(port))?.pid, process.pid);
    } finally {
      server.close();
      await once(server, 'close');
    }
    assert.equal(await portHolder(port), undefined);
  });
});

describe('listeningInodes', () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:2694 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 55501 1 0000 100 0 0 10 0',
    '   1: 0100007F:2694 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 55502 1 0000 100 0 0 10 0',
    '   2: 00000000:2A9F 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 55503 1 0000 100 0 0 10 0',
  ].join('\n');

  it('takes listening sockets of the port, not connections of it', () => {
    assert.deepEqual(listeningInodes(table, 9876), ['55501']);
    assert.deepEqual(listeningInodes(table, 10_911), ['55503']);
    assert.deepEqual(listeningInodes(table, 80), []);
  });
});

describe('the tools of other systems', () => {
  it('lsof tells process and program', () => {
    assert.deepEqual(parseLsof('p4321\ncjava\nf87\n'), { pid: 4321, program: 'java' });
    assert.equal(parseLsof(''), undefined);
  });

  it('netstat tells the process in any language of Windows', () => {
    const output = [
      '  TCP    127.0.0.1:9876     127.0.0.1:50123    HERGESTELLT     11',
      '  TCP    0.0.0.0:19876      0.0.0.0:0          ABHÖREN         12',
      '  TCP    127.0.0.1:9876     0.0.0.0:0          ABHÖREN         13',
    ].join('\r\n');
    assert.equal(parseNetstat(output, 9876), 13);
    assert.equal(parseNetstat(output, 987), undefined);
  });
});

describe('programName', () => {
  it('calls Java and Node programs by what they run', () => {
    const java = [
      '/usr/bin/java',
      '-Xmx256m',
      '-cp',
      '/opt/lib/a.jar',
      'org.apache.rocketmq.namesrv.NamesrvStartup',
      '-n',
    ];
    assert.equal(programName(java), 'java NamesrvStartup');
    assert.equal(programName(['node', '--inspect', '/x/dist/broker.cjs', 'start']), 'node broker.cjs');
    assert.equal(programName(['/usr/sbin/nginx']), 'nginx');
    assert.equal(programName(['node']), 'node');
  });
});
