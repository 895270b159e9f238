/**
 * Tells a process from a later one with the same pid: its start in clock ticks since boot, field 22 of Linux's
 * /proc/PID/stat, of which this is the text. Undefined for a text that is none.
 */
export function startMarkIn(stat: string): string | undefined {
  // The name in field 2 may hold spaces and brackets.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}
