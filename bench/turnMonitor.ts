import { openSync, readSync, renameSync, writeFileSync } from 'node:fs';

/*
 * Runs inside the broker, see loop.ts: how long each turn of its event loop took. Time in which the main thread could
 * have run and other processes had the processor is left out, by Linux's count, so that a busy machine says the same.
 */

const TURNS_FILE = process.env['BENCH_TURNS_FILE'] ?? '';
const schedule = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
const text = Buffer.alloc(64);
let turns: number[] = [];
let last = now();

// A timer of 1 ms is called once a turn, and no later than the turn lets it.
setInterval(() => {
  const time = now();
  turns.push(Math.max(0, time - last - 1));
  last = time;
}, 1).unref();

process.on('SIGUSR2', () => {
  writeFileSync(`${TURNS_FILE}.tmp`, JSON.stringify(turns));
  renameSync(`${TURNS_FILE}.tmp`, TURNS_FILE);
  turns = [];
  last = now();
});

/** In ms, without those that were spent waiting for a processor. */
function now(): number {
  const waitedNs = text.toString('latin1', 0, readSync(schedule, text, 0, text.length, 0)).split(' ')[1];
  return performance.now() - Number(waitedNs) / 1e6;
}
