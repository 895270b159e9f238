import { openSync, readSync, renameSync, writeFileSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';

/*
 * Runs inside the broker, see loop.ts: how long each turn of its event loop took. Time in which the main thread could
 * have run and other processes had the processor is left out, by Linux's count, so that a busy machine says the same.
 */

/** Of one turn, in ms. */
export interface Turn {
  readonly held: number;
  /** No more than this did the main thread compute: what all threads of the process did meanwhile, or the turn itself. */
  readonly computed: number;
  /** Of it collections. */
  readonly collected: number;
}

/** Turns that are shorter are told without their parts. */
const LONG_MS = 1;
const TURNS_FILE = process.env['BENCH_TURNS_FILE'] ?? '';
const schedule = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
const text = Buffer.alloc(64);
let turns: (Turn & { readonly from: number; readonly to: number })[] = [];
let collections: { readonly from: number; readonly to: number }[] = [];
let last = moment();

new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) {
    collections.push({ from: startTime, to: startTime + duration });
  }
}).observe({ entryTypes: ['gc'] });

// A timer of 1 ms is called once a turn, and no later than the turn lets it.
setInterval(() => {
  const now = moment();
  const held = Math.max(0, now.at - now.waited - (last.at - last.waited) - 1);
  const computed = held < LONG_MS ? held : Math.min(held, now.computed - last.computed);
  turns.push({ held, computed, collected: 0, from: last.at, to: now.at });
  last = now;
}, 1).unref();

process.on('SIGUSR2', () => {
  // Collections are told in the turn after theirs.
  setTimeout(() => {
    writeFileSync(`${TURNS_FILE}.tmp`, JSON.stringify(turns.map(withCollections)));
    renameSync(`${TURNS_FILE}.tmp`, TURNS_FILE);
    turns = [];
    collections = [];
    last = moment();
  }, 10);
});

function withCollections({ held, computed, from, to }: (typeof turns)[number]): Turn {
  if (held < LONG_MS) return { held, computed, collected: 0 };
  let collected = 0;
  for (const one of collections) collected += Math.max(0, Math.min(one.to, to) - Math.max(one.from, from));
  return { held, computed, collected: Math.min(collected, held) };
}

/** In ms: the time, how much of it was spent waiting for a processor, and what the process computed so far. */
function moment(): { readonly at: number; readonly waited: number; readonly computed: number } {
  const waitedNs = text.toString('latin1', 0, readSync(schedule, text, 0, text.length, 0)).split(' ')[1];
  const { user, system } = process.cpuUsage();
  return { at: performance.now(), waited: Number(waitedNs) / 1e6, computed: (user + system) / 1000 };
}
