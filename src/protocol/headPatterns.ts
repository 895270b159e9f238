import type { RemotingCommand } from './command.ts';
import { putNumber, putText } from './plainText.ts';

/** A head that was written, and where its values stand. */
interface HeadPattern {
  readonly command: RemotingCommand;
  readonly bytes: Buffer;
  readonly names: readonly string[];
  readonly values: readonly string[];
  readonly valueAt: readonly number[];
  readonly opaqueAt: number;
  readonly opaqueDigits: number;
}

/** Heads of one kind come in two lengths at least: their numbers have one digit more or less. */
const WAYS = 2;
const SLOTS = 8 * WAYS;
/** Heads that fit no pattern before another one is made. */
const PATIENCE = 16;

/**
 * JSON heads that were written lately, as patterns for the next ones: ten thousand answers a second differ in a few
 * values. A copy and these values take a third of the time of writing all of it.
 */
export class HeadPatterns {
  readonly #patterns: (HeadPattern | undefined)[] = new Array<undefined>(SLOTS).fill(undefined);
  readonly #patience: number[] = new Array<number>(SLOTS).fill(0);

  /** @returns the position behind the head, or -1 when no pattern fits; then what lies behind `at` means nothing */
  write(command: RemotingCommand, target: Buffer, at: number): number {
    const first = slotOf(command);
    for (let slot = first; slot < first + WAYS; slot += 1) {
      const pattern = this.#patterns[slot];
      const end = pattern === undefined ? -1 : writeBy(pattern, command, target, at);
      if (end < 0) continue;
      this.#patience[slot] = PATIENCE;
      return end;
    }
    return -1;
  }

  /** A command that fits no pattern was written from `at` to `end`. */
  note(command: RemotingCommand, target: Buffer, at: number, end: number): void {
    const first = slotOf(command);
    for (let slot = first; slot < first + WAYS; slot += 1) {
      const patience = this.#patience[slot] ?? 0;
      if (patience === 0) {
        this.#patience[slot] = PATIENCE;
        this.#patterns[slot] = patternOf(command, target.subarray(at, end)) ?? this.#patterns[slot];
        return;
      }
      this.#patience[slot] = patience - 1;
    }
  }
}

function slotOf({ code, remark }: RemotingCommand): number {
  return (WAYS * (code + (remark === undefined ? 0 : remark.length))) & (SLOTS - 1);
}

function writeBy(pattern: HeadPattern, command: RemotingCommand, target: Buffer, at: number): number {
  const { bytes, names, values, valueAt } = pattern;
  const end = at + bytes.length;
  if (end > target.length || !isAlike(pattern.command, command)) return -1;
  target.set(bytes, at);
  const { extFields, opaque } = command;
  let count = 0;
  for (const name in extFields) {
    if (name !== names[count]) return -1;
    const value = extFields[name] ?? '';
    const before = values[count] ?? '';
    if (value !== before) {
      if (value.length !== before.length) return -1;
      const from = at + (valueAt[count] ?? 0);
      if (putText(value, target, from) !== from + value.length) return -1;
    }
    count += 1;
  }
  if (count !== names.length || digitsIn(opaque) !== pattern.opaqueDigits) return -1;
  putNumber(opaque, target, at + pattern.opaqueAt);
  return end;
}

function isAlike(known: RemotingCommand, { code, flag, language, remark, version }: RemotingCommand): boolean {
  return (
    code === known.code &&
    flag === known.flag &&
    remark === known.remark &&
    version === known.version &&
    language === known.language
  );
}

/** Undefined when something is written otherwise than it reads. */
function patternOf(command: RemotingCommand, head: Buffer): HeadPattern | undefined {
  const { code, extFields, flag, language, opaque, remark } = command;
  const names = Object.keys(extFields);
  const values = names.map((name) => extFields[name] ?? '');
  const opaqueDigits = digitsIn(opaque);
  if (opaqueDigits === 0) return undefined;
  let place = `{"code":${code},"extFields":{`.length;
  const valueAt = names.map((name, index) => {
    const from = place + (index === 0 ? '"' : '","').length + name.length + '":"'.length;
    place = from + (values[index]?.length ?? 0);
    return from;
  });
  const opaqueAt = place + `${names.length === 0 ? '' : '"'}},"flag":${flag},"language":"${language}","opaque":`.length;
  const rest = remark === undefined ? '' : `,"remark":"${remark}"`;
  const length =
    opaqueAt + opaqueDigits + `${rest},"serializeTypeCurrentRPC":"JSON","version":${command.version}}`.length;
  if (length !== head.length) return undefined;
  const known = { ...command, extFields: {}, body: head.subarray(0, 0) };
  return { command: known, bytes: Buffer.from(head), names, values, valueAt, opaqueAt, opaqueDigits };
}

/** Of a number that needs no sign and fits 31 bits; 0 for others. */
function digitsIn(value: number): number {
  if (value < 0 || value > 0x7fffffff || !Number.isInteger(value)) return 0;
  let digits = 1;
  for (let rest = value; rest > 9; rest = (rest / 10) | 0) digits += 1;
  return digits;
}
