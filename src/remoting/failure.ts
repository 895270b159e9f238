import { errorText, isCodedError } from '../base/errors.ts';
import { ResponseCode } from '../protocol/codes.ts';

/** How a request is answered whose handler threw. */
export function failure(error: unknown): { code: number; remark: string } {
  if (isCodedError(error, 'header-illegal') && error.details['reason'] === 'missing') {
    // Source: RemotingCommand.java, decodeCommandCustomHeader.
    return { code: ResponseCode.SYSTEM_ERROR, remark: `the custom field <${error.details['field'] ?? ''}> is null` };
  }
  return { code: ResponseCode.SYSTEM_ERROR, remark: errorText(error) };
}
