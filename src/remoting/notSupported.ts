import { ResponseCode } from '../protocol/codes.ts';
import type { IncomingRequest, Reply } from './peer.ts';

/** Java answers any code nobody registered like this. Source: NettyRemotingAbstract.java; remoting sheet §1.9. */
export function notSupported({ command }: IncomingRequest): Reply {
  return {
    code: ResponseCode.REQUEST_CODE_NOT_SUPPORTED,
    remark: ` request type ${command.code} not supported`,
  };
}
