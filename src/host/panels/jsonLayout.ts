const INDENT = '  ';

/**
 * The same JSON, one member a line. Every number and string stays as it was written, so that no digit of a long is lost.
 * Undefined when the text is no JSON.
 */
export function layOutJson(text: string, depth = 0): string | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  const parts: string[] = [];
  let level = depth;
  const newLine = (): string => `\n${INDENT.repeat(level)}`;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  tokens.forEach((token, index) => {
    const next = tokens[index + 1];
    if (token === '{' || token === '[') {
      const empty = next === '}' || next === ']';
      if (!empty) level += 1;
      parts.push(empty ? token : token + newLine());
    } else if (token === '}' || token === ']') {
      const empty = tokens[index - 1] === '{' || tokens[index - 1] === '[';
      if (!empty) level -= 1;
      parts.push(empty ? token : newLine() + token);
    } else if (token === ',') {
      parts.push(token + newLine());
    } else {
      parts.push(token === ':' ? ': ' : token);
    }
  });
  return parts.join('');
}
