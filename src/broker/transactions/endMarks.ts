import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { errorText } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { HostAddress } from '../../protocol/hostAddress.ts';
import { PropertyName, encodeProperties } from '../../protocol/messageProperty.ts';
import { HALF_OP_TOPIC } from '../../protocol/topicName.ts';
import type { BrokerConfig } from '../config.ts';
import type { MessageStore } from '../store/messageStore.ts';
import { HALF_QUEUE } from './halfMessage.ts';

/** The tag of records that say which half messages need no more care. */
export const END_TAG = 'd';

export interface EndMarksOptions {
  readonly store: MessageStore;
  readonly storeHost: HostAddress;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly config: Pick<BrokerConfig, 'transactionOpMsgMaxSize' | 'transactionOpBatchInterval'>;
}

/**
 * Half messages that were committed or rolled back are marked in RMQ_SYS_TRANS_OP_HALF_TOPIC: `12,15,` names them by
 * their offsets in the half queue. Marks are gathered for some seconds or kilobytes, so a crash may lose the newest;
 * their producers are asked once more then. Source: TransactionalMessageServiceImpl.java, batchSendOpMessage; broker
 * sheet §11.2.
 */
export class EndMarks implements Disposable {
  readonly #options: EndMarksOptions;
  /** A set: who ends one half message again and again adds nothing. */
  #waiting = new Set<number>();
  #waitingBytes = 0;
  #timer: Disposable | undefined;

  constructor(options: EndMarksOptions) {
    this.#options = options;
  }

  add(halfOffset: number): void {
    const { clock, config } = this.#options;
    if (this.#waiting.has(halfOffset)) return;
    this.#waiting.add(halfOffset);
    this.#waitingBytes += String(halfOffset).length + 1;
    if (this.#waitingBytes >= config.transactionOpMsgMaxSize) this.#flush();
    else this.#timer ??= clock.after(config.transactionOpBatchInterval, () => this.#flush());
  }

  /** True for a mark that is not written yet. */
  has(halfOffset: number): boolean {
    return this.#waiting.has(halfOffset);
  }

  /** Writes what was gathered. A store that refuses is tried again later. */
  #flush(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    if (this.#waiting.size === 0) return;
    const { store, storeHost, clock, logger, config } = this.#options;
    try {
      store.append({
        topic: HALF_OP_TOPIC,
        queueId: HALF_QUEUE,
        flag: 0,
        sysFlag: 0,
        bornTimestamp: clock.now(),
        bornHost: storeHost,
        storeHost,
        reconsumeTimes: 0,
        preparedTransactionOffset: 0,
        body: Buffer.from([...this.#waiting].map((offset) => `${offset},`).join('')),
        properties: encodeProperties([
          [PropertyName.WAIT, 'true'],
          [PropertyName.TAGS, END_TAG],
        ]),
      });
      this.#waiting = new Set();
      this.#waitingBytes = 0;
    } catch (error) {
      logger.error(`${this.#waiting.size} ends of transactions are not marked yet: ${errorText(error)}`);
      this.#timer = clock.after(config.transactionOpBatchInterval, () => this.#flush());
    }
  }

  dispose(): void {
    this.#flush();
    this.#timer?.dispose();
  }
}
