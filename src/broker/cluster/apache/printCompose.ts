import type { ComposeFile } from '../../control.ts';
import { clusterProblem } from '../clusterProblem.ts';
import type { ComposeCluster } from '../clusterArguments.ts';
import { firstInUse } from '../clusterPorts.ts';
import { composeFile } from './composeFile.ts';

/** Those that clients of RocketMQ expect. */
const EXPECTED = { nameServer: 9876, broker: 10911, proxy: 8081 };
const STEP = 1000;
const ATTEMPTS = 20;

/** `cluster compose`: the file, or with --json also where clients will find what it runs. */
export async function printCompose(wish: ComposeCluster): Promise<void> {
  const file = await withFreePorts(wish);
  process.stdout.write(wish.json ? `${JSON.stringify(file)}\n` : file.text);
}

/** The expected ports, or all of them higher where a program of this machine has one; those that a person gave stay. */
async function withFreePorts(wish: ComposeCluster): Promise<ComposeFile> {
  const { nameServerPort, brokerPort, proxyPort } = wish;
  for (let attempt = 0; ; attempt += 1) {
    const file = composeFile({
      ...wish,
      ports: {
        nameServer: nameServerPort ?? EXPECTED.nameServer + STEP * attempt,
        broker: brokerPort ?? EXPECTED.broker + STEP * attempt,
        proxy: proxyPort ?? EXPECTED.proxy + STEP * attempt,
      },
    });
    const isGiven = (port: number): boolean =>
      [nameServerPort, brokerPort, proxyPort].some((given) => given !== undefined && port === given);
    const taken = await firstInUse(
      file.ports.filter((port) => !isGiven(port)),
      '127.0.0.1',
    );
    if (taken === undefined) return file;
    if (attempt === ATTEMPTS)
      throw clusterProblem(`port ${taken} is in use`, 'give others with --namesrv-port, --port and --grpc-port');
  }
}
