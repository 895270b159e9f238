const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `1500`, `90s`, `5m`, `1h30m` or `2d`; undefined for anything else. */
export function durationMs(text: string): number | undefined {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  if (!/^(\d{1,9}(ms|[smhd]))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, count = '', unit = ''] of text.matchAll(/(\d+)(ms|[smhd])/g)) sum += Number(count) * (UNITS[unit] ?? 0);
  return sum;
}
