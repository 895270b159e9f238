import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { Deferred } from '../../src/base/deferred.ts';
import type { SendDraft, SendReceipt } from '../../src/contract/sendForm.ts';
import { EMPTY_DRAFT as EMPTY } from '../../src/host/panels/sendDraft.ts';
import { repository } from '../support/repository.ts';
import { accessibilityViolations } from '../support/vscodeHost/accessibility.ts';
import { waitFor } from '../support/waitFor.ts';
import { problem } from './fakeHost.ts';
import { THEMES } from './themes.ts';
import type { ThemeName } from './themes.ts';
import { RECEIPT, useSendPage } from './useSendPage.ts';

const LOCAL = { name: 'Local', knowsTypes: false };

/** A control of the toolkit says it on itself. */
const isDisabled = (control: Element): boolean => (control as HTMLButtonElement).disabled;

describe('send page', function () {
  this.timeout(30_000);
  const form = useSendPage();
  const { open, fill, topic, body, sendButton, text } = form;

  /** Labels of the properties' controls that are marked as wrong. */
  const faulty = () =>
    form.host.page
      .locator('.properties vscode-text-field[aria-invalid=true]')
      .evaluateAll((controls) => controls.map((control) => control.ariaLabel));
  const focusedLabel = () => form.host.page.evaluate(() => document.activeElement?.ariaLabel);

  it('sends what was typed and shows where it lies', async () => {
    await open();
    await fill();
    await form.host.page.getByRole('textbox', { name: 'Tag' }).fill('paid');
    await form.host.page.getByRole('textbox', { name: 'Keys' }).fill('k1 k2');
    await form.host.page.getByRole('button', { name: 'Add Property' }).click();
    await form.host.page.getByRole('textbox', { name: 'Name of property 1' }).fill('region');
    await form.host.page.getByRole('textbox', { name: 'Value of property 1' }).fill('eu');
    await sendButton().click();
    await form.host.page.waitForSelector('.result');
    const draft = { ...EMPTY, topic: 'Orders', tag: 'paid', keys: 'k1 k2', body: '{"id":1}' };
    assert.deepEqual(form.host.paramsOf('send'), [
      { draft: { ...draft, properties: [{ name: 'region', value: 'eu' }] }, delivery: { type: 'NORMAL' } },
    ]);
    assert.deepEqual(form.host.paramsOf('messageTypes'), []);
    assert.equal(await form.host.page.locator('select').count(), 0);
    const facts = await form.host.page.locator('.result .value').allInnerTexts();
    assert.deepEqual(
      facts.map((fact) => fact.split(/\n+/).map((part) => part.trim())),
      [
        ['Message id', RECEIPT.messageId],
        ['Offset message id', RECEIPT.offsetMessageId],
        ['Broker', 'broker-a'],
        ['Queue', '3'],
        ['Offset', '41'],
      ],
    );
    assert.match(await text('.result h2'), /^Sent to Orders at .*, in 7 ms$/);
    assert.equal(
      await form.host.page.locator('.result').evaluate((element) => element.closest('[aria-live]')?.role),
      'status',
    );
  });

  it('sends once for a double click and while one is under way', async () => {
    const answer = new Deferred<SendReceipt>();
    await open({ send: () => answer.promise });
    await fill();
    await sendButton().dblclick();
    await body().press('Control+Enter');
    assert.equal(await sendButton().evaluate(isDisabled), true);
    assert.equal(await text('vscode-button.send-button'), 'Sending…');
    answer.resolve(RECEIPT);
    await form.host.page.waitForSelector('.result');
    assert.equal(form.host.paramsOf('send').length, 1);
    assert.equal(await text('vscode-button.send-button'), 'Send');
  });

  it('sends with Ctrl+Enter from the body, and keeps the earlier results', async () => {
    let offset = 0;
    await open({ send: () => ({ ...RECEIPT, messageId: `ID${offset}`, offset: offset++ }) });
    await fill();
    await body().press('Control+Enter');
    await form.host.page.waitForFunction(() => document.querySelector('.result')?.textContent.includes('ID0'));
    await body().press('Control+Enter');
    await form.host.page.waitForFunction(() => document.querySelector('.result')?.textContent.includes('ID1'));
    assert.match(await text('.earlier li'), /Orders\s+broker-a, queue 3, offset 0\s+ID0/);
    await form.host.page.reload();
    await form.host.page.waitForSelector('.result');
    assert.match(await text('.result'), /ID1/);
    await form.host.page.getByRole('button', { name: 'Clear the list of sent messages' }).click();
    await form.host.page.waitForSelector('.earlier', { state: 'detached' });
  });

  it('says an error in a live region and keeps the draft', async () => {
    await open({
      send: () => {
        throw problem('Nothing listens on 127.0.0.1:10911. Start the broker.');
      },
    });
    await fill();
    await sendButton().click();
    await form.host.page.waitForSelector('.send-error');
    assert.equal(await text('.send-error'), 'Nothing listens on 127.0.0.1:10911. Start the broker.');
    assert.equal(
      await form.host.page.locator('.send-error').evaluate((element) => element.parentElement?.role),
      'alert',
    );
    assert.equal(await topic().inputValue(), 'Orders');
    assert.equal(await body().inputValue(), '{"id":1}');
  });

  it('names what is missing next to its field, puts the focus there and sends nothing', async () => {
    await open();
    const invalid = () =>
      form.host.page
        .locator('[aria-invalid=true]')
        .evaluateAll((controls) => controls.filter((control) => control.checkVisibility()).map(({ id }) => id));
    assert.deepEqual(await invalid(), []);
    assert.equal(await form.host.page.locator('[aria-pressed]').count(), 0);
    await sendButton().click();
    assert.equal(await text('#topic-error'), 'Choose the topic to send to, or type its name.');
    assert.equal(await text('#body-error'), 'Type a body. A broker takes no message without one.');
    assert.ok((await invalid()).includes('topic'));
    assert.equal(await form.host.page.evaluate(() => document.activeElement?.id), 'topic');
    await topic().fill('Orders');
    assert.equal(await form.host.page.locator('#topic-error').textContent(), '');
    await sendButton().click();
    assert.equal(await form.host.page.evaluate(() => document.activeElement?.localName), 'vscode-text-area');
    assert.deepEqual(form.host.paramsOf('send'), []);
  });

  it('refuses a property without a value, one named twice, and a body over the limit', async () => {
    form.stored = {
      ...EMPTY,
      topic: 'Orders',
      body: 'x'.repeat(2000),
      properties: [
        { name: 'a', value: '1' },
        { name: 'a', value: '2' },
      ],
    };
    await open({
      ready: () => ({ connection: LOCAL, topics: [], draft: form.stored, maxBodyBytes: 1024 }),
    });
    await sendButton().click();
    assert.equal(await text('.properties .error'), 'The property "a" stands here twice. Remove one of them.');
    assert.equal(await form.host.page.locator('.properties .error').getAttribute('role'), 'alert');
    assert.deepEqual(await faulty(), ['Name of property 2']);
    assert.equal(await focusedLabel(), 'Name of property 2');
    assert.equal(await text('#body-error'), 'The body is 2 KiB, and a broker takes 1 KiB at most. Shorten it.');
    assert.equal(await text('.body-foot .error'), '2 KiB of 1 KiB at most');
    await form.host.page.getByRole('button', { name: 'Remove property 2' }).click();
    await form.host.page.getByRole('textbox', { name: 'Value of property 1' }).fill('');
    assert.deepEqual(await faulty(), []);
    await form.host.page.getByRole('button', { name: 'Add Property' }).click();
    await form.host.page.getByRole('button', { name: 'Add Property' }).click();
    await form.host.page.getByRole('textbox', { name: 'Value of property 3' }).fill('no name');
    await sendButton().click();
    assert.equal(await text('.properties .error'), 'Give every property a name and a value, or remove the row.');
    assert.deepEqual(await faulty(), ['Value of property 1', 'Name of property 3']);
    assert.equal(await focusedLabel(), 'Value of property 1');
    assert.deepEqual(form.host.paramsOf('send'), []);
  });

  it('keeps the draft over a reload, and gives it to the host', async () => {
    await open();
    await fill();
    await form.host.page.getByRole('textbox', { name: 'Tag' }).fill('paid');
    await form.host.page.reload();
    await form.host.page.waitForSelector('.send-form');
    assert.equal(await topic().inputValue(), 'Orders');
    assert.equal(await body().inputValue(), '{"id":1}');
    const saved = form.host.paramsOf('ready')[1] as { saved: SendDraft };
    assert.deepEqual(saved.saved, { ...EMPTY, topic: 'Orders', tag: 'paid', body: '{"id":1}' });
    await body().fill('{"id":2}');
    await waitFor('the draft at the host', () => form.stored.body === '{"id":2}');
    assert.equal(form.stored.topic, 'Orders');
  });

  it('offers topics by keys and by typing, reads them anew, and takes a topic that is told', async () => {
    await open();
    await topic().focus();
    await topic().press('ArrowDown');
    await form.host.page.waitForFunction(() => document.querySelectorAll('[role=option]').length === 3);
    assert.deepEqual(await form.host.page.getByRole('option').allInnerTexts(), ['Orders', 'Payments', 'Refunds']);
    await topic().press('ArrowDown');
    await topic().press('Enter');
    assert.equal(await topic().inputValue(), 'Payments');
    await topic().fill('ref');
    assert.deepEqual(await form.host.page.getByRole('option').allInnerTexts(), ['Refunds']);
    await topic().press('Escape');
    assert.equal(await form.host.page.getByRole('option').count(), 0);
    assert.equal(await topic().getAttribute('aria-expanded'), 'false');
    await form.host.tell('topic', 'Told');
    await form.host.page.waitForFunction(() => document.querySelector<HTMLInputElement>('#topic')?.value === 'Told');
  });

  it('lays out JSON and loses no digit', async () => {
    await open();
    await body().fill('{"id":12345678901234567890,"a":[]}');
    await form.host.page.getByRole('button', { name: 'Format JSON' }).click();
    const expected = '{\n  "id": 12345678901234567890,\n  "a": []\n}';
    await form.host.page.waitForFunction(
      (wanted) => Reflect.get(document.querySelector('vscode-text-area') ?? {}, 'value') === wanted,
      expected,
    );
    assert.equal(await text('.body-foot > span'), '43 B of 4 MiB at most');
    await body().fill('{"id":');
    assert.equal(await form.host.page.locator('.body-foot vscode-button').evaluate(isDisabled), true);
  });

  it('copies, and opens the tail', async () => {
    await open();
    await fill();
    await sendButton().click();
    await form.host.page.getByRole('button', { name: 'Copy Message id' }).click();
    await form.host.page.getByRole('button', { name: 'Tail This Topic' }).click();
    assert.deepEqual(form.host.paramsOf('copy'), [{ text: RECEIPT.messageId }]);
    assert.deepEqual(form.host.paramsOf('openTail'), [{ topic: 'Orders' }]);
  });

  it('says what a status other than SEND_OK means', async () => {
    await open({ send: () => ({ ...RECEIPT, status: 'SLAVE_NOT_AVAILABLE' }) });
    await fill();
    await sendButton().click();
    assert.match(await text('.status'), /no slave is there to copy it/);
  });

  it('ends a call that the host does not answer, and takes no late answer for another', async () => {
    const late = new Deferred<SendReceipt>();
    await open({ send: () => late.promise });
    await form.host.page.clock.install();
    await fill();
    await sendButton().click();
    await waitFor('the call', () => form.host.paramsOf('send').length === 1);
    // The longest that a request to a cluster may take, three times over.
    await form.host.page.clock.fastForward(180_000);
    assert.equal(await sendButton().evaluate(isDisabled), true);
    assert.equal(await form.host.page.locator('.send-error').count(), 0);
    await form.host.page.clock.fastForward(120_000);
    await form.host.page.waitForSelector('.send-error');
    assert.equal(
      await text('.send-error'),
      'The extension did not answer within 300 seconds. The message may have been stored all the same: look at the topic before you send it again.',
    );
    assert.equal(await sendButton().evaluate(isDisabled), false);
    late.resolve(RECEIPT);
    await form.host.tell('topic', 'Told');
    await form.host.page.waitForFunction(() => document.querySelector<HTMLInputElement>('#topic')?.value === 'Told');
    assert.equal(await form.host.page.locator('.result').count(), 0);
  });

  it('offers to try again when it cannot begin', async () => {
    let isUp = false;
    await open({
      ready: () => {
        if (!isUp) throw problem('Not yet.');
        return { connection: LOCAL, topics: [], draft: EMPTY, maxBodyBytes: 1024 };
      },
    });
    assert.match(await text('.notice'), /Not yet\./);
    isUp = true;
    await form.host.page.getByRole('button', { name: 'Retry' }).click();
    await form.host.page.waitForSelector('.send-form');
  });

  it('speaks Chinese with the Chinese bundle', async () => {
    const file = path.join(repository, 'media', 'l10n', 'bundle.l10n.zh-cn.json');
    const l10nBundle = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    await open({}, { language: 'zh-cn', l10nBundle });
    assert.equal(await text('vscode-button.send-button'), l10nBundle['Send']);
    assert.equal(await text('h1'), l10nBundle['Send a message to {0}']?.replace('{0}', 'Local Broker'));
    assert.match(await text('h1'), /\p{Script=Han}/u);
    assert.equal(await form.host.page.evaluate(() => document.documentElement.lang), 'zh-cn');
  });

  for (const theme of Object.keys(THEMES) as ThemeName[]) {
    it(`can be used by all in the ${theme} theme`, async () => {
      form.stored = { ...EMPTY, topic: 'Orders', body: '{"id":1}', properties: [{ name: 'region', value: 'eu' }] };
      let fails = false;
      await open(
        {
          send: () => {
            if (fails) throw problem('Nothing listens on 127.0.0.1:10911. Check the address.');
            return RECEIPT;
          },
        },
        { theme },
      );
      await sendButton().click();
      await form.host.page.waitForSelector('.result');
      await sendButton().click();
      await form.host.page.waitForSelector('.earlier');
      fails = true;
      await sendButton().click();
      await form.host.page.waitForSelector('.send-error');
      await topic().press('ArrowDown');
      await form.host.page.waitForSelector('[role=option]');
      await form.host.screenshot(`send-${theme}`);
      assert.deepEqual(await accessibilityViolations(form.host.page), []);
      await topic().press('Escape');
      await topic().fill('');
      await body().fill('');
      await sendButton().click();
      await form.host.screenshot(`send-problems-${theme}`);
      assert.deepEqual(await accessibilityViolations(form.host.page), []);
    });
  }
});
