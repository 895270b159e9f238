/** One row of a table of settings: its default and how its text is read. */
export interface Setting<T> {
  readonly otherwise: T;
  /** @throws Error with the reason when the text is no legal value */
  readonly read: (text: string) => T;
}

export type SettingTable = Readonly<Record<string, Setting<unknown>>>;
export type ValuesOf<T extends SettingTable> = { readonly [N in keyof T]: T[N]['otherwise'] };

export const text = (otherwise: string, check: (value: string) => void = () => undefined): Setting<string> => ({
  otherwise,
  read: (value) => {
    check(value);
    return value;
  },
});

export const flag = (otherwise: boolean): Setting<boolean> => ({
  otherwise,
  read: (value) => {
    if (!/^(true|false)$/i.test(value)) throw new Error('expected true or false');
    return value.toLowerCase() === 'true';
  },
});

export const whole = (otherwise: number, min: number, max: number): Setting<number> => ({
  otherwise,
  read: (value) => {
    const number = Number(value);
    if (!/^-?\d+$/.test(value) || number < min || number > max) {
      throw new Error(`expected a whole number from ${min} to ${max}`);
    }
    return number;
  },
});

/** Rounded down to what the timer wheel knows. Source: MessageStoreConfig.setTimerPrecisionMs. */
export const precision = (otherwise: number): Setting<number> => ({
  otherwise,
  read: (value) => {
    const wanted = whole(otherwise, 1, 2 ** 31 - 1).read(value);
    return [1000, 500, 200].find((candidate) => candidate <= wanted) ?? 100;
  },
});

export const port = (otherwise: number): Setting<number> => whole(otherwise, 0, 65535);
export const MAX = Number.MAX_SAFE_INTEGER;

export function notBlank(value: string): void {
  if (value === '') throw new Error('it is empty');
}
