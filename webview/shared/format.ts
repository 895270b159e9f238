import { l10n } from './l10n.ts';

const KIB = 1024;

let numbers: Intl.NumberFormat | undefined;

export function formatNumber(value: number): string {
  numbers ??= new Intl.NumberFormat(document.documentElement.lang || 'en', { maximumFractionDigits: 1 });
  return numbers.format(value);
}

/** `a, b, and c` */
export function formatList(items: readonly string[]): string {
  return new Intl.ListFormat(document.documentElement.lang || 'en').format(items);
}

export function formatBytes(sizeBytes: number): string {
  if (sizeBytes < KIB) return l10n.t('{0} B', formatNumber(sizeBytes));
  if (sizeBytes < KIB * KIB) return l10n.t('{0} KiB', formatNumber(sizeBytes / KIB));
  return l10n.t('{0} MiB', formatNumber(sizeBytes / KIB / KIB));
}

/** `21:30:01.123` in the user's time zone, with month and day in front unless it is today's. */
export function formatTime(atMs: number, nowMs = Date.now()): string {
  const at = new Date(atMs);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`;
  return at.toDateString() === new Date(nowMs).toDateString()
    ? time
    : `${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}

/** `2026-01-31 21:30:01.123` in the user's time zone. */
export function formatInstant(atMs: number): string {
  const at = new Date(atMs);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${formatTime(atMs, atMs)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
