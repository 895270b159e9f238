import assert from 'node:assert/strict';

import type { Browser, Locator } from 'playwright-core';
import type { TailContract, TailMessage, TailRow, TailState } from '../../src/contract/tail.ts';
import type { PageHandlers } from '../../src/host/panels/pageRpc.ts';
import { launchBrowser } from '../support/vscodeHost/browser.ts';
import { waitFor } from '../support/waitFor.ts';
import { openFakeHost } from './fakeHost.ts';
import type { FakeHost, FakeHostOptions } from './fakeHost.ts';

const STORED_AT_MS = Date.UTC(2026, 0, 31, 12);

const EMPTY_TAIL: TailState = {
  connectionName: 'Local Broker',
  topic: 'Orders',
  group: undefined,
  waitsToJoin: false,
  paused: false,
  reading: true,
  first: 0,
  held: 0,
  capacity: 100_000,
  capacityBytes: 128 * 1024 * 1024,
  problem: undefined,
};

/** The tail page with a host that the test plays. `host` and the `state` that it tells are anew for each test. */
export interface TailPage {
  host: FakeHost<TailContract>;
  state: TailState;
  readonly open: (
    handlers?: Partial<PageHandlers<TailContract>>,
    options?: Partial<FakeHostOptions<TailContract>>,
  ) => Promise<void>;
  /** Changes the state and tells the page. */
  readonly arrive: (part: Partial<TailState>) => Promise<void>;
  /** Rows in view are there, with their content. */
  readonly loaded: () => Promise<unknown>;
  /** Numbers of the rows that are wholly in view. */
  readonly inView: () => Promise<number[]>;
  readonly waitForLast: (number: number) => Promise<unknown>;
  /** Number of the row that has the focus, or the id of what else has it. */
  readonly focused: () => Promise<number | string | undefined>;
  readonly scrollTo: (topPx: number) => Promise<void>;
  readonly counts: () => Promise<string>;
  readonly button: (name: string | RegExp) => Locator;
}

/** To be called in a `describe`: its hooks open the browser and close what was opened. */
export function useTailPage(): TailPage {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());
  beforeEach(() => {
    tail.state = EMPTY_TAIL;
  });
  afterEach(async () => {
    const { complaints } = tail.host;
    await tail.host.close();
    assert.deepEqual(complaints, []);
  });

  const change = (part: Partial<TailState>): TailState => (tail.state = { ...tail.state, ...part });
  const loaded = () =>
    tail.host.page.waitForFunction(() => {
      const rows = [...document.querySelectorAll('.grid-body [role=row]')];
      return rows.length > 0 && rows.every((element) => element.getAttribute('aria-busy') === null);
    });
  const inView = () =>
    tail.host.page.evaluate(() => {
      const grid = document.querySelector('.grid');
      if (grid === null) return [];
      const box = grid.getBoundingClientRect();
      return [...document.querySelectorAll<HTMLElement>('.grid-body [role=row]')]
        .filter((element) => {
          const { top, bottom } = element.getBoundingClientRect();
          return top >= box.top + 24 - 0.5 && bottom <= box.top + grid.clientHeight + 0.5;
        })
        .map((element) => Number(element.dataset['number']))
        .sort((a, b) => a - b);
    });
  const tail: TailPage = {
    // Only after `open`.
    host: undefined as unknown as FakeHost<TailContract>,
    state: EMPTY_TAIL,
    async open(handlers = {}, options = {}) {
      tail.host = await openFakeHost<TailContract>({
        browser,
        page: 'tail',
        identity: { connectionId: 'local', topic: 'Orders' },
        handlers: {
          ready: () => tail.state,
          rows: ({ first, limit }) => {
            const from = Math.max(first, tail.state.first);
            const to = Math.min(first + limit, tail.state.first + tail.state.held);
            return Array.from({ length: Math.max(0, to - from) }, (_, index) => row(from + index));
          },
          join: () => change({ waitsToJoin: false, reading: true }),
          pause: () => change({ paused: true }),
          resume: () => change({ paused: false }),
          clear: () => change({ first: tail.state.first + tail.state.held, held: 0 }),
          message: ({ number }) => whole(number),
          copyBody: () => undefined,
          copy: () => undefined,
          openInEditor: () => undefined,
          openSend: () => undefined,
          ...handlers,
        },
        ...options,
      });
      await tail.host.page.waitForSelector('.grid, .empty, .tail > [role=alert]');
      if (tail.state.held > 0) await loaded();
    },
    async arrive(part) {
      await tail.host.tell('state', change(part));
    },
    loaded,
    inView,
    waitForLast: (number) =>
      waitFor(`row ${number} at the end of the view`, async () => (await inView()).at(-1) === number, {
        details: async () => `in view: ${(await inView()).join(' ')}`,
      }),
    focused: () =>
      tail.host.page.evaluate(() => {
        const { dataset } = document.activeElement as HTMLElement;
        return dataset['number'] === undefined ? document.activeElement?.id : Number(dataset['number']);
      }),
    scrollTo: (topPx) =>
      tail.host.page.locator('.grid').evaluate((grid, top) => grid.scrollTo({ top, behavior: 'instant' }), topPx),
    counts: () => tail.host.page.locator('.counts').innerText(),
    button: (name) => tail.host.page.getByRole('button', { name }),
  };
  return tail;
}

export function row(number: number): TailRow {
  return {
    number,
    storedAtMs: STORED_AT_MS + number,
    brokerName: 'broker-a',
    queueId: number % 4,
    offset: 1000 + number,
    tag: number % 2 === 0 ? 'even' : 'odd',
    keys: `key-${number}`,
    preview: `{"id":${number},"note":"body of message ${number}"}`,
    sizeBytes: 42,
  };
}

export function whole(number: number): TailMessage {
  return {
    ...row(number),
    topic: 'Orders',
    messageId: `ID${number}`,
    offsetMessageId: `OFFSET${number}`,
    bornAtMs: STORED_AT_MS,
    bornHost: '127.0.0.1:51000',
    storeHost: '127.0.0.1:10911',
    reconsumeTimes: 0,
    properties: [
      { name: 'KEYS', value: `key-${number}` },
      { name: 'region', value: 'eu' },
    ],
    body: `{\n  "id": ${number}\n}`,
    bodyFormat: 'json',
    shownBytes: 42,
    bodyProblem: undefined,
  };
}
