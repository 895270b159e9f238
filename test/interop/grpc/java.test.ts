import { ensureApacheJars } from '../../support/apache/jars.ts';
import { startScenario } from '../../support/apache/javaScenario.ts';
import { grpcClientSuite } from './clientSuite.ts';

grpcClientSuite({
  name: 'Java',
  tools: ['java', 'javac', 'mvn'],
  async prepare() {
    await ensureApacheJars('grpc');
  },
  start: (endpoint, prefix) => startScenario('GrpcClients', [endpoint, prefix], { release: 'grpc' }),
  cannot: [],
});
