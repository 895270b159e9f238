import * as vscode from 'vscode';

import { RequestCode, ResponseCode } from '../protocol/codes.ts';

/* What to do after an answer that says no, or after none. */

const { t } = vscode.l10n;

const SENDS: ReadonlySet<number> = new Set([
  RequestCode.SEND_MESSAGE,
  RequestCode.SEND_MESSAGE_V2,
  RequestCode.SEND_BATCH_MESSAGE,
]);

export function afterTimeout(requestCode: number): string {
  return SENDS.has(requestCode)
    ? t('The message may have been stored all the same: look into its topic before you send it again.')
    : t('Try again, or raise the setting rocketmq.requestTimeoutMs.');
}

/** A broker that is given as a NameServer does not know what NameServers are asked. */
export function afterRefusal(requestCode: number, responseCode: number): string {
  if (responseCode === ResponseCode.SERVICE_NOT_AVAILABLE) {
    return t('It takes no messages now: free disk space, or reset its data if it is the local broker.');
  }
  const isBroker =
    requestCode === RequestCode.GET_BROKER_CLUSTER_INFO && responseCode === ResponseCode.REQUEST_CODE_NOT_SUPPORTED;
  return isBroker ? t('Use the port of a NameServer, 9876 by default.') : t('The log of the broker tells more.');
}

export function afterGrpcRefusal(refusal: string | number | boolean): string {
  switch (refusal) {
    case 'UNAUTHORIZED':
      return t('Check the access key of the connection, and what it may do.');
    // Also said of a topic that has no queue to read or to write.
    case 'FORBIDDEN':
      return t('Check the access key of the connection, what it may do, and whether the topic may be read or written.');
    case 'MESSAGE_PROPERTY_CONFLICT_WITH_TYPE':
      return t('Choose the type of message that the topic takes.');
    case 'ILLEGAL_MESSAGE_GROUP':
      return t('Type another message group.');
    case 'ILLEGAL_DELIVERY_TIME':
      return t('Choose a sooner moment.');
    case 'ILLEGAL_LITE_TOPIC':
      return t('Choose another name.');
    default:
      return t('The log of the proxy tells more.');
  }
}

export const END_TRANSACTION = 'EndTransaction';

export function afterGrpcTimeout(rpc: string | number | boolean): string {
  switch (rpc) {
    case 'SendMessage':
      return t('The message may have been stored all the same: look into its topic before you send it again.');
    case END_TRANSACTION:
      return halfIsStored();
    default:
      return t('Try again, or raise the setting rocketmq.requestTimeoutMs.');
  }
}

/** Of a transaction that was begun and not ended. */
export function halfIsStored(): string {
  return t('The message is stored as the half of a transaction, which nobody gets unless it is committed.');
}
