import assert from 'node:assert/strict';
import path from 'node:path';

import { bundleProblems, checkL10n, manifestMessageProblems } from '../../../src/build/checkL10n.ts';
import { stringsOf } from '../../../src/build/localizedStrings.ts';

const root = path.resolve(import.meta.dirname, '../../..');

function keys(text: string): string[] {
  return stringsOf('a.tsx', text).used.map(({ key }) => key);
}

function problems(text: string): readonly string[] {
  return stringsOf('a.tsx', text).problems;
}

describe('the texts of the product', () => {
  it('are in both languages', function () {
    this.timeout(60_000);
    assert.deepEqual(checkL10n(root), []);
  });
});

describe('stringsOf', () => {
  it('finds texts in every form of the call', () => {
    assert.deepEqual(
      keys(
        `vscode.l10n.t('a'); l10n.t("b {0}", x); const { t } = vscode.l10n; t(\`c\`); t({ message: 'd', comment: ['why'] });`,
      ),
      ['a', 'b {0}', 'c', 'd/why'],
    );
  });

  it('refuses a text that is put together', () => {
    assert.deepEqual(problems(`vscode.l10n.t('a ' + b);`), ['a.tsx:1: the text of l10n.t is no plain string']);
    assert.deepEqual(problems('vscode.l10n.t(`a ${b}`);'), ['a.tsx:1: the text of l10n.t is no plain string']);
  });

  it('refuses literals that people would see', () => {
    for (const code of [
      `window.showErrorMessage('Broken');`,
      'window.showErrorMessage(`Broken: ${why}`);',
      `prompts.tell('error', 'Broken');`,
      `const item = { label: 'Broken' };`,
      `const item = { label: x ? 'Broken' : t('fine') };`,
      `item.tooltip = 'Broken';`,
      `item.description = x ?? 'Broken';`,
      `const page = <p>Broken</p>;`,
      `const page = <p>{x && 'Broken'}</p>;`,
      `const page = <p aria-label="Broken" />;`,
    ]) {
      assert.equal(problems(code).length, 1, code);
      assert.match(problems(code)[0] ?? '', /"Broken:?" is not localised/, code);
    }
  });

  it('lets pass what is localised, icons, signs and names of the program', () => {
    for (const code of [
      `window.showErrorMessage(t('Broken'));`,
      `prompts.tell('error', message);`,
      'const item = { label: `$(error) ${address}` };',
      `const item = { label: \`$(play) \${t('Start')}\` };`,
      `const item = { label: '·', detail: name };`,
      `const item = { title: 'rocketmq.send' };`,
      `const page = <p class="big">{t('fine')} · {count}</p>;`,
    ]) {
      assert.deepEqual(problems(code), [], code);
    }
  });
});

describe('bundleProblems', () => {
  const sources = [stringsOf('a.ts', `l10n.t('one {0}', x); l10n.t('two');`)];

  it('is content with one text for each', () => {
    assert.deepEqual(bundleProblems('xx', sources, { 'one {0}': '{0} eins', two: 'zwei' }), []);
  });

  it('finds what is missing, left over, and without its placeholder', () => {
    assert.deepEqual(bundleProblems('xx', sources, { 'one {0}': 'eins', three: 'drei' }), [
      'a.ts:1: no xx for "two"',
      'xx: "three" is used nowhere',
      'xx: "eins" has other placeholders than "one {0}"',
    ]);
  });
});

describe('manifestMessageProblems', () => {
  it('finds what is missing and what is left over in either language', () => {
    assert.deepEqual(
      manifestMessageProblems('{"title":"%a%","icon":"%b.c%"}', { a: 'A', 'b.c': 'B' }, { a: 'A', d: 'D' }),
      ['package.nls.zh-cn.json: %b.c% is missing', 'package.nls.zh-cn.json: %d% is used nowhere'],
    );
  });
});
