import { CodedError } from '../base/errors.ts';

/** Levels 1 to 18 of `messageDelayLevel`. Source: MessageStoreConfig.java; remoting sheet §4.12. */
export const DEFAULT_DELAY_LEVELS = '1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h';

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * @returns delays in ms; level n is at index n - 1
 * @throws CodedError `config-invalid` with the part that cannot be read
 */
export function parseDelayLevels(text: string): readonly number[] {
  return text
    .trim()
    .split(/\s+/)
    .map((part) => {
      const [, count, unit] = /^(\d+)([smhd])$/.exec(part) ?? [];
      const unitMs = UNIT_MS[unit ?? ''];
      if (count === undefined || unitMs === undefined) {
        throw new CodedError('config-invalid', {
          key: 'messageDelayLevel',
          value: part,
          reason: 'expected like 5s, 1m, 2h, 1d',
        });
      }
      return Number(count) * unitMs;
    });
}
