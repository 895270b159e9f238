import { readFileSync } from 'node:fs';

/* What Linux counts of a process. */

const MS_PER_TICK = 10;

/** Processor time spent so far, in ms. */
export function processorMs(pid: number): number {
  // Behind the name, which may hold anything: state, …, utime, stime.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

/** Resident memory in MiB. */
export function residentMib(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1024;
}

/** Its share in MiB: what it has alone, and its part of what several processes use together. */
export function proportionalMib(pid: number): number {
  const kib = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
  return Number(kib) / 1024;
}
