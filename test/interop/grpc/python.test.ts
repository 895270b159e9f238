import path from 'node:path';

import { SNIPPETS } from '../../../src/snippets/catalogue.ts';
import { ensureVenv } from '../../support/pythonVenv.ts';
import { startProcess } from '../../support/runningProcess.ts';
import { runningScenario } from '../../support/scenario.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import { grpcClientSuite } from './clientSuite.ts';

const DRIVER = path.join(import.meta.dirname, 'python', 'driver.py');

// It writes its log below the home directory.
const home = makeTempDir('grpc-python');
after(() => home.remove());

let python = '';

grpcClientSuite({
  name: 'Python',
  tools: ['python3'],
  async prepare() {
    python = await ensureVenv(SNIPPETS.python.producer.dependency);
  },
  start(endpoint, prefix) {
    const env = { ...process.env, HOME: home.path, PYTHONDONTWRITEBYTECODE: '1', PYTHONUTF8: '1' };
    const program = startProcess(python, [DRIVER, endpoint, prefix], { env, stopTimeoutMs: 0 });
    return Promise.resolve(runningScenario('the Python client', program));
  },
  cannot: ['lite'],
  cannotWithApache: ['ask at once'],
});
