import assert from 'node:assert/strict';
import fs, { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { silentLogger } from '../../../src/base/logger.ts';
import { CommitLog } from '../../../src/broker/store/commitLog.ts';
import { MessageWriter } from '../../../src/broker/store/messageWriter.ts';
import { RecordPlaces } from '../../../src/broker/store/recordPlaces.ts';
import { QueueTable } from '../../../src/broker/store/queueTable.ts';
import { systemErrorCode } from '../../../src/base/errors.ts';
import { decodeMessage } from '../../../src/protocol/message.ts';
import { FakeClock } from '../../support/fakeClock.ts';
import { messageToStore } from '../../support/storeFixture.ts';
import { makeTempDir } from '../../support/tempDir.ts';

const FILE_BYTES = 1024;

/** A store of which the disk is busy: what is staged is written behind the event loop's back. */
function busyStore(directory: string): {
  readonly log: CommitLog;
  readonly places: RecordPlaces;
  readonly writer: MessageWriter;
  readonly arrived: string[];
  /** Stages one. @returns its queue offset; what happens to it comes in `told` */
  readonly stage: (body: string) => number;
  readonly told: string[];
  /** What was logged. */
  readonly errors: unknown[];
  readonly bodies: () => string[];
} {
  const log = new CommitLog(join(directory, 'commitlog'), FILE_BYTES, 1_000_000);
  const queues = new QueueTable(directory, 20 * 16);
  const flusher = { dirty: () => undefined, isSyncing: true };
  const clock = new FakeClock();
  const errors: unknown[] = [];
  const logger = { ...silentLogger, error: (_text: string, error?: unknown) => errors.push(error) };
  const parts = {
    clock,
    logger,
    log,
    queues,
    index: undefined,
    flusher,
    delayLevelsMs: [],
    lastTimestamp: 0,
    hasLightQueues: false,
  };
  const places = new RecordPlaces(parts);
  const writer = new MessageWriter({ log, places, flusher });
  const arrived: string[] = [];
  const told: string[] = [];
  places.arrivals.event(({ queueId, offset }) => arrived.push(`${queueId}/${offset}`));
  const stage = (body: string): number => {
    const { queueOffset } = writer.stage(messageToStore({ body }));
    writer.whenWritten((error) =>
      told.push(error === undefined ? body : `${body} ${systemErrorCode(error) ?? 'refused'}`),
    );
    return queueOffset;
  };
  return {
    log,
    places,
    writer,
    arrived,
    stage,
    told,
    errors,
    bodies: () => bodiesIn(join(directory, 'commitlog'), log.end),
  };
}

/** Of the records in the files, up to where the log ends. */
function bodiesIn(directory: string, end: number): string[] {
  const found: string[] = [];
  for (let at = 0; at < end;) {
    const bytes = readFileSync(join(directory, String(at - (at % FILE_BYTES)).padStart(20, '0')));
    const isBlank = bytes.readInt32BE((at % FILE_BYTES) + 4) === -875286124;
    if (!isBlank) found.push(decodeMessage(bytes, at % FILE_BYTES).body.toString());
    at += bytes.readInt32BE(at % FILE_BYTES);
  }
  return found;
}

async function untilWritten(writer: MessageWriter): Promise<void> {
  while (writer.isWriting) await new Promise((resolve) => writer.whenWritten(resolve));
}

describe('a store whose disk is busy', () => {
  const temp = makeTempDir('busy-disk');
  after(() => temp.remove());

  it('writes what is staged later, in order, over the ends of files, and then tells', async () => {
    const { writer, log, arrived, stage, told, bodies } = busyStore(join(temp.path, 'later'));
    const names = Array.from({ length: 12 }, (_, index) => `message ${index}`);
    for (const name of names.slice(0, 8)) stage(name);
    await new Promise(setImmediate);
    // Under way, but not there yet.
    assert.deepEqual([log.end, arrived, told, writer.isWriting], [0, [], [], true]);
    assert.deepEqual(names.slice(8).map(stage), [8, 9, 10, 11]);
    await untilWritten(writer);
    assert.deepEqual([told, bodies()], [names, names]);
    assert.deepEqual(
      arrived,
      names.map((_, index) => `0/${index}`),
    );
    assert.deepEqual([log.end, log.files.starts.length > 1], [log.reserved, true]);
    log.files.release();
  });

  it('writes all that came before at once for one that cannot wait, and none twice', async () => {
    const { writer, log, arrived, stage, told, bodies } = busyStore(join(temp.path, 'at-once'));
    stage('flying');
    await new Promise(setImmediate);
    stage('staged');
    assert.equal(writer.append(messageToStore({ body: 'at once' })).queueOffset, 2);
    const all = ['flying', 'staged', 'at once'];
    assert.deepEqual(
      [told, bodies(), arrived, writer.isWriting],
      [['flying', 'staged'], all, ['0/0', '0/1', '0/2'], false],
    );
    stage('after');
    await untilWritten(writer);
    assert.deepEqual([bodies(), arrived.length, told], [[...all, 'after'], 4, ['flying', 'staged', 'after']]);
    log.files.release();
  });

  it('refuses what failed with all that was staged behind it, and goes on where it was', async () => {
    const directory = join(temp.path, 'failing');
    const { writer, log, stage, told, bodies } = busyStore(directory);
    fs.mkdirSync(directory);
    writeFileSync(join(directory, 'commitlog'), 'in the way');
    stage('first');
    await new Promise(setImmediate);
    stage('second');
    await untilWritten(writer);
    assert.deepEqual([told, log.end, log.reserved], [['first EEXIST', 'second EEXIST'], 0, 0]);
    rmSync(join(directory, 'commitlog'));
    assert.equal(stage('third'), 0);
    await untilWritten(writer);
    assert.deepEqual(bodies(), ['third']);
    log.files.release();
  });

  it('takes nothing after a failure before the write that it overtook is over', async () => {
    const { writer, log, stage, told, bodies } = busyStore(join(temp.path, 'overtaken'));
    writer.append(messageToStore({ body: 'before' }));
    stage('flying');
    await new Promise(setImmediate);
    const { writeSync } = fs;
    fs.writeSync = () => {
      throw Object.assign(new Error('the disk fails'), { code: 'EIO' });
    };
    const append = (body: string): number => writer.append(messageToStore({ body })).queueOffset;
    try {
      // Those before it are told by their callbacks, and it begins where they began.
      assert.throws(
        () => append('with it'),
        (error) => systemErrorCode(error) === 'EIO',
      );
      assert.deepEqual(told, ['flying EIO']);
    } finally {
      fs.writeSync = writeSync;
    }
    // What it is refused for may pass: a caller that drops what can never be stored keeps it.
    assert.throws(() => append('too early'), /the disk fails/);
    for (let isOver = false; !isOver;) {
      await new Promise(setImmediate);
      try {
        assert.equal(append('after'), 1);
        isOver = true;
      } catch (error) {
        assert.equal(systemErrorCode(error), 'EIO');
      }
    }
    assert.deepEqual(bodies(), ['before', 'after']);
    const file = readFileSync(join(temp.path, 'overtaken', 'commitlog', '0'.padStart(20, '0')));
    assert.ok(
      file.subarray(log.end).every((byte) => byte === 0),
      'nothing is left behind the end',
    );
    log.files.release();
  });

  it('uses no memory again that a write still reads from, though another was faster', async () => {
    const log = new CommitLog(join(temp.path, 'memory'), 64 * 1024 * 1024, 64 * 1024 * 1024);
    const fill = (sizeBytes: number, value: number): void => {
      const { bytes, at } = log.reserve(sizeBytes);
      bytes.fill(value, at, at + sizeBytes);
    };
    fill(1000, 1);
    const later = log.writeLater();
    log.write();
    for (let times = 0; times < 20; times += 1) {
      fill(1024 * 1024, 2);
      log.write();
    }
    await later;
    const first = await log.files.read(0, 1000);
    assert.ok(first.every((byte) => byte === 1));
    log.files.release();
  });

  it('tells of every message, and those that wait, when a listener throws, and logs what it threw', async () => {
    const { writer, places, log, stage, arrived, told, errors } = busyStore(join(temp.path, 'listener'));
    const failure = new Error('a listener fails');
    places.arrivals.event(() => {
      throw failure;
    });
    const afterwards: number[] = [];
    places.arrivals.event(({ offset }) => afterwards.push(offset));
    stage('first');
    stage('second');
    await untilWritten(writer);
    assert.equal(writer.append(messageToStore({ body: 'third' })).queueOffset, 2);
    assert.deepEqual(arrived, ['0/0', '0/1', '0/2']);
    assert.deepEqual(
      [told, afterwards, errors],
      [
        ['first', 'second'],
        [0, 1, 2],
        [failure, failure, failure],
      ],
    );
    log.files.release();
  });

  it('tells all that wait for a write, also behind one that throws, and hides no error of it', () => {
    const { writer, log, stage, told } = busyStore(join(temp.path, 'answers'));
    writer.stage(messageToStore({ body: 'first' }));
    writer.whenWritten(() => {
      throw new Error('an answer fails');
    });
    stage('second');
    assert.throws(() => writer.writeStaged(), /an answer fails/);
    assert.deepEqual([told, writer.isWriting], [['second'], false]);
    log.files.release();
  });

  it('is settled when the write is over that another overtook', async () => {
    const { writer, log, stage, told } = busyStore(join(temp.path, 'settled'));
    let isOver = false;
    const writeLater = log.writeLater.bind(log);
    log.writeLater = async () => {
      await writeLater();
      isOver = true;
    };
    stage('flying');
    await new Promise(setImmediate);
    writer.writeStaged();
    assert.deepEqual([told, isOver], [['flying'], false]);
    await writer.settled();
    assert.equal(isOver, true);
    log.files.release();
  });
});
