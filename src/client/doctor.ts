import type { CodedError } from '../base/errors.ts';
import { isCodedError } from '../base/errors.ts';
import { decodeClusterInfo, decodeKvTable } from '../protocol/bodies/route.ts';
import type { BrokerData } from '../protocol/bodies/route.ts';
import { RequestCode, ResponseCode } from '../protocol/codes.ts';
import { versionName } from '../protocol/command.ts';
import type { RemotingCommand } from '../protocol/command.ts';
import { dial } from '../remoting/dial.ts';
import type { ClusterContext } from './clusterContext.ts';
import { responseError } from './connectionPool.ts';
import type { BrokerNode } from './model.ts';

export interface EndpointProbe {
  /** `host:port`; for a broker what it advertises, which every client will dial. */
  readonly address: string;
  /** What went wrong; undefined when it answered as it should. */
  readonly problem: CodedError | undefined;
  /** Resolving, connecting and asking together. */
  readonly elapsedMs: number;
  /** Release in Apache's spelling (`V5_3_3`); undefined when it did not say. */
  readonly release: string | undefined;
}

export interface BrokerProbe extends EndpointProbe, BrokerNode {}

export interface ProbeResult {
  readonly nameServers: readonly EndpointProbe[];
  /** Every broker that any of the NameServers knows. */
  readonly brokers: readonly BrokerProbe[];
}

/** Looks at every NameServer and every broker on fresh connections. Finds fault in the result; never rejects for it. */
export async function probe(context: ClusterContext): Promise<ProbeResult> {
  const found = new Map<string, BrokerNode>();
  const nameServers = await Promise.all(
    context.nameServers.addresses.map((address) =>
      ask(context, address, RequestCode.GET_BROKER_CLUSTER_INFO, (answer) => {
        for (const node of decodeClusterInfo(answer.body).brokers.flatMap(nodesOf)) found.set(node.address, node);
        return versionName(answer.version);
      }),
    ),
  );
  const brokers = await Promise.all(
    [...found.values()].map(async (node) => ({
      ...node,
      ...(await ask(context, node.address, RequestCode.GET_BROKER_RUNTIME_INFO, (answer) =>
        decodeKvTable(answer.body).get('brokerVersionDesc'),
      )),
    })),
  );
  return { nameServers, brokers: brokers.sort((a, b) => (a.address < b.address ? -1 : 1)) };
}

async function ask(
  { clock, logger, timeoutMs }: ClusterContext,
  address: string,
  code: number,
  readRelease: (answer: RemotingCommand) => string | undefined,
): Promise<EndpointProbe> {
  const startMs = clock.now();
  try {
    const connection = await dial(address, { clock, logger, timeoutMs });
    try {
      const answer = await connection.request({ code }, timeoutMs);
      if (answer.code !== ResponseCode.SUCCESS) throw responseError(address, code, answer);
      return { address, problem: undefined, elapsedMs: clock.now() - startMs, release: readRelease(answer) };
    } finally {
      connection.dispose();
    }
  } catch (error) {
    if (!isCodedError(error)) throw error;
    return { address, problem: error, elapsedMs: clock.now() - startMs, release: undefined };
  }
}

function nodesOf({ cluster, brokerName, brokerAddrs }: BrokerData): readonly BrokerNode[] {
  return [...brokerAddrs].map(([brokerId, address]) => ({ clusterName: cluster, brokerName, brokerId, address }));
}
