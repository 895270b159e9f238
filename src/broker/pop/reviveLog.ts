import { ackKey, checkPointKey, encodeAck, encodeCheckPoint, PopTag, reviveTimeOf } from '../../protocol/popRecord.ts';
import type { PopAck, PopCheckPoint } from '../../protocol/popRecord.ts';
import { PropertyName, encodeProperties } from '../../protocol/messageProperty.ts';
import type { HostAddress } from '../../protocol/hostAddress.ts';
import type { MessageToStore } from '../store/messageToStore.ts';
import { GatheredAcks } from './gatheredAcks.ts';

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
  /** The same with all that one turn of the event loop stores; resolves when it is in the files. */
  readonly stage: (message: MessageToStore) => Promise<void>;
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
  readonly #acks = new GatheredAcks((ack, queueId, reviveTime) =>
    this.#options.stage(this.#message(queueId, ackRecord(ack, reviveTime))),
  );

  constructor(options: ReviveLogOptions) {
    this.topic = options.topic;
    this.queues = options.queues;
    this.#options = options;
  }

  /** @throws CodedError as `put` */
  writeCheckPoint(point: PopCheckPoint, reviveQueueId: number): void {
    const record = {
      tag: PopTag.CHECK_POINT,
      key: checkPointKey(point),
      deliverMs: reviveTimeOf(point) - CHECK_POINT_AHEAD_MS,
      body: encodeCheckPoint(point),
    };
    this.#options.put(this.#message(reviveQueueId, record));
  }

  /** @throws CodedError as `put` */
  writeAck(ack: PopAck, reviveQueueId: number, reviveTime: number): void {
    this.#options.put(this.#message(reviveQueueId, ackRecord(ack, reviveTime)));
  }

  /** Writes it with others of its turn. Resolves when it is in the files; rejects as `stage`. */
  gatherAck(ack: PopAck, reviveQueueId: number, reviveTime: number): Promise<void> {
    return this.#acks.add(ack, reviveQueueId, reviveTime);
  }

  /** Nothing waits for the end of the turn. */
  writeGathered(): void {
    this.#acks.writeNow();
  }

  #message(queueId: number, record: ReviveRecord): MessageToStore {
    const { topic, host, now } = this.#options;
    return {
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
    };
  }
}

interface ReviveRecord {
  readonly tag: string;
  readonly key: string;
  readonly deliverMs: number;
  readonly body: Buffer;
}

function ackRecord(ack: PopAck, deliverMs: number): ReviveRecord {
  return { ...encodeAck(ack), key: ackKey(ack), deliverMs };
}
