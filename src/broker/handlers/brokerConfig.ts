import { ResponseCode } from '../../protocol/codes.ts';
import { stringifyFastjson } from '../../protocol/fastjson.ts';
import type { Reply } from '../../remoting/connection.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { configText } from '../config.ts';

/** GET_BROKER_CONFIG 26. */
export function getBrokerConfig(broker: BrokerContext): Reply {
  return {
    code: ResponseCode.SUCCESS,
    extFields: { version: stringifyFastjson({ counter: 0, stateVersion: 0, timestamp: broker.startedMs }) },
    body: Buffer.from(configText(broker.config)),
  };
}
