import { parseHostAddress } from '../protocol/hostAddress.ts';
import type { HostAddress } from '../protocol/hostAddress.ts';
import type { Peer } from '../remoting/peer.ts';

const hosts = new WeakMap<Peer, HostAddress>();

/** The peer's address as records hold it. */
export function peerHost(connection: Peer): HostAddress {
  let host = hosts.get(connection);
  if (host === undefined) hosts.set(connection, (host = parseHostAddress(connection.remoteAddress)));
  return host;
}
