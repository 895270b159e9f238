import { decodeConsumerConnection } from '../protocol/bodies/connection.ts';
import { RequestCode, ResponseCode } from '../protocol/codes.ts';
import { versionName } from '../protocol/command.ts';
import { encodeFields } from '../protocol/fields.ts';
import { consumerGroupOnly } from '../protocol/requests/group.ts';
import { askEach, inCluster, isResponseCode, preferredAddress } from './admin.ts';
import type { ClusterContext } from './clusterContext.ts';
import type { GroupClient, Listing } from './model.ts';

/**
 * Members of a group that the brokers of one cluster, or of all, know as online. A proxy that runs beside its broker
 * registers its clients there; one that runs apart keeps them to itself.
 * @throws CodedError of the first broker when none answers
 */
export async function listGroupClients(
  context: ClusterContext,
  group: string,
  clusterName?: string,
): Promise<Listing<GroupClient>> {
  const { brokers } = await context.nameServers.clusterInfo();
  const addresses = inCluster(brokers, clusterName).flatMap((broker) => preferredAddress(broker) ?? []);
  const extFields = encodeFields(consumerGroupOnly, { consumerGroup: group });
  const parts = { code: RequestCode.GET_CONSUMER_CONNECTION_LIST, extFields };
  const { done, failed } = await askEach(context, addresses, parts);
  // Nobody of the group is at that broker.
  const unanswered = failed.filter(({ error }) => !isResponseCode(error, ResponseCode.CONSUMER_NOT_ONLINE));
  if (unanswered.length === addresses.length && unanswered[0] !== undefined) throw unanswered[0].error;
  const found = new Map<string, GroupClient>();
  for (const { answer } of done) {
    const { clients, consumeType, messageModel } = decodeConsumerConnection(answer.body);
    // A client is connected to every broker.
    for (const { clientId, clientAddr, language, version } of clients) {
      const release = versionName(version);
      found.set(clientId, { clientId, address: clientAddr, language, release, consumeType, messageModel });
    }
  }
  return { items: [...found.values()].sort((a, b) => (a.clientId < b.clientId ? -1 : 1)), unanswered };
}
