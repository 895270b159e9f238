import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import type { Browser } from 'playwright-core';
import { Deferred } from '../../src/base/deferred.ts';
import type { SendDraft, SendFormContract, SendReceipt, SendType } from '../../src/contract/sendForm.ts';
import { layOutJson } from '../../src/host/panels/jsonLayout.ts';
import type { PageHandlers } from '../../src/host/panels/pageRpc.ts';
import { EMPTY_DRAFT as EMPTY } from '../../src/host/panels/sendDraft.ts';
import { repository } from '../support/repository.ts';
import { accessibilityViolations } from '../support/vscodeHost/accessibility.ts';
import { launchBrowser } from '../support/vscodeHost/browser.ts';
import { waitFor } from '../support/waitFor.ts';
import { openFakeHost, problem } from './fakeHost.ts';
import type { FakeHost, FakeHostOptions } from './fakeHost.ts';
import { THEMES } from './themes.ts';
import type { ThemeName } from './themes.ts';

const RECEIPT: SendReceipt = {
  messageId: '7F0000010A2B18B4AAC20000000001',
  offsetMessageId: '7F00000100002A9F0000000000000123',
  brokerName: 'broker-a',
  queueId: 3,
  offset: 41,
  elapsedMs: 7,
  status: 'SEND_OK',
};

const LOCAL = { name: 'Local', knowsTypes: false };
const PROXY = { name: 'proxy', knowsTypes: true };

const refuse = (message: string): never => {
  throw problem(message);
};

/** A control of the toolkit says it on itself. */
const isDisabled = (control: Element): boolean => (control as HTMLButtonElement).disabled;

