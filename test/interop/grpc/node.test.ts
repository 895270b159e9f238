import path from 'node:path';

import { SNIPPETS } from '../../../src/snippets/catalogue.ts';
import { ensurePackages } from '../../support/npmPackages.ts';
import { startProcess } from '../../support/runningProcess.ts';
import { runningScenario } from '../../support/scenario.ts';
import { grpcClientSuite } from './clientSuite.ts';

const DRIVER = path.join(import.meta.dirname, 'node', 'driver.cjs');

let packages = '';

grpcClientSuite({
  name: 'Node',
  tools: ['npm'],
  async prepare() {
    packages = await ensurePackages(SNIPPETS.typescript.producer.dependency);
  },
  start(endpoint, prefix) {
    const client = path.join(packages, 'node_modules', 'rocketmq-client-nodejs');
    const program = startProcess(process.execPath, [DRIVER, client, endpoint, prefix], { stopTimeoutMs: 0 });
    return Promise.resolve(runningScenario('the Node client', program));
  },
  // It does not know the steps that a group waits between two tries, and makes a dead letter of what failed once.
  cannot: ['retry in order', 'lite'],
  // It knows gzip alone, and Apache's proxy gives it what a remoting producer packed as that did it.
  cannotWithApache: ['inflate'],
});
