import { encodeHaStatus } from '../../protocol/bodies/haStatus.ts';
import { RequestCode } from '../../protocol/codes.ts';
import { decodeFields, encodeFields } from '../../protocol/fields.ts';
import { exchangeHaInfo, exchangeHaInfoResponse, getBrokerHaStatus } from '../../protocol/requests/ha.ts';
import type { IncomingRequest, Reply } from '../../remoting/peer.ts';
import type { BrokerContext, BrokerHandler } from '../brokerContext.ts';
import { messagesBetween } from '../ha/messagesBetween.ts';
import { SUCCESS, success, successBody } from '../reply.ts';

/* Between masters, slaves and whoever looks at them. Source: AdminBrokerProcessor.java; broker sheet §13.5. */

export const masterHandlers: readonly (readonly [RequestCode, BrokerHandler])[] = [
  [RequestCode.GET_BROKER_HA_STATUS, getHaStatus],
  [RequestCode.EXCHANGE_BROKER_HA_INFO, exchangeHa],
  [RequestCode.RESET_MASTER_FLUSH_OFFSET, nothingToDo],
  [RequestCode.NOTIFY_MIN_BROKER_ID_CHANGE, nothingToDo],
];

/** GET_BROKER_HA_STATUS 907. */
async function getHaStatus({ replication, store }: BrokerContext, { command }: IncomingRequest): Promise<Reply> {
  const status = replication.status();
  const { countMessages } = decodeFields(getBrokerHaStatus, command.extFields);
  if (countMessages !== true) return successBody(encodeHaStatus(status));
  const haConnectionInfo = await Promise.all(
    status.haConnectionInfo.map(async (slave) => ({
      ...slave,
      diffMessages: await messagesBetween(store, slave.slaveAckOffset, status.masterCommitLogMaxOffset),
    })),
  );
  return successBody(encodeHaStatus({ ...status, haConnectionInfo }));
}

/** EXCHANGE_BROKER_HA_INFO 906: who asks without a master's address learns this one's. */
function exchangeHa(broker: BrokerContext, { command }: IncomingRequest): Reply {
  const { masterHaAddress } = decodeFields(exchangeHaInfo, command.extFields);
  if (masterHaAddress !== undefined) return SUCCESS;
  return success(
    encodeFields(exchangeHaInfoResponse, {
      masterAddress: broker.address,
      masterHaAddress: broker.registration.haAddress,
      masterFlushOffset: broker.startedAtOffset,
    }),
  );
}

/** RESET_MASTER_FLUSH_OFFSET 908 means slaves; NOTIFY_MIN_BROKER_ID_CHANGE 905 a group that elects its readers. */
function nothingToDo(): Reply {
  return SUCCESS;
}
