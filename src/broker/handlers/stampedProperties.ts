import {
  PropertyName,
  decodeProperties,
  encodeProperties,
  encodeProperty,
  propertyOf,
} from '../../protocol/messageProperty.ts';
import type { SendMessage } from '../../protocol/requests/send.ts';
import type { BrokerContext } from '../brokerContext.ts';
import type { BrokerConfig } from '../config.ts';

/**
 * MSG_REGION, TRACE_ON, CLUSTER and a unique key on every message; POP_CK never from outside. Most messages carry
 * none of them, so they are appended to the text as it came.
 */
export function stampedProperties(
  broker: BrokerContext,
  header: SendMessage,
  toDeadLetter: boolean,
): { readonly text: string; readonly uniqueKey: string } {
  const stamps = stampsOf(broker.config);
  const given = header.properties ?? '';
  const needsMap =
    toDeadLetter ||
    given.includes(PropertyName.MSG_REGION) ||
    given.includes(PropertyName.TRACE_SWITCH) ||
    given.includes(PropertyName.CLUSTER) ||
    given.includes(PropertyName.POP_CK);
  const known = propertyOf(given, PropertyName.UNIQUE_KEY);
  const uniqueKey = known ?? broker.newUniqueKey();
  if (!needsMap) {
    const open = given !== '' && !given.endsWith('\u0002') ? '\u0002' : '';
    const text = given + open + stamps.text;
    return { text: known === undefined ? text + encodeProperty(PropertyName.UNIQUE_KEY, uniqueKey) : text, uniqueKey };
  }
  const properties = decodeProperties(given);
  properties.delete(PropertyName.POP_CK);
  for (const [name, value] of stamps.properties) properties.set(name, value);
  if (known === undefined) properties.set(PropertyName.UNIQUE_KEY, uniqueKey);
  // No level, in the words of SendMessageProcessor.handleRetryAndDLQ.
  if (toDeadLetter) properties.set(PropertyName.DELAY, '-1');
  return { text: encodeProperties(properties), uniqueKey };
}

type StampSettings = Pick<BrokerConfig, 'regionId' | 'traceOn' | 'brokerClusterName'>;

interface Stamps {
  readonly of: StampSettings;
  readonly properties: readonly (readonly [string, string])[];
  readonly text: string;
}

/** Those of the message before: they change with the settings only. */
let last: Stamps | undefined;

function stampsOf({ regionId, traceOn, brokerClusterName }: StampSettings): Stamps {
  const { of } = last ?? {};
  const isSame = of?.regionId === regionId && of.traceOn === traceOn && of.brokerClusterName === brokerClusterName;
  if (last !== undefined && isSame) return last;
  const properties = [
    [PropertyName.MSG_REGION, regionId],
    [PropertyName.TRACE_SWITCH, String(traceOn)],
    [PropertyName.CLUSTER, brokerClusterName],
  ] as const;
  last = { of: { regionId, traceOn, brokerClusterName }, properties, text: encodeProperties(properties) };
  return last;
}
