import fs from 'node:fs';
import path from 'node:path';

import { go, writeGoModule } from '../../support/goModule.ts';
import { repository } from '../../support/repository.ts';
import { startProcess } from '../../support/runningProcess.ts';
import { runningScenario } from '../../support/scenario.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import { grpcClientSuite } from './clientSuite.ts';

const DEPENDENCY = 'github.com/apache/rocketmq-clients/golang/v5@v5.1.4';

const dir = makeTempDir('grpc-go');
after(() => dir.remove());

grpcClientSuite({
  name: 'Go',
  tools: ['go'],
  async prepare() {
    fs.copyFileSync(path.join(repository, 'test', 'interop', 'grpc', 'go', 'main.go'), path.join(dir.path, 'main.go'));
    await writeGoModule(DEPENDENCY, dir.path);
    await go(['build', '-o', 'driver', '.'], dir.path);
  },
  start(endpoint, prefix) {
    // It writes its log below the home directory.
    const env = { ...process.env, HOME: dir.path };
    const program = startProcess(path.join(dir.path, 'driver'), [endpoint, prefix], { env, stopTimeoutMs: 0 });
    return Promise.resolve(runningScenario('the Go client', program));
  },
  // While a message waits for its second try, it goes on with the next of the same group.
  cannot: ['retry in order'],
});
