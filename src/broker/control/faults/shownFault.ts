import { requestCodeName, responseCodeName } from '../../../protocol/codes.ts';
import { versionName } from '../../../protocol/command.ts';
import type { SetFault } from '../../control.ts';
import type { Fault } from './fault.ts';
import { rpcCodeName } from './rpcRefusal.ts';

/** Numbers by their names. */
export function shownFault(fault: Fault): Omit<SetFault, 'id' | 'struck' | 'live'> {
  const { requests, code, version, server } = fault;
  const codeName = server === 'grpc' ? rpcCodeName : responseCodeName;
  return {
    ...fault,
    requests: requests?.map(requestCodeName),
    code: code === undefined ? undefined : codeName(code),
    version: version === undefined ? undefined : versionName(version),
  };
}
