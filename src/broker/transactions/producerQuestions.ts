import { errorText } from '../../base/errors.ts';
import { RequestCode } from '../../protocol/codes.ts';
import { encodeFields } from '../../protocol/fields.ts';
import { encodeMessage } from '../../protocol/message.ts';
import type { StoredMessage } from '../../protocol/message.ts';
import { offsetMessageId } from '../../protocol/messageId.ts';
import { PropertyName, encodeProperties } from '../../protocol/messageProperty.ts';
import { checkTransactionState } from '../../protocol/requests/transaction.ts';
import type { Peer } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { realTarget } from '../realTarget.ts';
import type { StoredAt } from '../store/messageToStore.ts';

/**
 * CHECK_TRANSACTION_STATE 39 to any producer of the message's group, one after the other; the answer is an
 * END_TRANSACTION 37 of its own. Where nobody is online nothing is asked.
 * Source: AbstractTransactionalMessageCheckListener.java, sendCheckMessage; ProducerManager.java, getAvailableChannel.
 */
export class ProducerQuestions {
  readonly #broker: BrokerContext;
  /** Connections whose peer does not read: no more is put into their buffers. */
  readonly #blocked = new Set<Peer>();
  #turn = 0;

  constructor(broker: BrokerContext) {
    this.#broker = broker;
  }

  /** @param copy where the message was put again: its end must name that place */
  ask(half: StoredMessage, properties: Map<string, string>, copy: StoredAt): void {
    const { config, logger, producers } = this.#broker;
    const target = realTarget((name) => properties.get(name));
    const uniqueKey = properties.get(PropertyName.UNIQUE_KEY);
    const group = properties.get(PropertyName.PRODUCER_GROUP) ?? '';
    const open = [...(producers.members(group)?.keys() ?? [])].filter(({ isOpen }) => isOpen);
    const free = open.filter((connection) => !this.#blocked.has(connection));
    this.#turn += 1;
    const connection = free[this.#turn % free.length];
    if (connection === undefined || target === undefined) {
      logger.warn(`nobody of producer group ${group} is asked about the half message at ${copy.queueOffset}`);
      return;
    }
    // So does Apache's broker; the copy itself keeps what was sent.
    const asked = new Map(properties).set(PropertyName.WAIT, 'false');
    const extFields = encodeFields(checkTransactionState, {
      tranStateTableOffset: copy.queueOffset,
      commitLogOffset: copy.physicalOffset,
      msgId: uniqueKey,
      transactionId: uniqueKey,
      offsetMsgId: offsetMessageId(half.storeHost, copy.physicalOffset),
      topic: half.topic,
      bname: config.brokerName,
    });
    const body = encodeMessage({
      ...half,
      ...target,
      queueOffset: copy.queueOffset,
      physicalOffset: copy.physicalOffset,
      properties: encodeProperties(asked),
    });
    this.#blocked.add(connection);
    connection
      .oneway({ code: RequestCode.CHECK_TRANSACTION_STATE, extFields, body })
      .catch((error: unknown) => {
        logger.warn(`the question about a transaction does not reach ${connection.remoteAddress}: ${errorText(error)}`);
      })
      .finally(() => this.#blocked.delete(connection));
  }
}
