/** A command to copy into a shell: it works from everywhere, and with whatever is in the name of the directory. */
export function clusterStep(words: string, directory: string, platform = process.platform): string {
  return `rocketmq-local cluster ${words} --dir ${quoted(directory, platform)}`;
}

function quoted(text: string, platform: NodeJS.Platform): string {
  if (platform === 'win32') return /^[\w@+=:,./\\-]+$/.test(text) ? text : `"${text}"`;
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
