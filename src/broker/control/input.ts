import { badRequest } from './controlError.ts';

/** The fields of an object that somebody wrote by hand: each is read once, and none may be left. */
export class Input {
  readonly #what: string;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #known = new Set<string>();

  /** @param what names the object in errors. @throws ControlError when it is no object */
  constructor(value: unknown, what: string) {
    if (!isRecord(value)) throw badRequest(`${what} is to be an object, not ${shown(value)}`);
    this.#what = what;
    this.#values = value;
  }

  /** @throws ControlError */
  text(name: string): string | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'string' || value === '') throw this.#wrong(name, 'a text that is not empty', value);
    return value;
  }

  /** @throws ControlError */
  number(name: string, least: number, most: number): number | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    const number = asNumber(value);
    if (typeof number !== 'number' || !(number >= least && number <= most)) {
      throw this.#wrong(name, `a number from ${least} to ${most}`, value);
    }
    return number;
  }

  /** @throws ControlError */
  whole(name: string, least: number, most: number): number | undefined {
    const value = this.number(name, least, most);
    if (value !== undefined && !Number.isInteger(value)) throw this.#wrong(name, 'a whole number', value);
    return value;
  }

  /** @throws ControlError */
  flag(name: string): boolean | undefined {
    const value = this.#take(name);
    if (value !== undefined && typeof value !== 'boolean') throw this.#wrong(name, 'true or false', value);
    return value;
  }

  /** @throws ControlError */
  oneOf<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    const found = allowed.find((one) => one === value);
    if (found === undefined) throw badRequest(`${this.#what}: ${name} cannot be ${shown(value)}`, allowed);
    return found;
  }

  /** One or several; undefined when there is none. */
  list(name: string): readonly unknown[] | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    return Array.isArray(value) ? (value as readonly unknown[]) : [value];
  }

  /** Texts by their names; numbers and booleans become text. @throws ControlError */
  texts(name: string): Readonly<Record<string, string>> | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    if (!isRecord(value)) throw this.#wrong(name, 'an object of texts', value);
    return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, this.#asText(`${name}.${key}`, text)]));
  }

  /** Any value that a text can stand for. @throws ControlError */
  scalar(name: string): string | undefined {
    const value = this.#take(name);
    return value === undefined ? undefined : this.#asText(name, value);
  }

  /** @throws ControlError when there is a field that nobody asked for */
  end(): void {
    const unknown = Object.keys(this.#values).find((name) => !this.#known.has(name));
    if (unknown !== undefined) throw badRequest(`${this.#what} has no "${unknown}"`, [...this.#known]);
  }

  missing(name: string): Error {
    return badRequest(`${this.#what} needs "${name}"`);
  }

  #take(name: string): unknown {
    this.#known.add(name);
    const value = Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
    return value === null ? undefined : value;
  }

  #asText(name: string, value: unknown): string {
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
    throw this.#wrong(name, 'a text', value);
  }

  #wrong(name: string, wanted: string, value: unknown): Error {
    return badRequest(`${this.#what}: ${name} is to be ${wanted}, not ${shown(value)}`);
  }
}

/** YAML gives whole numbers as bigint. */
function asNumber(value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value === undefined) return 'nothing';
  if (typeof value === 'bigint') return String(value);
  const text = JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner));
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
