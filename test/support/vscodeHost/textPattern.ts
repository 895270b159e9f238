/** Matches a whole text, with white space around it or without. */
export function exactly(text: string): RegExp {
  return new RegExp(`^\\s*${escapeForRegExp(text)}\\s*$`);
}

export function escapeForRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
