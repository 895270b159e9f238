import { buildGoGrpcDriver } from '../../support/goGrpcDriver.ts';
import { startProcess } from '../../support/runningProcess.ts';
import { runningScenario } from '../../support/scenario.ts';
import { makeTempDir } from '../../support/tempDir.ts';
import { grpcClientSuite } from './clientSuite.ts';

const dir = makeTempDir('grpc-go');
let driver = '';
after(() => dir.remove());

grpcClientSuite({
  name: 'Go',
  tools: ['go'],
  async prepare() {
    driver = await buildGoGrpcDriver('test/interop/grpc/go/main.go', dir.path);
  },
  start(endpoint, prefix) {
    // It writes its log below the home directory.
    const env = { ...process.env, HOME: dir.path };
    const program = startProcess(driver, [endpoint, prefix], { env, stopTimeoutMs: 0 });
    return Promise.resolve(runningScenario('the Go client', program));
  },
  // While a message waits for its second try, it goes on with the next of the same group.
  cannot: ['retry in order', 'lite'],
});
