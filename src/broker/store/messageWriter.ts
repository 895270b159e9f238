import type { CommitLog } from './commitLog.ts';
import type { Flusher } from './flusher.ts';
import type { MessageToStore, StoredAt } from './messageToStore.ts';
import { forgetPlaces } from './recordPlaces.ts';
import type { PlacedRecord, RecordPlaces } from './recordPlaces.ts';

/** No more waits for a disk that is busy: then everybody does. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/** Writes records to the log, one at once or those of one turn together, and has them published then. */
export class MessageWriter {
  readonly #log: CommitLog;
  readonly #places: RecordPlaces;
  readonly #flusher: Pick<Flusher, 'isSyncing'>;
  #staged: Batch = { records: [], callbacks: [] };
  /** What is being written without holding up the event loop, when nobody wrote it in between. */
  #flight: Batch | undefined;
  /** Until the write is over, whoever was first. */
  #flying: Promise<Failure | undefined> | undefined;
  /** In the files, and told to those who waited for it; readers see it before the next event of the loop. */
  #unpublished: readonly PlacedRecord[] = [];

  constructor({ log, places, flusher }: MessageWriterOptions) {
    this.#log = log;
    this.#places = places;
    this.#flusher = flusher;
  }

  /** See MessageStore.append. */
  append(message: MessageToStore): StoredAt {
    this.writeStaged();
    const record = this.#places.place(message);
    try {
      this.#log.write();
    } catch (error) {
      forgetPlaces([record]);
      throw error;
    }
    this.#places.publish([record]);
    return record;
  }

  /** See MessageStore.appendAll. */
  appendAll(messages: readonly MessageToStore[]): StoredAt[] {
    this.writeStaged();
    const records = this.#places.placeAll(messages);
    try {
      this.#log.write();
    } catch (error) {
      forgetPlaces(records);
      throw error;
    }
    this.#places.publish(records);
    return records;
  }

  /** See MessageStore.stage. */
  stage(message: MessageToStore): StoredAt {
    this.#makeRoom();
    const record = this.#places.place(message);
    this.#awaited().push(record);
    return record;
  }

  /** See MessageStore.stageAll. */
  stageAll(messages: readonly MessageToStore[]): StoredAt[] {
    this.#makeRoom();
    const records = this.#places.placeAll(messages);
    const awaited = this.#awaited();
    for (const record of records) awaited.push(record);
    return records;
  }

  /** Something is staged. */
  get isWriting(): boolean {
    return this.#staged.records.length > 0 || this.#flight !== undefined;
  }

  /** See MessageStore.whenWritten. */
  whenWritten(callback: (error: unknown) => void): void {
    if (this.#staged.records.length > 0) this.#staged.callbacks.push(callback);
    else if (this.#flight !== undefined) this.#flight.callbacks.push(callback);
    else callback(undefined);
  }

  /** Does not wait for the end of the turn. Where it fails, those that wait for it are told. */
  readonly writeStaged = (): void => {
    this.#publishWritten();
    if (!this.isWriting) return;
    const batch = this.#takeAll();
    try {
      this.#log.write();
    } catch (error) {
      refuse(batch, error);
      return;
    }
    this.#confirm(batch);
  };

  /** Nothing is being written beside the event loop when it resolves. */
  async settled(): Promise<void> {
    while (this.#flying !== undefined) await this.#flying;
  }

  /** Where records wait for the end of the turn. */
  #awaited(): PlacedRecord[] {
    const { records } = this.#staged;
    if (records.length === 0) setImmediate(this.#endTurn);
    return records;
  }

  #makeRoom(): void {
    if (this.#log.reserved - this.#log.end > MAX_WAITING_BYTES) this.writeStaged();
  }

  /** While something is brought to disk, writing waits for the disk: then it must not be the event loop that writes. */
  readonly #endTurn = (): void => {
    if (this.#staged.records.length === 0 || this.#flying !== undefined) return;
    if (!this.#flusher.isSyncing) {
      this.#writeAndAnswer();
      return;
    }
    const flight = (this.#flight = this.#staged);
    this.#staged = { records: [], callbacks: [] };
    this.#flying = this.#log.writeLater().then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    void this.#flying.then((failure) => this.#landed(flight, failure));
  };

  /**
   * The answers leave first, with the ticks that they set, and the peer works on them while queues and index get their
   * entries: nothing that came from outside is looked at in between.
   */
  #writeAndAnswer(): void {
    this.#publishWritten();
    const { records, callbacks } = this.#takeAll();
    try {
      this.#log.write();
    } catch (error) {
      refuse({ records, callbacks }, error);
      return;
    }
    this.#unpublished = records;
    try {
      tell(callbacks, undefined);
    } finally {
      process.nextTick(this.#publishWritten);
    }
  }

  readonly #publishWritten = (): void => {
    if (this.#unpublished.length === 0) return;
    const records = this.#unpublished;
    this.#unpublished = [];
    this.#places.publish(records);
  };

  #landed(flight: Batch, failure: Failure | undefined): void {
    this.#flying = undefined;
    try {
      if (this.#flight !== flight) return;
      // What was staged since has its places behind it: it goes with it.
      if (failure !== undefined) refuse(this.#takeAll(), failure.error);
      else {
        this.#flight = undefined;
        this.#confirm(flight);
      }
    } finally {
      this.#endTurn();
    }
  }

  #takeAll(): Batch {
    const staged = this.#staged;
    const flight = this.#flight;
    this.#staged = { records: [], callbacks: [] };
    this.#flight = undefined;
    if (flight === undefined) return staged;
    const records = [...flight.records, ...staged.records];
    return { records, callbacks: [...flight.callbacks, ...staged.callbacks] };
  }

  #confirm({ records, callbacks }: Batch): void {
    this.#publishWritten();
    try {
      this.#places.publish(records);
    } finally {
      tell(callbacks, undefined);
    }
  }
}

function refuse({ records, callbacks }: Batch, error: unknown): void {
  forgetPlaces(records);
  tell(callbacks, error);
}

/** All of them, whatever one throws: each may be somebody's answer. @throws what the first threw */
function tell(callbacks: Batch['callbacks'], outcome: unknown): void {
  let failure: Failure | undefined;
  for (const callback of callbacks) {
    try {
      callback(outcome);
    } catch (error) {
      failure ??= { error };
    }
  }
  if (failure !== undefined) throw failure.error;
}

/** Written together, or not at all. */
interface Batch {
  readonly records: PlacedRecord[];
  readonly callbacks: ((error: unknown) => void)[];
}

interface Failure {
  readonly error: unknown;
}

interface MessageWriterOptions {
  readonly log: CommitLog;
  readonly places: RecordPlaces;
  readonly flusher: Pick<Flusher, 'isSyncing'>;
}
