import { decodeMessages } from '../../protocol/message.ts';
import { PropertyName, propertyOf } from '../../protocol/messageProperty.ts';
import { HALF_OP_TOPIC, HALF_TOPIC } from '../../protocol/topicName.ts';
import type { MessageStore } from '../store/messageStore.ts';
import { END_TAG } from './endMarks.ts';
import { HALF_QUEUE } from './halfMessage.ts';

const READ_AT_ONCE = 32;
const READ_BYTES = 256 * 1024;

interface MarkRecord {
  readonly offset: number;
  /** Progress in the half queue from which on the record says nothing new. */
  readonly doneAt: number;
}

/** Which half messages ended, as one round of checks learns it from the marks: read only as far as it has to. */
export class EndedHalves {
  readonly #store: MessageStore;
  readonly #ended = new Set<number>();
  #unfinished: MarkRecord[] = [];
  #next: number;

  /** @param from offset of the first mark record that may say something new */
  constructor(store: MessageStore, from: number) {
    this.#store = store;
    this.#next = Math.max(from, store.minOffset(HALF_OP_TOPIC, HALF_QUEUE));
  }

  /**
   * @param progress offset of the half message that is looked at
   * @param origin where that message lay first, when it was put back without a question
   */
  async has(progress: number, origin: number | undefined): Promise<boolean> {
    for (;;) {
      if (this.#ended.has(progress) || (origin !== undefined && this.#ended.has(origin))) return true;
      if (!(await this.#readOn(progress))) return false;
    }
  }

  /** Offset of the first mark record that the next round must read again. */
  resumeAt(progress: number): number {
    this.#unfinished = this.#unfinished.filter(({ doneAt }) => doneAt > progress);
    return this.#unfinished[0]?.offset ?? this.#next;
  }

  /**
   * A mark for what was passed already tells of a copy that was put back, somewhere before the queue's present end:
   * its record stays unfinished until everything up to there was looked at.
   */
  async #readOn(progress: number): Promise<boolean> {
    const { status, nextBeginOffset, records } = await this.#store.read({
      topic: HALF_OP_TOPIC,
      queueId: HALF_QUEUE,
      offset: this.#next,
      maxMessages: READ_AT_ONCE,
      maxBytes: READ_BYTES,
    });
    if (status !== 'found') {
      const isBehind = nextBeginOffset > this.#next;
      if (status !== 'no-message-in-queue') this.#next = nextBeginOffset;
      return isBehind;
    }
    const end = this.#store.maxOffset(HALF_TOPIC, HALF_QUEUE);
    for (const record of records.flatMap((piece) => decodeMessages(piece))) {
      if (propertyOf(record.properties, PropertyName.TAGS) !== END_TAG) continue;
      let doneAt = 0;
      for (const text of record.body.toString().split(',')) {
        if (!/^\d+$/.test(text)) continue;
        const offset = Number(text);
        this.#ended.add(offset);
        doneAt = Math.max(doneAt, offset < progress ? end : offset + 1);
      }
      if (doneAt > progress) this.#unfinished.push({ offset: record.queueOffset, doneAt });
    }
    this.#next = nextBeginOffset;
    return true;
  }
}
