import type { StartCluster } from '../../src/broker/cluster/clusterArguments.ts';
import type { ClusterMode } from '../../src/broker/control.ts';

/** `cluster start --mode MODE --dir DIRECTORY`. */
export function startWish(mode: ClusterMode, directory: string): StartCluster {
  return {
    kind: 'start',
    mode,
    nameServers: undefined,
    directory,
    host: '127.0.0.1',
    nameServerPort: undefined,
    brokerPort: undefined,
    proxyPort: undefined,
    apache: undefined,
    proxy: false,
    json: true,
  };
}
