import assert from 'node:assert/strict';

import type { SendFormContract, SendType } from '../../src/contract/sendForm.ts';
import type { PageHandlers } from '../../src/host/panels/pageRpc.ts';
import { EMPTY_DRAFT as EMPTY } from '../../src/host/panels/sendDraft.ts';
import { accessibilityViolations } from '../support/vscodeHost/accessibility.ts';
import { waitFor } from '../support/waitFor.ts';
import { problem } from './fakeHost.ts';
import type { FakeHostOptions } from './fakeHost.ts';
import { THEMES } from './themes.ts';
import type { ThemeName } from './themes.ts';
import { RECEIPT, useSendPage } from './useSendPage.ts';

const LOCAL = { name: 'Local', knowsTypes: false };
const PROXY = { name: 'proxy', knowsTypes: true };

const refuse = (message: string): never => {
  throw problem(message);
};

describe('send page at an endpoint, which knows types of messages', function () {
  this.timeout(30_000);
  const form = useSendPage();
  const { open, fill, topic, body, sendButton, text } = form;
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
        ready: ({ saved }) => ({ connection: PROXY, topics: [], draft: saved ?? form.stored, maxBodyBytes: 1024 }),
        messageTypes: ({ topic: name }) => TAKEN[name] ?? refuse(`There is no topic ${name}.`),
        ...handlers,
      },
      options,
    );
  const select = (name: string) => form.host.page.getByRole('combobox', { name });
  const field = (name: string) => form.host.page.getByRole('textbox', { name });
  const type = () => select('Message type');
  const hint = (wanted: string) => form.host.page.locator('#message-type-hint', { hasText: wanted }).waitFor();
  const offered = () => type().locator('option').allInnerTexts();
  const deliveries = () => (form.host.paramsOf('send') as { delivery: unknown }[]).map(({ delivery }) => delivery);

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
    await form.host.page.waitForSelector('.result');
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
      await form.host.page.waitForFunction(() => document.querySelector('.send-button')?.textContent === 'Send');
      const facts = await form.host.page.locator('.result .value').allInnerTexts();
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
    await form.host.page.getByLabel('Moment of delivery').fill('2027-01-31T12:00:05');
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
      const control = form.host.page.locator('.delivery vscode-text-field').first();
      if (wrong !== '') await control.locator('input').fill(wrong);
      await sendButton().click();
      assert.equal(await text('#delivery-error'), words);
      assert.equal(await control.getAttribute('aria-invalid'), 'true', value);
      assert.equal(await control.evaluate((element) => element === document.activeElement), true, value);
    }
    await type().selectOption('DELAY');
    assert.equal(await form.host.page.locator('#delivery-error').textContent(), '');
    await select('Delivery').selectOption('moment');
    await sendButton().click();
    assert.equal(await text('#delivery-error'), 'Choose the day and the time of delivery.');
    assert.equal(await form.host.page.evaluate(() => document.activeElement?.id), 'deliver-at');
    assert.deepEqual(deliveries(), []);
  });

  it('tells the refusal of a type in the words of the host', async () => {
    await openEndpoint({
      send: () => refuse('proxy refused it. Choose the type of message that the topic takes.'),
    });
    await fill();
    await sendButton().click();
    await form.host.page.waitForSelector('.send-error');
    assert.equal(await text('.send-error'), 'proxy refused it. Choose the type of message that the topic takes.');
  });

  it('keeps what was typed over a reload', async () => {
    await openEndpoint();
    await topic().fill('Orders');
    await hint('Orders takes');
    await type().selectOption('FIFO');
    await field('Message group').fill('g1');
    await form.host.page.reload();
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
    assert.equal(await form.host.page.locator('select').count(), 0);
    await form.host.tell('connection', PROXY);
    await hint('Ordered takes: FIFO.');
    assert.match(await text('h1'), /proxy/);
  });

  for (const theme of Object.keys(THEMES) as ThemeName[]) {
    it(`can be used by all in the ${theme} theme, with every type`, async () => {
      form.stored = { ...EMPTY, topic: 'Orders', body: '{"id":1}' };
      await openEndpoint({}, { theme });
      await hint('Orders takes');
      for (const value of TAKEN['Orders'] ?? []) {
        await type().selectOption(value);
        await form.host.screenshot(`send-${theme}-${value}`);
        assert.deepEqual(await accessibilityViolations(form.host.page), []);
      }
      await type().selectOption('DELAY');
      await select('Delivery').selectOption('moment');
      await sendButton().click();
      await form.host.screenshot(`send-${theme}-moment`);
      assert.deepEqual(await accessibilityViolations(form.host.page), []);
    });
  }
});
