import path from 'node:path';

import { buildCrate } from '../../support/rustCrate.ts';
import { startProcess } from '../../support/runningProcess.ts';
import { runningScenario } from '../../support/scenario.ts';
import { grpcClientSuite } from './clientSuite.ts';

let driver = '';

grpcClientSuite({
  name: 'Rust',
  tools: ['cargo'],
  async prepare() {
    driver = await buildCrate(path.join(import.meta.dirname, 'rust'));
  },
  start(endpoint, prefix) {
    const program = startProcess(driver, [endpoint, prefix], { stopTimeoutMs: 0 });
    return Promise.resolve(runningScenario('the Rust client', program));
  },
  cannot: ['priority', 'push', 'recall', 'make visible', 'retry in order', 'lite'],
  // It does not unpack at all: with Apache's proxy it hands out the packed bytes.
  cannotWithApache: ['inflate'],
});
