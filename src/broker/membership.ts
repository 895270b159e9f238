import { errorText } from '../base/errors.ts';
import type { Disposable } from '../base/disposable.ts';
import { RequestCode } from '../protocol/codes.ts';
import { encodeFields } from '../protocol/fields.ts';
import { consumerGroupOnly } from '../protocol/requests/group.ts';
import type { Peer } from '../remoting/peer.ts';
import type { BrokerContext } from './brokerContext.ts';
import type { ConsumerGroup } from './state/consumers.ts';

const SCAN_MS = 10_000;

const watched = new WeakSet<Peer>();

/** Ends the memberships of a connection when it closes. */
export function watchConnection(broker: BrokerContext, connection: Peer): void {
  if (watched.has(connection)) return;
  watched.add(connection);
  connection.onClose(() => leaveAll(broker, connection));
}

/** What the heartbeats of a connection said. */
export function clientIdOf({ consumers, producers }: BrokerContext, connection: Peer): string | undefined {
  for (const { members } of consumers.groups()) {
    const client = members.get(connection);
    if (client !== undefined) return client.clientId;
  }
  for (const members of producers.all().values()) {
    const client = members.get(connection);
    if (client !== undefined) return client.clientId;
  }
  return undefined;
}

/** Ends the memberships of clients whose heartbeats stopped (`channelExpiredTimeout`), and their connections. */
export function expireMembers(broker: BrokerContext): Disposable {
  return broker.steadyClock.every(SCAN_MS, () => {
    broker.consumers.pulled.expire();
    const sinceMs = broker.steadyClock.now() - broker.config.channelExpiredTimeout;
    for (const silent of [broker.consumers.silentSince(sinceMs), broker.producers.silentSince(sinceMs)]) {
      for (const connection of silent) {
        broker.logger.info(
          `${connection.remoteAddress} sent no heartbeat for ${broker.config.channelExpiredTimeout} ms`,
        );
        leaveAll(broker, connection);
        connection.dispose();
      }
    }
  });
}

/**
 * Tells the members that the group changed: NOTIFY_CONSUMER_IDS_CHANGED 40. Broadcasting members share nothing, and
 * `notifyConsumerIdsChangedEnable` of the group may be off.
 */
export function notifyMembers(broker: BrokerContext, group: ConsumerGroup | undefined): void {
  if (group === undefined || group.messageModel === 'BROADCASTING' || !broker.groups.tellsMembers(group.group)) return;
  const extFields = encodeFields(consumerGroupOnly, { consumerGroup: group.group });
  for (const connection of group.members.keys()) {
    connection.oneway({ code: RequestCode.NOTIFY_CONSUMER_IDS_CHANGED, extFields }).catch((error: unknown) => {
      broker.logger.warn(`a change of ${group.group} does not reach ${connection.remoteAddress}: ${errorText(error)}`);
    });
  }
}

function leaveAll(broker: BrokerContext, connection: Peer): void {
  broker.producers.unregisterAll(connection);
  for (const group of broker.consumers.unregisterAll(connection)) notifyMembers(broker, group);
}
