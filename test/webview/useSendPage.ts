import assert from 'node:assert/strict';

import type { Browser, Locator } from 'playwright-core';
import type { SendDraft, SendFormContract, SendReceipt } from '../../src/contract/sendForm.ts';
import { layOutJson } from '../../src/host/panels/jsonLayout.ts';
import type { PageHandlers } from '../../src/host/panels/pageRpc.ts';
import { EMPTY_DRAFT } from '../../src/host/panels/sendDraft.ts';
import { launchBrowser } from '../support/vscodeHost/browser.ts';
import { openFakeHost } from './fakeHost.ts';
import type { FakeHost, FakeHostOptions } from './fakeHost.ts';

export const RECEIPT: SendReceipt = {
  messageId: '7F0000010A2B18B4AAC20000000001',
  offsetMessageId: '7F00000100002A9F0000000000000123',
  brokerName: 'broker-a',
  queueId: 3,
  offset: 41,
  elapsedMs: 7,
  status: 'SEND_OK',
};

/** The send page with a host that the test plays. `host` and what it `stored` are anew for each test. */
export interface SendPage {
  host: FakeHost<SendFormContract>;
  stored: SendDraft;
  readonly open: (
    handlers?: Partial<PageHandlers<SendFormContract>>,
    options?: Partial<FakeHostOptions<SendFormContract>>,
  ) => Promise<void>;
  readonly fill: () => Promise<void>;
  readonly topic: () => Locator;
  readonly body: () => Locator;
  readonly sendButton: () => Locator;
  readonly text: (selector: string) => Promise<string>;
}

/** To be called in a `describe`: its hooks open the browser and close what was opened. */
export function useSendPage(): SendPage {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());
  beforeEach(() => {
    form.stored = EMPTY_DRAFT;
  });
  afterEach(async () => {
    const { complaints } = form.host;
    await form.host.close();
    assert.deepEqual(complaints, []);
  });

  const topic = () => form.host.page.getByRole('combobox', { name: 'Topic' });
  const body = () => form.host.page.getByRole('textbox', { name: 'Body' });
  const form: SendPage = {
    // Only after `open`.
    host: undefined as unknown as FakeHost<SendFormContract>,
    stored: EMPTY_DRAFT,
    async open(handlers = {}, options = {}) {
      form.host = await openFakeHost<SendFormContract>({
        browser,
        page: 'send',
        identity: { connectionId: 'local' },
        handlers: {
          ready: ({ saved }) => ({
            connection: { name: 'Local Broker', knowsTypes: false },
            topics: ['Orders', 'Payments'],
            draft: saved ?? form.stored,
            maxBodyBytes: 4 * 1024 * 1024,
          }),
          saveDraft: (draft) => {
            form.stored = draft;
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
      await form.host.page.waitForSelector('.send-form, [role=alert]');
    },
    async fill() {
      await topic().fill('Orders');
      await body().fill('{"id":1}');
    },
    topic,
    body,
    sendButton: () => form.host.page.locator('vscode-button.send-button'),
    text: (selector) => form.host.page.locator(selector).innerText(),
  };
  return form;
}
