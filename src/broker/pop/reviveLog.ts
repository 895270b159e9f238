import { ackKey, checkPointKey, encodeAck, encodeCheckPoint, PopTag, reviveTimeOf } from '../../protocol/popRecord.ts';
import type { PopAck, PopCheckPoint } from '../../protocol/popRecord.ts';
import { PropertyName, encodeProperties } from '../../protocol/messageProperty.ts';
import type { HostAddress } from '../../protocol/hostAddress.ts';
import type { MessageToStore } from '../store/messageToStore.ts';

/** How much earlier than the acknowledgements a check point comes. Source: PopAckConstants.java. */
const CHECK_POINT_AHEAD_MS = 1000;

export interface ReviveLogOptions {
  /** `rmq_sys_REVIVE_LOG_<cluster>` */
  readonly topic: string;
  readonly queues: number;
  readonly host: HostAddress;
  readonly now: () => number;
  /** Stores the message, or lets it wait until the time that its properties name. */
  readonly put: (message: MessageToStore) => void;
}

/**
 * Writes what was popped and acknowledged. A record becomes readable when its pop becomes visible again, so that
 * whoever reads the log in order has both the check point and its acknowledgements. Source: PopMessageProcessor.java,
 * AckMessageProcessor.java; broker sheet §12.2.
 */
export class ReviveLog {
  readonly topic: string;
  readonly queues: number;
  readonly #options: ReviveLogOptions;

  constructor(options: ReviveLogOptions) {
    this.topic = options.topic;
    this.queues = options.queues;
    this.#options = options;
  }

  /** @throws CodedError as `put` */
  writeCheckPoint(point: PopCheckPoint, reviveQueueId: number): void {
    this.#write(reviveQueueId, {
      tag: PopTag.CHECK_POINT,
      key: checkPointKey(point),
      deliverMs: reviveTimeOf(point) - CHECK_POINT_AHEAD_MS,
      body: encodeCheckPoint(point),
    });
  }

  /** @throws CodedError as `put` */
  writeAck(ack: PopAck, reviveQueueId: number, reviveTime: number): void {
    this.#write(reviveQueueId, { ...encodeAck(ack), key: ackKey(ack), deliverMs: reviveTime });
  }

  #write(
    queueId: number,
    record: { readonly tag: string; readonly key: string; readonly deliverMs: number; readonly body: Buffer },
  ): void {
    const { topic, host, now, put } = this.#options;
    put({
      topic,
      queueId,
      flag: 0,
      sysFlag: 0,
      bornTimestamp: now(),
      bornHost: host,
      storeHost: host,
      reconsumeTimes: 0,
      preparedTransactionOffset: 0,
      body: record.body,
      properties: encodeProperties([
        [PropertyName.UNIQUE_KEY, record.key],
        [PropertyName.TAGS, record.tag],
        [PropertyName.TIMER_DELIVER_MS, String(record.deliverMs)],
      ]),
    });
  }
}
