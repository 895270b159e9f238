/* Tag filter. Source: FilterAPI.java, MessageExtBrokerInner.tagsString2tagsCode; broker sheet §7.1, remoting sheet §4.9. */

/** Java's String.hashCode: over UTF-16 units, wrapping at 32 bits. */
export function javaHash(text: string): number {
  return javaHashOn(0, text);
}

/** The hash of a text that begins with one whose hash is known. */
export function javaHashOn(hash: number, text: string): number {
  for (let index = 0; index < text.length; index += 1) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash;
}

/** The tags code of a record: the hash of the whole TAGS value, 0 without one. */
export function tagsCodeOf(tags: string | undefined): number {
  return tags === undefined || tags === '' ? 0 : javaHash(tags);
}

/** Splits `TagA || TagB`; empty, absent and `*` mean all and give no tags. */
export function parseTagExpression(expression: string | undefined): readonly string[] {
  if (expression === undefined || expression === '' || expression === '*') return [];
  return expression
    .split('||')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
}
