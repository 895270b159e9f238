import { lookup } from 'node:dns/promises';
import { CodedError, errorText } from '../base/errors.ts';
import { ipBytes } from '../protocol/hostAddress.ts';
import type { BrokerConfig } from './config.ts';
import { reachableHost } from './reachableHost.ts';

/** What clients and slaves are told of where this broker is. */
export function reachedBy({
  brokerIP1,
  brokerIP2,
  bindAddress,
}: BrokerConfig): Pick<BrokerConfig, 'brokerIP1' | 'brokerIP2'> {
  const host = brokerIP1 === '' ? reachableHost(bindAddress) : brokerIP1;
  return { brokerIP1: host, brokerIP2: brokerIP2 === '' ? host : brokerIP2 };
}

/** Records hold an IP; clients are told the name. @throws CodedError `config-invalid` */
export async function ipOf(host: string): Promise<Buffer> {
  try {
    // IPv4 where there is one: clients of old releases read no other.
    return ipBytes((await lookup(host, { order: 'ipv4first' })).address);
  } catch (error) {
    const reason = `its address is not found: ${errorText(error)}`;
    throw new CodedError('config-invalid', { key: 'brokerIP1', value: host, reason }, { cause: error });
  }
}
