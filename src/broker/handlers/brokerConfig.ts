import { CodedError } from '../../base/errors.ts';
import { ResponseCode } from '../../protocol/codes.ts';
import { stringifyFastjson } from '../../protocol/fastjson.ts';
import type { IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import type { BrokerConfig, NameServerConfig } from '../config.ts';
import type { RunningSettings } from '../runningSettings.ts';

/** GET_BROKER_CONFIG 26. */
export function getBrokerConfig({ settings }: BrokerContext): Reply {
  return {
    code: ResponseCode.SUCCESS,
    extFields: { version: stringifyFastjson(settings.version) },
    body: Buffer.from(settings.text()),
  };
}

/** UPDATE_BROKER_CONFIG 25. Source: AdminBrokerProcessor.java, updateBrokerConfig. */
export async function updateBrokerConfig(broker: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const permissionBefore = broker.config.brokerPermission;
  const reply = updateSettings(broker.settings, command.body);
  if (broker.config.brokerPermission !== permissionBefore) {
    broker.topics.touch();
    await broker.registration.announce();
  }
  return reply;
}

/**
 * Changes settings by the lines of a request's body. A value that cannot be is refused, where Apache answers success
 * and changes nothing.
 */
export function updateSettings<T extends BrokerConfig | NameServerConfig>(
  settings: RunningSettings<T>,
  body: Buffer,
): Reply {
  try {
    const { isForbidden, later } = settings.update(body.toString('utf8'));
    if (isForbidden) return { code: ResponseCode.NO_PERMISSION, remark: 'Can not update config in black list.' };
    if (later.length === 0) return { code: ResponseCode.SUCCESS };
    return { code: ResponseCode.SUCCESS, remark: `obeyed from the next start on: ${later.join(', ')}` };
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'config-invalid') throw error;
    const { key, value, reason } = error.details;
    return { code: ResponseCode.INVALID_PARAMETER, remark: `${String(key)}=${String(value)}: ${String(reason)}` };
  }
}
