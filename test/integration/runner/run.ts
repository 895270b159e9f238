import Mocha from 'mocha';

import SummaryReporter from '../../support/runner/summaryReporter.ts';

const TEST_TIMEOUT_MS = 60_000;

/** Called by VS Code in its extension host. Rejects when a test failed. */
export function run(): Promise<void> {
  process.setSourceMapsEnabled(true);
  const files = JSON.parse(process.env['HOST_TEST_FILES'] ?? '[]') as string[];
  const grep = process.env['HOST_TEST_GREP'];
  const mocha = new Mocha({ ui: 'bdd', timeout: TEST_TIMEOUT_MS, reporter: SummaryReporter, forbidOnly: true });
  if (grep !== undefined) mocha.grep(grep);
  for (const file of files) mocha.addFile(file);
  return new Promise((resolve, reject) => {
    mocha.run((failures) => (failures === 0 ? resolve() : reject(new Error(`${failures} tests failed`))));
  });
}
