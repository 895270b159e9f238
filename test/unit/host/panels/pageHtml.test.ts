import assert from 'node:assert/strict';

import { pageHtml } from '../../../../src/host/panels/pageHtml.ts';

const HTML = pageHtml({
  viewType: 'rocketmq.tail',
  title: 'Tail: <b>"A&B"</b>',
  language: 'zh-cn',
  nonce: 'abc_-123',
  cspSource: 'https://files.example',
  scriptUri: 'https://files.example/tail.js',
  styleUri: 'https://files.example/tail.css',
  identity: { connectionId: 'user:</script><script>alert(1)', topic: '主题' },
  l10nBundle: { Send: '发送' },
});

describe('pageHtml', () => {
  it('lets nothing in but the one script and the styles of the extension', () => {
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(HTML)?.[1];
    assert.equal(
      policy,
      "default-src 'none'; script-src 'nonce-abc_-123'; style-src https://files.example 'nonce-abc_-123'; font-src https://files.example; base-uri 'none'; form-action 'none'",
    );
    assert.equal(HTML.match(/<script nonce=/g)?.length, 1);
    assert.doesNotMatch(HTML, /<style|style=|unsafe|\son\w+=/);
  });

  it('says which page it is, in which language', () => {
    assert.match(HTML, /<html lang="zh-cn" data-view-type="rocketmq.tail">/);
    assert.match(HTML, /<title>Tail: &lt;b&gt;&quot;A&amp;B&quot;&lt;\/b&gt;<\/title>/);
  });

  it('gives data that cannot end their element', () => {
    const data = (id: string): unknown =>
      JSON.parse(new RegExp(`id="${id}">(.*?)</script>`).exec(HTML)?.[1] ?? 'undefined');
    assert.deepEqual(data('identity'), { connectionId: 'user:</script><script>alert(1)', topic: '主题' });
    assert.deepEqual(data('l10n'), { Send: '发送' });
  });
});
