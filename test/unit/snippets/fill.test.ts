import assert from 'node:assert/strict';

import { SNIPPETS } from '../../../src/snippets/catalogue.ts';
import { fillSnippet, fillWithTabStops, snippetSlots } from '../../../src/snippets/fill.ts';
import { SNIPPET_LANGUAGES, SNIPPET_PATTERNS } from '../../../src/snippets/snippet.ts';
import type { Snippet } from '../../../src/snippets/snippet.ts';
import { snippetValues } from '../../../src/snippets/values.ts';

const ALL = SNIPPET_LANGUAGES.flatMap((language) => SNIPPET_PATTERNS.map((pattern) => SNIPPETS[language][pattern]));
const NASTY = 'a"b\\c$1${2:x}d}e\nf{{group}}';

const small: Snippet = {
  language: 'go',
  pattern: 'producer',
  prefix: 'rmq-producer',
  dependency: 'lib@1',
  template: 'use {{dependency}} ${x}\nt = "{{topic}}" g = "{{group}}"\nagain "{{topic}}"\n{{cursor}}\\n}',
};

describe('filling a snippet', () => {
  it('puts the values into the code', () => {
    const code = fillSnippet(small, snippetValues(small, { topic: 'Orders', group: 'g1' }));
    assert.equal(code, 'use lib@1 ${x}\nt = "Orders" g = "g1"\nagain "Orders"\n\\n}');
  });

  it('makes one tab stop of a slot that comes twice and escapes all the rest', () => {
    const code = fillWithTabStops(small, snippetValues(small, { topic: 'Orders', group: 'g1' }));
    assert.equal(code, 'use lib@1 \\${x\\}\nt = "${1:Orders}" g = "${2:g1}"\nagain "${1:Orders}"\n$0\\\\n\\}');
  });

  it('neither ends a literal nor opens a placeholder nor fills twice with a nasty value', () => {
    const values = snippetValues(small, { topic: NASTY, group: 'g1' });
    assert.match(fillSnippet(small, values), /^t = "a\\"b\\\\c\$1\$\{2:x\}d\}e\\nf\{\{group\}\}" g = "g1"$/m);
    assert.ok(
      fillWithTabStops(small, values).includes(
        't = "${1:a\\\\"b\\\\\\\\c\\$1\\${2:x\\}d\\}e\\\\nf{{group\\}\\}}" g = "${2:g1}"',
      ),
    );
  });

  it('refuses a template with an unknown slot', () => {
    const wrong = { ...small, template: '{{topik}}' };
    assert.throws(() => fillSnippet(wrong, snippetValues(wrong, {})), /unknown slot topik/);
  });

  for (const snippet of ALL) {
    const name = `${snippet.language} ${snippet.pattern}`;
    it(`gives the same code with tab stops as without: ${name}`, () => {
      const values = snippetValues(snippet, { topic: NASTY, group: NASTY, nameServers: NASTY, grpcEndpoint: NASTY });
      assert.equal(expandTabStops(fillWithTabStops(snippet, values)), fillSnippet(snippet, values));
    });

    it(`fills every slot: ${name}`, () => {
      const code = fillSnippet(snippet, snippetValues(snippet, { topic: 'MyTopic', group: 'MyGroup' }));
      assert.ok(!code.includes('{{'), code);
      assert.ok(code.includes('"MyTopic"'));
      assert.ok(code.includes(snippet.dependency), 'it names its dependency');
      const grpc = snippet.language === 'python' || snippet.language === 'typescript';
      assert.equal(snippetSlots(snippet).includes(grpc ? 'grpcEndpoint' : 'nameServers'), true);
      assert.equal(snippetSlots(snippet).includes(grpc ? 'nameServers' : 'grpcEndpoint'), false);
      assert.equal(code.includes('"MyGroup"'), snippetSlots(snippet).includes('group'));
      assert.ok(code.endsWith('\n') && !/[ \t]$/m.test(code), 'clean line ends');
    });
  }

  it('has a group for every consumer', () => {
    for (const language of SNIPPET_LANGUAGES) {
      assert.ok(snippetSlots(SNIPPETS[language].pushConsumer).includes('group'), language);
    }
  });

  it('has for each language and pattern the snippet that says so', () => {
    for (const language of SNIPPET_LANGUAGES) {
      for (const pattern of SNIPPET_PATTERNS) {
        const snippet = SNIPPETS[language][pattern];
        const prefix = pattern === 'producer' ? 'rmq-producer' : 'rmq-push-consumer';
        assert.deepEqual([snippet.language, snippet.pattern, snippet.prefix], [language, pattern, prefix]);
      }
    }
  });
});

/** What the editor inserts when every default is kept: the part of its snippet grammar that is used here. */
function expandTabStops(text: string): string {
  let result = '';
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const stop = /^\$(?:\{\d+:|0)/.exec(text.slice(i, i + 6));
    if (text[i] === '\\' && /[\\$}]/.test(text[i + 1] ?? '')) {
      result += text[++i]!;
    } else if (stop !== null) {
      if (stop[0] !== '$0') depth++;
      i += stop[0].length - 1;
    } else if (text[i] === '}' && depth > 0) {
      depth--;
    } else {
      result += text[i]!;
    }
  }
  assert.equal(depth, 0, 'every placeholder is closed');
  return result;
}
