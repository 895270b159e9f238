import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { makeTempDir } from '../support/tempDir.ts';
import { runProgram } from '../support/runProgram.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const CASES = path.join(import.meta.dirname, 'cases');
const GRAMMAR = path.join(ROOT, 'syntaxes/rocketmqLog.tmLanguage.json');
const PROGRAM = fileURLToPath(import.meta.resolve('vscode-tmgrammar-test/dist/unit.js'));

describe('grammar of the log', function () {
  this.timeout(30_000);

  for (const file of fs.readdirSync(CASES)) {
    it(`gives the scopes that ${file} says`, async () => {
      const { code, output } = await check(GRAMMAR, path.join(CASES, file));
      assert.equal(code, 0, output);
    });
  }

  it('would be found out: a grammar without addresses fails', async () => {
    const dir = makeTempDir('grammar');
    try {
      const broken = path.join(dir.path, 'broken.tmLanguage.json');
      fs.writeFileSync(broken, fs.readFileSync(GRAMMAR, 'utf8').replace('"#address"', '"#number"'));
      const { code, output } = await check(broken, path.join(CASES, 'server.log'));
      assert.notEqual(code, 0);
      assert.match(output, /constant\.numeric\.address\.rocketmq-log/);
    } finally {
      dir.remove();
    }
  });

  it('is the one that package.json names, for the language that package.json names', () => {
    const manifest: unknown = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
    const { grammars, languages } = (manifest as { contributes: Contributes }).contributes;
    const grammar = grammars.find(({ language }) => language === 'rocketmq-log');
    assert.deepEqual(grammar, {
      language: 'rocketmq-log',
      scopeName: 'text.log.rocketmq',
      path: './syntaxes/rocketmqLog.tmLanguage.json',
    });
    const language = languages.find(({ id }) => id === 'rocketmq-log');
    assert.ok(language !== undefined && fs.existsSync(path.join(ROOT, language.configuration)));
    assert.deepEqual(language.extensions, ['.rocketmq.log'], 'no plain .log: other programs write those');
  });
});

interface Contributes {
  readonly grammars: { language: string; scopeName: string; path: string }[];
  readonly languages: { id: string; configuration: string; extensions?: string[] }[];
}

/** Where it runs there is no package.json, whose grammars it would take before the one named. */
function check(grammar: string, file: string) {
  return runProgram(process.execPath, [PROGRAM, '--grammar', grammar, file], { cwd: CASES, timeoutMs: 20_000 });
}