describe('send page', function () {
  this.timeout(30_000);
  let browser: Browser;
  let host: FakeHost<SendFormContract>;
  let stored: SendDraft;

  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());
  beforeEach(() => {
    stored = EMPTY;
  });
  afterEach(async () => {
    const { complaints } = host;
    await host.close();
    assert.deepEqual(complaints, []);
  });

  async function open(
    handlers: Partial<PageHandlers<SendFormContract>> = {},
    options: Partial<FakeHostOptions<SendFormContract>> = {},
  ): Promise<void> {
    host = await openFakeHost<SendFormContract>({
      browser,
      page: 'send',
      identity: { connectionId: 'local' },
      handlers: {
        ready: ({ saved }) => ({
          connection: { name: 'Local Broker', knowsTypes: false },
          topics: ['Orders', 'Payments'],
          draft: saved ?? stored,
          maxBodyBytes: 4 * 1024 * 1024,
        }),
        saveDraft: (draft) => {
          stored = draft;
          return undefined;
        },
        refreshTopics: () => ['Orders', 'Payments', 'Refunds'],
        messageTypes: () => [],
        send: () => RECEIPT,
        formatJson: ({ text }) => layOutJson(text),
        copy: () => undefined,
        openTail: () => undefined,
        ...handlers,
      },
      ...options,
    });
    await host.page.waitForSelector('.send-form, [role=alert]');
  }

  const topic = () => host.page.getByRole('combobox', { name: 'Topic' });
  const body = () => host.page.getByRole('textbox', { name: 'Body' });
  const sendButton = () => host.page.locator('vscode-button.send-button');
  const text = (selector: string) => host.page.locator(selector).innerText();

  /** Labels of the properties' controls that are marked as wrong. */
  const faulty = () =>
    host.page
      .locator('.properties vscode-text-field[aria-invalid=true]')
      .evaluateAll((controls) => controls.map((control) => control.ariaLabel));
  const focusedLabel = () => host.page.evaluate(() => document.activeElement?.ariaLabel);

  async function fill(): Promise<void> {
    await topic().fill('Orders');
    await body().fill('{"id":1}');
  }

  it('sends what was typed and shows where it lies', async () => {
    await open();
    await fill();
    await host.page.getByRole('textbox', { name: 'Tag' }).fill('paid');
    await host.page.getByRole('textbox', { name: 'Keys' }).fill('k1 k2');
    await host.page.getByRole('button', { name: 'Add Property' }).click();
    await host.page.getByRole('textbox', { name: 'Name of property 1' }).fill('region');
    await host.page.getByRole('textbox', { name: 'Value of property 1' }).fill('eu');
    await sendButton().click();
    await host.page.waitForSelector('.result');
    const draft = { ...EMPTY, topic: 'Orders', tag: 'paid', keys: 'k1 k2', body: '{"id":1}' };
    assert.deepEqual(host.paramsOf('send'), [
      { draft: { ...draft, properties: [{ name: 'region', value: 'eu' }] }, delivery: { type: 'NORMAL' } },
    ]);
    assert.deepEqual(host.paramsOf('messageTypes'), []);
    assert.equal(await host.page.locator('select').count(), 0);
    const facts = await host.page.locator('.result .value').allInnerTexts();
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
      await host.page.locator('.result').evaluate((element) => element.closest('[aria-live]')?.role),
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
    await host.page.waitForSelector('.result');
    assert.equal(host.paramsOf('send').length, 1);
    assert.equal(await text('vscode-button.send-button'), 'Send');
  });

  it('sends with Ctrl+Enter from the body, and keeps the earlier results', async () => {
    let offset = 0;
    await open({ send: () => ({ ...RECEIPT, messageId: `ID${offset}`, offset: offset++ }) });
    await fill();
    await body().press('Control+Enter');
    await host.page.waitForFunction(() => document.querySelector('.result')?.textContent.includes('ID0'));
    await body().press('Control+Enter');
    await host.page.waitForFunction(() => document.querySelector('.result')?.textContent.includes('ID1'));
    assert.match(await text('.earlier li'), /Orders\s+broker-a, queue 3, offset 0\s+ID0/);
    await host.page.reload();
    await host.page.waitForSelector('.result');
    assert.match(await text('.result'), /ID1/);
    await host.page.getByRole('button', { name: 'Clear the list of sent messages' }).click();
    await host.page.waitForSelector('.earlier', { state: 'detached' });
  });

  it('says an error in a live region and keeps the draft', async () => {
    await open({
      send: () => {
        throw problem('Nothing listens on 127.0.0.1:10911. Start the broker.');
      },
    });
    await fill();
    await sendButton().click();
    await host.page.waitForSelector('.send-error');
    assert.equal(await text('.send-error'), 'Nothing listens on 127.0.0.1:10911. Start the broker.');
    assert.equal(await host.page.locator('.send-error').evaluate((element) => element.parentElement?.role), 'alert');
    assert.equal(await topic().inputValue(), 'Orders');
    assert.equal(await body().inputValue(), '{"id":1}');
  });

  it('names what is missing next to its field, puts the focus there and sends nothing', async () => {
    await open();
    const invalid = () =>
      host.page
        .locator('[aria-invalid=true]')
        .evaluateAll((controls) => controls.filter((control) => control.checkVisibility()).map(({ id }) => id));
    assert.deepEqual(await invalid(), []);
    assert.equal(await host.page.locator('[aria-pressed]').count(), 0);
    await sendButton().click();
    assert.equal(await text('#topic-error'), 'Choose the topic to send to, or type its name.');
    assert.equal(await text('#body-error'), 'Type a body. A broker takes no message without one.');
    assert.ok((await invalid()).includes('topic'));
    assert.equal(await host.page.evaluate(() => document.activeElement?.id), 'topic');
    await topic().fill('Orders');
    assert.equal(await host.page.locator('#topic-error').textContent(), '');
    await sendButton().click();
    assert.equal(await host.page.evaluate(() => document.activeElement?.localName), 'vscode-text-area');
    assert.deepEqual(host.paramsOf('send'), []);
  });

  it('refuses a property without a value, one named twice, and a body over the limit', async () => {
    stored = {
      ...EMPTY,
      topic: 'Orders',
      body: 'x'.repeat(2000),
      properties: [
        { name: 'a', value: '1' },
        { name: 'a', value: '2' },
      ],
    };
    await open({
      ready: () => ({ connection: LOCAL, topics: [], draft: stored, maxBodyBytes: 1024 }),
    });
    await sendButton().click();
    assert.equal(await text('.properties .error'), 'The property "a" stands here twice. Remove one of them.');
    assert.equal(await host.page.locator('.properties .error').getAttribute('role'), 'alert');
    assert.deepEqual(await faulty(), ['Name of property 2']);
    assert.equal(await focusedLabel(), 'Name of property 2');
    assert.equal(await text('#body-error'), 'The body is 2 KiB, and a broker takes 1 KiB at most. Shorten it.');
    assert.equal(await text('.body-foot .error'), '2 KiB of 1 KiB at most');
    await host.page.getByRole('button', { name: 'Remove property 2' }).click();
    await host.page.getByRole('textbox', { name: 'Value of property 1' }).fill('');
    assert.deepEqual(await faulty(), []);
    await host.page.getByRole('button', { name: 'Add Property' }).click();
    await host.page.getByRole('button', { name: 'Add Property' }).click();
    await host.page.getByRole('textbox', { name: 'Value of property 3' }).fill('no name');
    await sendButton().click();
    assert.equal(await text('.properties .error'), 'Give every property a name and a value, or remove the row.');
    assert.deepEqual(await faulty(), ['Value of property 1', 'Name of property 3']);
    assert.equal(await focusedLabel(), 'Value of property 1');
    assert.deepEqual(host.paramsOf('send'), []);
  });

  it('keeps the draft over a reload, and gives it to the host', async () => {
    await open();
    await fill();
    await host.page.getByRole('textbox', { name: 'Tag' }).fill('paid');
    await host.page.reload();
    await host.page.waitForSelector('.send-form');
    assert.equal(await topic().inputValue(), 'Orders');
    assert.equal(await body().inputValue(), '{"id":1}');
    const saved = host.paramsOf('ready')[1] as { saved: SendDraft };
    assert.deepEqual(saved.saved, { ...EMPTY, topic: 'Orders', tag: 'paid', body: '{"id":1}' });
    await body().fill('{"id":2}');
    await waitFor('the draft at the host', () => stored.body === '{"id":2}');
    assert.equal(stored.topic, 'Orders');
  });

  it('offers topics by keys and by typing, reads them anew, and takes a topic that is told', async () => {
    await open();
    await topic().focus();
    await topic().press('ArrowDown');
    await host.page.waitForFunction(() => document.querySelectorAll('[role=option]').length === 3);
    assert.deepEqual(await host.page.getByRole('option').allInnerTexts(), ['Orders', 'Payments', 'Refunds']);
    await topic().press('ArrowDown');
    await topic().press('Enter');
    assert.equal(await topic().inputValue(), 'Payments');
    await topic().fill('ref');
    assert.deepEqual(await host.page.getByRole('option').allInnerTexts(), ['Refunds']);
    await topic().press('Escape');
    assert.equal(await host.page.getByRole('option').count(), 0);
    assert.equal(await topic().getAttribute('aria-expanded'), 'false');
    await host.tell('topic', 'Told');
    await host.page.waitForFunction(() => document.querySelector<HTMLInputElement>('#topic')?.value === 'Told');
  });

  it('lays out JSON and loses no digit', async () => {
    await open();
    await body().fill('{"id":12345678901234567890,"a":[]}');
    await host.page.getByRole('button', { name: 'Format JSON' }).click();
    const expected = '{\n  "id": 12345678901234567890,\n  "a": []\n}';
    await host.page.waitForFunction(
      (wanted) => Reflect.get(document.querySelector('vscode-text-area') ?? {}, 'value') === wanted,
      expected,
    );
    assert.equal(await text('.body-foot > span'), '43 B of 4 MiB at most');
    await body().fill('{"id":');
    assert.equal(await host.page.locator('.body-foot vscode-button').evaluate(isDisabled), true);
  });

  it('copies, and opens the tail', async () => {
    await open();
    await fill();
    await sendButton().click();
    await host.page.getByRole('button', { name: 'Copy Message id' }).click();
    await host.page.getByRole('button', { name: 'Tail This Topic' }).click();
    assert.deepEqual(host.paramsOf('copy'), [{ text: RECEIPT.messageId }]);
    assert.deepEqual(host.paramsOf('openTail'), [{ topic: 'Orders' }]);
  });

  describe('at an endpoint, which knows types of messages', () => {
    const TAKEN: Readonly<Record<string, readonly SendType[]>> = {
      Orders: ['NORMAL', 'FIFO', 'DELAY', 'PRIORITY', 'LITE', 'TRANSACTION'],
      Ordered: ['FIFO'],
      Later: ['DELAY', 'NORMAL'],
      Unsaid: [],
    };
    const openEndpoint = (
      handlers: Partial<PageHandlers<SendFormContract>> = {},
      options: Partial<FakeHostOptions<SendFormContract>> = {},
    ): Promise<void> =>
      open(
        {
          ready: ({ saved }) => ({ connection: PROXY, topics: [], draft: saved ?? stored, maxBodyBytes: 1024 }),
          messageTypes: ({ topic: name }) => TAKEN[name] ?? refuse(`There is no topic ${name}.`),
          ...handlers,
        },
        options,
      );
    const select = (name: string) => host.page.getByRole('combobox', { name });
    const field = (name: string) => host.page.getByRole('textbox', { name });
    const type = () => select('Message type');
    const hint = (wanted: string) => host.page.locator('#message-type-hint', { hasText: wanted }).waitFor();
    const offered = () => type().locator('option').allInnerTexts();
    const deliveries = () => (host.paramsOf('send') as { delivery: unknown }[]).map(({ delivery }) => delivery);

    it('offers what the topic takes, and says so', async () => {
      await openEndpoint();
      await hint('Which types a topic takes shows here once there is one.');
      assert.equal((await offered()).length, 6);
      await topic().fill('Later');
      await hint('Later takes: Delay and Normal.');
      assert.deepEqual(await offered(), ['Delay', 'Normal']);
      assert.equal(await type().inputValue(), 'NORMAL');
      assert.equal(await type().getAttribute('aria-describedby'), 'message-type-hint');
      await topic().fill('Unsaid');
      await hint('Which types Unsaid takes is unknown: the endpoint refuses what does not fit.');
      assert.equal((await offered()).length, 6);
      await topic().fill('Nowhere');
      await hint('There is no topic Nowhere.');
      assert.equal((await offered()).length, 6);
    });

    it('keeps the choice over a topic that does not take it', async () => {
      await openEndpoint();
      await topic().fill('Orders');
      await hint('Orders takes');
      await type().selectOption('TRANSACTION');
      await topic().fill('Ordered');
      await hint('Ordered takes: FIFO.');
      assert.equal(await type().inputValue(), 'FIFO');
      await field('Message group').fill('g');
      await body().fill('x');
      await sendButton().click();
      await host.page.waitForSelector('.result');
      assert.deepEqual(deliveries(), [{ type: 'FIFO', group: 'g' }]);
      await topic().fill('Orders');
      await hint('Orders takes');
      assert.equal(await type().inputValue(), 'TRANSACTION');
    });

    it('sends every type, with what makes it one', async () => {
      const transaction = { transactionId: 'T1', recallHandle: undefined };
      await openEndpoint({
        send: ({ delivery }) => ({
          ...RECEIPT,
          ...(delivery.type === 'TRANSACTION' ? transaction : {}),
          ...(delivery.type === 'DELAY' ? { recallHandle: 'R1' } : {}),
        }),
      });
      await fill();
      await hint('Orders takes: Normal, FIFO, Delay, Priority, Lite, and Transaction.');
      const told: string[] = [];
      const send = async (): Promise<void> => {
        const before = deliveries().length;
        await sendButton().click();
        await waitFor('the send', () => deliveries().length > before);
        await host.page.waitForFunction(() => document.querySelector('.send-button')?.textContent === 'Send');
        const facts = await host.page.locator('.result .value').allInnerTexts();
        const parts = facts.map((fact) => fact.replace(/\s+/g, ' ').trim());
        told.push(...parts.filter((part) => /^(Message type|Transaction id|Recall handle) /.test(part)));
      };
      await send();
      // The keyboard chooses as the mouse does.
      await type().focus();
      await type().press('ArrowDown');
      await field('Message group').fill(' g1 ');
      await send();
      await type().selectOption('DELAY');
      await field('Delay').fill('1.5');
      await select('Unit of the delay').selectOption('minutes');
      await send();
      await select('Delivery').selectOption('moment');
      await host.page.getByLabel('Moment of delivery').fill('2027-01-31T12:00:05');
      await send();
      await type().selectOption('PRIORITY');
      await field('Priority').fill('3');
      await send();
      await type().selectOption('LITE');
      await field('Lite topic').fill('l');
      await send();
      await type().selectOption('TRANSACTION');
      await send();
      await select('The transaction').selectOption('rollback');
      await send();
      assert.deepEqual(deliveries(), [
        { type: 'NORMAL' },
        { type: 'FIFO', group: 'g1' },
        { type: 'DELAY', afterMs: 90_000 },
        { type: 'DELAY', deliverAtMs: new Date(2027, 0, 31, 12, 0, 5).getTime() },
        { type: 'PRIORITY', priority: 3 },
        { type: 'LITE', liteTopic: 'l' },
        { type: 'TRANSACTION', end: 'commit' },
        { type: 'TRANSACTION', end: 'rollback' },
      ]);
      assert.match(told[2] ?? '', /^Message type Delay, delivered at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
      assert.deepEqual(told.with(2, ''), [
        'Message type Normal',
        'Message type FIFO, message group g1',
        '',
        'Recall handle R1',
        'Message type Delay, delivered at 2027-01-31 12:00:05',
        'Recall handle R1',
        'Message type Priority 3',
        'Message type Lite topic l',
        'Message type Transaction, committed',
        'Transaction id T1',
        'Message type Transaction, rolled back',
        'Transaction id T1',
      ]);
    });

    it('names what a type lacks, puts the focus there and sends nothing', async () => {
      await openEndpoint();
      await fill();
      await hint('Orders takes');
      for (const [value, wrong, words] of [
        ['FIFO', '', 'Type a message group: messages of one group are kept in order.'],
        ['DELAY', 'soon', 'Type the delay as a number.'],
        ['PRIORITY', '-1', 'Type the priority as a whole number, 0 or more.'],
        ['LITE', ' ', 'Type the name of the lite topic.'],
      ] as const) {
        await type().selectOption(value);
        const control = host.page.locator('.delivery vscode-text-field').first();
        if (wrong !== '') await control.locator('input').fill(wrong);
        await sendButton().click();
        assert.equal(await text('#delivery-error'), words);
        assert.equal(await control.getAttribute('aria-invalid'), 'true', value);
        assert.equal(await control.evaluate((element) => element === document.activeElement), true, value);
      }
      await type().selectOption('DELAY');
      assert.equal(await host.page.locator('#delivery-error').textContent(), '');
      await select('Delivery').selectOption('moment');
      await sendButton().click();
      assert.equal(await text('#delivery-error'), 'Choose the day and the time of delivery.');
      assert.equal(await host.page.evaluate(() => document.activeElement?.id), 'deliver-at');
      assert.deepEqual(deliveries(), []);
    });

    it('tells the refusal of a type in the words of the host', async () => {
      await openEndpoint({
        send: () => refuse('proxy refused it. Choose the type of message that the topic takes.'),
      });
      await fill();
      await sendButton().click();
      await host.page.waitForSelector('.send-error');
      assert.equal(await text('.send-error'), 'proxy refused it. Choose the type of message that the topic takes.');
    });

    it('keeps what was typed over a reload', async () => {
      await openEndpoint();
      await topic().fill('Orders');
      await hint('Orders takes');
      await type().selectOption('FIFO');
      await field('Message group').fill('g1');
      await host.page.reload();
      await hint('Orders takes');
      assert.equal(await type().inputValue(), 'FIFO');
      assert.equal(await field('Message group').inputValue(), 'g1');
    });

    it('gets its types when the connection comes after the page', async () => {
      await openEndpoint({
        ready: () => ({
          connection: LOCAL,
          topics: [],
          draft: { ...EMPTY, topic: 'Ordered' },
          maxBodyBytes: 1024,
        }),
      });
      assert.equal(await host.page.locator('select').count(), 0);
      await host.tell('connection', PROXY);
      await hint('Ordered takes: FIFO.');
      assert.match(await text('h1'), /proxy/);
    });

    for (const theme of Object.keys(THEMES) as ThemeName[]) {
      it(`can be used by all in the ${theme} theme, with every type`, async () => {
        stored = { ...EMPTY, topic: 'Orders', body: '{"id":1}' };
        await openEndpoint({}, { theme });
        await hint('Orders takes');
        for (const value of TAKEN['Orders'] ?? []) {
          await type().selectOption(value);
          await host.screenshot(`send-${theme}-${value}`);
          assert.deepEqual(await accessibilityViolations(host.page), []);
        }
        await type().selectOption('DELAY');
        await select('Delivery').selectOption('moment');
        await sendButton().click();
        await host.screenshot(`send-${theme}-moment`);
        assert.deepEqual(await accessibilityViolations(host.page), []);
      });
    }
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
    await host.page.clock.install();
    await fill();
    await sendButton().click();
    await waitFor('the call', () => host.paramsOf('send').length === 1);
    // The longest that a request to a cluster may take, three times over.
    await host.page.clock.fastForward(180_000);
    assert.equal(await sendButton().evaluate(isDisabled), true);
    assert.equal(await host.page.locator('.send-error').count(), 0);
    await host.page.clock.fastForward(120_000);
    await host.page.waitForSelector('.send-error');
    assert.equal(
      await text('.send-error'),
      'The extension did not answer within 300 seconds. The message may have been stored all the same: look at the topic before you send it again.',
    );
    assert.equal(await sendButton().evaluate(isDisabled), false);
    late.resolve(RECEIPT);
    await host.tell('topic', 'Told');
    await host.page.waitForFunction(() => document.querySelector<HTMLInputElement>('#topic')?.value === 'Told');
    assert.equal(await host.page.locator('.result').count(), 0);
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
    await host.page.getByRole('button', { name: 'Retry' }).click();
    await host.page.waitForSelector('.send-form');
  });

  it('speaks Chinese with the Chinese bundle', async () => {
    const file = path.join(repository, 'media', 'l10n', 'bundle.l10n.zh-cn.json');
    const l10nBundle = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    await open({}, { language: 'zh-cn', l10nBundle });
    assert.equal(await text('vscode-button.send-button'), l10nBundle['Send']);
    assert.equal(await text('h1'), l10nBundle['Send a message to {0}']?.replace('{0}', 'Local Broker'));
    assert.match(await text('h1'), /\p{Script=Han}/u);
    assert.equal(await host.page.evaluate(() => document.documentElement.lang), 'zh-cn');
  });

  for (const theme of Object.keys(THEMES) as ThemeName[]) {
    it(`can be used by all in the ${theme} theme`, async () => {
      stored = { ...EMPTY, topic: 'Orders', body: '{"id":1}', properties: [{ name: 'region', value: 'eu' }] };
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
      await host.page.waitForSelector('.result');
      await sendButton().click();
      await host.page.waitForSelector('.earlier');
      fails = true;
      await sendButton().click();
      await host.page.waitForSelector('.send-error');
      await topic().press('ArrowDown');
      await host.page.waitForSelector('[role=option]');
      await host.screenshot(`send-${theme}`);
      assert.deepEqual(await accessibilityViolations(host.page), []);
      await topic().press('Escape');
      await topic().fill('');
      await body().fill('');
      await sendButton().click();
      await host.screenshot(`send-problems-${theme}`);
      assert.deepEqual(await accessibilityViolations(host.page), []);
    });
  }
});
