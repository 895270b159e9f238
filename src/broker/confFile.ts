import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { formatProperties, parseProperties } from '../base/properties.ts';

const MARK =
  '# Changed while running (mqadmin updateBrokerConfig or updateNamesrvConfig); these lines win over those above.';

/**
 * Writes settings that were changed at run time to the end of the file that they came from, and leaves all else in it
 * as its owner wrote it. Apache writes the whole file anew, with every key that it knows. The new text is written apart
 * and then renamed.
 */
export function keepInConfFile(path: string, changes: ReadonlyMap<string, string>): void {
  const text = readFileSync(path, 'utf8');
  const at = text.indexOf(MARK);
  const owners = at < 0 ? text : text.slice(0, at);
  const before = at < 0 ? new Map<string, string>() : parseProperties(text.slice(at));
  const gap = owners === '' || owners.endsWith('\n') ? '' : '\n';
  const fresh = `${path}.tmp`;
  writeFileSync(fresh, `${owners}${gap}${MARK}\n${formatProperties(new Map([...before, ...changes]))}`);
  renameSync(fresh, path);
}
