import { createHmac } from 'node:crypto';

import type { Credentials } from '../acl.ts';

/**
 * The headers that say and prove who calls: hex(HMAC-SHA1(secret, the text of the time)). Servers compare no clocks.
 * Source: Signature.java of rocketmq-clients; gRPC sheet §2.2.
 */
export function authorizationHeaders(
  { accessKey, secretKey, securityToken }: Credentials,
  nowMs: number,
): Record<string, string> {
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const signature = createHmac('sha1', secretKey).update(time).digest('hex');
  return {
    'x-mq-date-time': time,
    authorization: `MQv2-HMAC-SHA1 Credential=${accessKey}, SignedHeaders=x-mq-date-time, Signature=${signature}`,
    ...(securityToken === undefined ? {} : { 'x-mq-session-token': securityToken }),
  };
}
