/* Texts written straight into memory, for what JSON has as it is. */

/* Each returns the position behind what it wrote; -1 when it does not fit or is not plain, or `at` is -1 already. */

export function putMarkup(text: string, target: Buffer, at: number): number {
  const { length } = text;
  if (at < 0 || at + length > target.length) return -1;
  for (let index = 0; index < length; index += 1) target[at + index] = text.charCodeAt(index);
  return at + length;
}

/** Most numbers here have a few digits: no text is made of them. */
export function putNumber(value: number, target: Buffer, at: number): number {
  if (value < 0 || value > 0x7fffffff || !Number.isInteger(value)) return putMarkup(String(value), target, at);
  let end = at + 1;
  for (let rest = value; rest > 9; rest = (rest / 10) | 0) end += 1;
  if (at < 0 || end > target.length) return -1;
  let rest = value;
  for (let place = end - 1; place >= at; place -= 1) {
    const next = (rest / 10) | 0;
    target[place] = 48 + rest - next * 10;
    rest = next;
  }
  return end;
}

/** By unit: 1 where JSON has it as it is. */
const PLAIN = Uint8Array.from({ length: 0x7f }, (_, unit) => (unit < 0x20 || unit === 0x22 || unit === 0x5c ? 0 : 1));

export function putText(text: string, target: Buffer, at: number): number {
  const { length } = text;
  if (at < 0 || at + length > target.length) return -1;
  for (let index = 0; index < length; index += 1) {
    const unit = text.charCodeAt(index);
    if (PLAIN[unit] !== 1) return unit > 0x7e ? -1 : putEscaped(text, index, target, at + index);
    target[at + index] = unit;
  }
  return at + length;
}

/** What JSON.stringify writes for control characters. */
const ESCAPES = Array.from({ length: 0x20 }, (_, unit) => JSON.stringify(String.fromCharCode(unit)).slice(1, -1));

/** As `putText` for the text from `from` on: property strings have control characters between all their parts. */
function putEscaped(text: string, from: number, target: Buffer, at: number): number {
  let end = at;
  for (let index = from; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7e) return -1;
    if (PLAIN[unit] !== 1) {
      end = putMarkup(ESCAPES[unit] ?? `\\${String.fromCharCode(unit)}`, target, end);
      if (end < 0) return -1;
    } else if (end === target.length) return -1;
    else target[end++] = unit;
  }
  return end;
}
