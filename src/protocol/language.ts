/** Language codes of the binary header. Source: LanguageCode.java; remoting sheet §1.6. */
const LANGUAGES = [
  'JAVA',
  'CPP',
  'DOTNET',
  'PYTHON',
  'DELPHI',
  'ERLANG',
  'RUBY',
  'OTHER',
  'HTTP',
  'GO',
  'PHP',
  'OMS',
  'RUST',
  'NODE_JS',
] as const;

/** Unknown codes keep their number as text, so that nothing is lost on the way. */
export function languageName(code: number): string {
  return LANGUAGES[code] ?? String(code);
}

export function languageCode(name: string): number {
  const known = (LANGUAGES as readonly string[]).indexOf(name);
  if (known >= 0) return known;
  const number = Number(name);
  return Number.isInteger(number) && number >= 0 && number <= 255 ? number : LANGUAGES.indexOf('OTHER');
}
