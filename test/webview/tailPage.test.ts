import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import type { Browser } from 'playwright-core';
import { Deferred } from '../../src/base/deferred.ts';
import type { TailContract, TailMessage, TailRow, TailState } from '../../src/contract/tail.ts';
import type { PageHandlers } from '../../src/host/panels/pageRpc.ts';
import { repository } from '../support/repository.ts';
import { accessibilityViolations } from '../support/vscodeHost/accessibility.ts';
import { launchBrowser } from '../support/vscodeHost/browser.ts';
import { waitFor } from '../support/waitFor.ts';
import { becomes } from './becomes.ts';
import { openFakeHost, problem } from './fakeHost.ts';
import type { FakeHost, FakeHostOptions } from './fakeHost.ts';
import { THEMES } from './themes.ts';
import type { ThemeName } from './themes.ts';

const STORED_AT_MS = Date.UTC(2026, 0, 31, 12);

function row(number: number): TailRow {
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

function whole(number: number): TailMessage {
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

describe('tail page', function () {
  this.timeout(30_000);
  let browser: Browser;
  let host: FakeHost<TailContract>;
  let state: TailState;

  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());
  beforeEach(() => {
    state = {
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
  });
  afterEach(async () => {
    const { complaints } = host;
    await host.close();
    assert.deepEqual(complaints, []);
  });

  async function open(
    handlers: Partial<PageHandlers<TailContract>> = {},
    options: Partial<FakeHostOptions<TailContract>> = {},
  ): Promise<void> {
    const change = (part: Partial<TailState>): TailState => (state = { ...state, ...part });
    host = await openFakeHost<TailContract>({
      browser,
      page: 'tail',
      identity: { connectionId: 'local', topic: 'Orders' },
      handlers: {
        ready: () => state,
        rows: ({ first, limit }) => {
          const from = Math.max(first, state.first);
          const to = Math.min(first + limit, state.first + state.held);
          return Array.from({ length: Math.max(0, to - from) }, (_, index) => row(from + index));
        },
        join: () => change({ waitsToJoin: false, reading: true }),
        pause: () => change({ paused: true }),
        resume: () => change({ paused: false }),
        clear: () => change({ first: state.first + state.held, held: 0 }),
        message: ({ number }) => whole(number),
        copyBody: () => undefined,
        copy: () => undefined,
        openInEditor: () => undefined,
        openSend: () => undefined,
        ...handlers,
      },
      ...options,
    });
    await host.page.waitForSelector('.grid, .empty, .tail > [role=alert]');
    if (state.held > 0) await loaded();
  }

  async function arrive(part: Partial<TailState>): Promise<void> {
    state = { ...state, ...part };
    await host.tell('state', state);
  }

  /** Rows in view are there, with their content. */
  const loaded = () =>
    host.page.waitForFunction(() => {
      const rows = [...document.querySelectorAll('.grid-body [role=row]')];
      return rows.length > 0 && rows.every((element) => element.getAttribute('aria-busy') === null);
    });

  /** Numbers of the rows that are wholly in view. */
  const inView = () =>
    host.page.evaluate(() => {
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
  const lastInView = async () => (await inView()).at(-1);
  const waitForLast = (number: number) =>
    waitFor(`row ${number} at the end of the view`, async () => (await lastInView()) === number, {
      details: async () => `in view: ${(await inView()).join(' ')}`,
    });
  const focused = () =>
    host.page.evaluate(() => {
      const { dataset } = document.activeElement as HTMLElement;
      return dataset['number'] === undefined ? document.activeElement?.id : Number(dataset['number']);
    });
  const scrollTo = (topPx: number) =>
    host.page.locator('.grid').evaluate((grid, top) => grid.scrollTo({ top, behavior: 'instant' }), topPx);
  const counts = () => host.page.locator('.counts').innerText();
  const button = (name: string | RegExp) => host.page.getByRole('button', { name });

  it('holds few rows in the DOM of 100 000, and asks for those in view', async () => {
    state = { ...state, held: 100_000 };
    await open();
    await waitForLast(99_999);
    assert.ok((await host.page.locator('.grid-body [role=row]').count()) < 60);
    await becomes(() => host.page.getByRole('grid').getAttribute('aria-rowcount'), '100001');
    const before = host.paramsOf('rows').length;
    await scrollTo(50_000 * 24);
    await waitFor('the rows in the middle', async () => (await inView())[0] === 50_000);
    await loaded();
    const visible = await inView();
    const asked = host.paramsOf('rows').slice(before) as { first: number; limit: number }[];
    assert.equal(asked.length, 1);
    assert.ok(asked[0]!.first <= 50_000 && asked[0]!.first > 49_980, JSON.stringify(asked));
    assert.ok(asked[0]!.first + asked[0]!.limit > visible.at(-1)!);
    assert.ok(asked[0]!.limit < visible.length + 20, JSON.stringify(asked));
    const cells = await host.page.locator('[data-number="50000"] [role=gridcell]').allInnerTexts();
    assert.deepEqual(cells.slice(1), [
      'broker-a · 0',
      '51000',
      'even',
      'key-50000',
      '{"id":50000,"note":"body of message 50000"}',
    ]);
    assert.match(cells[0]!, /\d\d:\d\d:50\.000$/);
    await becomes(() => host.page.locator('[data-number="50000"]').getAttribute('aria-rowindex'), '50002');
  });

  it('keeps the newest in view, and shows no gap while rows arrive', async () => {
    state = { ...state, held: 100 };
    await open();
    await waitForLast(99);
    await host.page.evaluate(() => {
      Reflect.set(globalThis, 'gaps', 0);
      new MutationObserver(() => {
        const gaps = document.querySelectorAll('.grid-body [aria-busy]').length;
        Reflect.set(globalThis, 'gaps', Number(Reflect.get(globalThis, 'gaps')) + gaps);
      }).observe(document.body, { childList: true, subtree: true, attributes: true });
    });
    for (const held of [103, 150, 400]) {
      await arrive({ held });
      await waitForLast(held - 1);
    }
    await becomes(() => host.page.evaluate(() => Number(Reflect.get(globalThis, 'gaps'))), 0);
    await becomes(() => counts(), '400 of 400 received are held, 100,000 at most');
  });

  it('lets nobody lose a scroll to a state that comes in the same frame', async () => {
    state = { ...state, held: 1000 };
    await open();
    await waitForLast(999);
    const told = { kind: 'event', event: 'state', data: { ...state, first: 10, held: 990 } };
    await host.page.evaluate(async (message) => {
      await new Promise(requestAnimationFrame);
      document.querySelector('.grid')?.scrollTo({ top: 4800, behavior: 'instant' });
      window.postMessage(message, '*');
    }, told);
    await becomes(() => counts(), '990 of 1,000 received are held, 100,000 at most');
    await waitFor('row 200 at the top', async () => (await inView())[0] === 200);
    await arrive({ first: 10, held: 1050 });
    await button('Jump to Newest (60)').waitFor();
  });

  it('stops following when scrolled up, counts what came, and jumps back', async () => {
    state = { ...state, held: 1000 };
    await open();
    await waitForLast(999);
    await scrollTo(100 * 24);
    await waitFor('row 100 at the top', async () => (await inView())[0] === 100);
    await arrive({ held: 1250 });
    await button('Jump to Newest (250)').waitFor();
    assert.equal((await inView())[0], 100);
    await becomes(() => button('Follow Newest').getAttribute('aria-pressed'), 'false');
    await button('Jump to Newest (250)').click();
    await waitForLast(1249);
    await becomes(() => button(/Jump to Newest/).count(), 0);
    await arrive({ held: 1300 });
    await waitForLast(1299);
    await scrollTo(0);
    await waitFor('the first row', async () => (await inView())[0] === 0);
    await scrollTo(1e7);
    await waitForLast(1299);
    await arrive({ held: 1301 });
    await waitForLast(1300);
  });

  it('holds the rows in view where they are while older ones fall out', async () => {
    state = { ...state, held: 1000, capacity: 1000 };
    await open();
    await waitForLast(999);
    await scrollTo(500 * 24);
    await waitFor('row 500 at the top', async () => (await inView())[0] === 500);
    await arrive({ first: 300, held: 1000 });
    await button('Jump to Newest (300)').waitFor();
    await waitFor('row 500 still at the top', async () => (await inView())[0] === 500);
    await becomes(() => counts(), '1,000 of 1,300 received are held, 1,000 at most');
    // They fell out too: the oldest that are held take their place.
    await arrive({ first: 5000, held: 1000 });
    await waitFor('the oldest row at the top', async () => (await inView())[0] === 5000);
    await loaded();
  });

  it('pauses, resumes and clears', async () => {
    state = { ...state, held: 10 };
    await open();
    await button('Pause').click();
    await button('Resume').waitFor();
    await becomes(() => host.page.getByRole('status').innerText(), 'Paused');
    await button('Resume').click();
    await button('Pause').waitFor();
    await button('Clear').click();
    await host.page.waitForSelector('.empty');
    assert.match(await host.page.locator('.empty').innerText(), /Waiting for new messages of Orders\./);
    await becomes(() => counts(), '0 of 10 received are held, 100,000 at most');
    assert.deepEqual(
      host.calls.map(({ method }) => method).filter((method) => method !== 'rows'),
      ['ready', 'pause', 'resume', 'clear'],
    );
    await arrive({ held: 2 });
    await waitForLast(11);
    await loaded();
    await becomes(() => inView(), [10, 11]);
  });

  it('says what it waits for and offers to send', async () => {
    state = { ...state, reading: false };
    await open();
    assert.match(await host.page.locator('.empty').innerText(), /^Finding the queues of Orders…/);
    await arrive({ reading: true });
    await host.page.getByText('Waiting for new messages of Orders.').waitFor();
    assert.match(await host.page.locator('.empty').innerText(), /Waiting for new messages of Orders\./);
    await button('Send a Message').click();
    await waitFor('the call', () => host.paramsOf('openSend').length === 1);
  });

  it('opens the whole message by click; Escape closes it and gives the focus back', async () => {
    state = { ...state, held: 100 };
    await open();
    await waitForLast(99);
    await host.page.locator('[data-number="95"]').click();
    await host.page.waitForSelector('.detail');
    await becomes(() => focused(), 'detail-title');
    await becomes(() => host.page.locator('#detail-title').innerText(), 'broker-a, queue 3, offset 1095');
    await becomes(() => host.page.locator('.detail pre').innerText(), '{\n  "id": 95\n}');
    assert.deepEqual(await host.page.locator('.detail-properties tbody tr').allInnerTexts(), [
      'KEYS\tkey-95',
      'region\teu',
    ]);
    await becomes(() => host.page.locator('[data-number="95"]').getAttribute('aria-selected'), 'true');
    await button('Copy Message id').click();
    await button('Copy Body').click();
    await button('Open in Editor').click();
    await waitFor('the calls', () => host.paramsOf('openInEditor').length === 1);
    assert.deepEqual(host.paramsOf('copy'), [{ text: 'ID95' }]);
    assert.deepEqual(host.paramsOf('copyBody'), [{ number: 95 }]);
    assert.deepEqual(host.paramsOf('openInEditor'), [{ number: 95 }]);
    await host.page.keyboard.press('Escape');
    await host.page.waitForSelector('.detail', { state: 'detached' });
    await waitFor('the focus on the row', async () => (await focused()) === 95);
  });

  it('says how much of a long body stands there', async () => {
    state = { ...state, held: 1 };
    await open({
      message: ({ number }) => ({
        ...whole(number),
        bodyFormat: 'hex',
        body: '00000000  00 01',
        sizeBytes: 4 * 1024 * 1024,
        shownBytes: 65_536,
        bodyProblem: 'It cannot be decompressed.',
      }),
    });
    await host.page.locator('[data-number="0"]').click();
    await host.page.locator('.detail', { hasText: 'It cannot be decompressed.' }).waitFor();
    const shown = await host.page.locator('.detail').innerText();
    assert.match(shown, /Body: binary, 4 MiB/);
    assert.match(shown, /The first 64 KiB of 4 MiB stand here; Open in Editor shows all\./);
    assert.match(shown, /It cannot be decompressed\./);
  });

  it('is walked by keys', async () => {
    state = { ...state, held: 1000 };
    await open();
    await waitForLast(999);
    await host.page.locator('.grid-body [tabindex="0"]').focus();
    await becomes(() => focused(), 999);
    const walk: [string, number][] = [
      ['ArrowUp', 998],
      ['ArrowUp', 997],
      ['ArrowDown', 998],
      ['Home', 0],
      ['ArrowUp', 0],
      ['ArrowDown', 1],
      ['End', 999],
    ];
    for (const [key, number] of walk) {
      await host.page.keyboard.press(key);
      await waitFor(`${key} to lead to ${number}`, async () => (await focused()) === number, {
        details: async () => `focus on ${String(await focused())}`,
      });
      await waitFor('the row in view', async () => (await inView()).includes(number));
    }
    const page = (await inView()).length;
    await host.page.keyboard.press('PageUp');
    const target = 999 - (page - 1);
    await waitFor('a page up', async () => (await focused()) === target);
    await waitFor('the row in view', async () => (await inView()).includes(target));
    await becomes(() => host.page.locator('.grid-body [tabindex="0"]').count(), 1);
    await host.page.keyboard.press('Enter');
    await host.page.waitForSelector('.detail');
    assert.deepEqual(host.paramsOf('message'), [{ number: target }]);
  });

  it('keeps the focus in the list when its row scrolls out of view or falls out', async () => {
    state = { ...state, held: 1000 };
    await open();
    await waitForLast(999);
    await host.page.locator('[data-number="998"]').focus();
    await arrive({ held: 2000 });
    await waitForLast(1999);
    await becomes(() => focused(), 998);
    await arrive({ first: 1500, held: 1000 });
    await waitForLast(2499);
    await becomes(() => focused(), 2499);
  });

  it('tells a problem of the tail and an error of a call', async () => {
    state = { ...state, held: 3 };
    await open({
      message: () => {
        throw problem('This message has left the view.');
      },
    });
    await arrive({ problem: 'broker-a does not answer. Trying again.' });
    await host.page.getByText('broker-a does not answer. Trying again.').waitFor();
    await host.page.locator('[data-number="1"]').click();
    await host.page.getByText('This message has left the view.').waitFor();
    await becomes(() => host.page.locator('[role=alert] .notice').count(), 2);
    await arrive({ problem: undefined });
    await host.page.getByText('broker-a does not answer.').waitFor({ state: 'detached' });
  });

  it('comes back as it was left: place and open message', async () => {
    state = { ...state, held: 1000 };
    await open();
    await waitForLast(999);
    await scrollTo(200 * 24);
    await waitFor('row 200 at the top', async () => (await inView())[0] === 200);
    await loaded();
    await host.page.locator('[data-number="205"]').click();
    await host.page.waitForSelector('.detail');
    await host.page.reload();
    await host.page.waitForSelector('.detail');
    await waitFor('row 200 at the top', async () => (await inView())[0] === 200);
    await becomes(() => host.page.locator('[data-number="205"]').getAttribute('aria-selected'), 'true');
    await becomes(() => button('Follow Newest').getAttribute('aria-pressed'), 'false');
  });

  it('has one request for rows under way at a time', async () => {
    let underWay = 0;
    let most = 0;
    const gate = new Deferred<void>();
    state = { ...state, held: 100 };
    await open({
      rows: async ({ first, limit }) => {
        underWay += 1;
        most = Math.max(most, underWay);
        if (first > 90) await gate.promise;
        underWay -= 1;
        return Array.from({ length: limit }, (_, index) => row(first + index));
      },
    });
    await waitForLast(99);
    await arrive({ held: 200 });
    await arrive({ held: 300 });
    await arrive({ held: 400 });
    gate.resolve();
    await waitForLast(399);
    assert.equal(most, 1);
  });

  it('shows queue, offset and what fits of long names side by side at 800 pixels', async () => {
    state = { ...state, held: 1 };
    await open(
      {
        rows: () => [
          {
            ...row(0),
            brokerName: 'broker-of-the-orders-in-frankfurt',
            queueId: 15,
            offset: 12_345_678_901,
            tag: 'a-tag-that-is-longer-than-its-column',
            keys: 'key-1 key-2 key-3 a-key-that-is-longer-than-its-column',
          },
        ],
      },
      { width: 800 },
    );
    await loaded();
    const cells = await host.page.locator('[data-number="0"] [role=gridcell]').evaluateAll((elements) =>
      elements.map((element) => {
        // The text at the end: the queue's number, the whole of an offset.
        const end = document.createRange();
        end.selectNode(element.lastChild ?? element);
        const { left, right } = element.getBoundingClientRect();
        return { left, right, overflow: getComputedStyle(element).overflow, ends: end.getBoundingClientRect().right };
      }),
    );
    for (const [index, cell] of cells.entries()) {
      assert.equal(cell.overflow, 'hidden');
      if (index > 0) assert.ok(cell.left > cells[index - 1]!.right, `column ${index}`);
    }
    assert.ok(cells.at(-1)!.right <= 800, 'the body begins in sight');
    for (const index of [1, 2])
      assert.ok(cells[index]!.ends <= cells[index]!.right + 0.5, JSON.stringify(cells[index]));
    await host.screenshot('tail-long-names');
  });

  it('tells the pressed button from the others where themes have no colours for it', async () => {
    state = { ...state, held: 3 };
    await open({}, { theme: 'highContrast' });
    const outlines = () =>
      host.page.locator('.toolbar vscode-button').evaluateAll((buttons) =>
        buttons.map((element) => {
          const control = element.shadowRoot?.querySelector('[part=control]');
          return control ? getComputedStyle(control).outline : 'no control';
        }),
      );
    const [pause, clear, pressed] = await outlines();
    assert.equal(pressed, 'rgb(243, 133, 24) dashed 2px');
    assert.notEqual(pause, pressed);
    assert.equal(clear, pause);
    await button('Follow Newest').click();
    await button('Pause').focus();
    await becomes(async () => (await outlines())[2], clear);
  });

  it('that came back with the window asks before it joins its group, and says what a group does', async () => {
    state = { ...state, group: 'my-group', waitsToJoin: true, reading: false };
    await open();
    const shown = () => host.page.locator('.empty').innerText();
    assert.match(
      await shown(),
      /^This tail came back with the window\. It has not joined the group my-group again\.\s+Messages show here as the group my-group receives them, and are acknowledged: other members/,
    );
    await becomes(() => host.page.locator('.empty p').first().getAttribute('role'), 'status');
    assert.deepEqual(host.paramsOf('join'), []);
    const join = button('Join the Group and Go On');
    await join.focus();
    await host.page.keyboard.press('Enter');
    await host.page.getByText('Waiting for new messages of Orders.').waitFor();
    assert.equal(host.paramsOf('join').length, 1);
    await becomes(() => join.count(), 0);
    await becomes(() => host.page.locator('.tail-page > [role=status]').innerText(), 'Joined');
    assert.doesNotMatch(await shown(), /joins no consumer group/);
  });

  it('speaks Chinese with the Chinese bundle', async () => {
    const file = path.join(repository, 'media', 'l10n', 'bundle.l10n.zh-cn.json');
    const l10nBundle = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    await open({}, { language: 'zh-cn', l10nBundle });
    const shown = await host.page.locator('.empty').innerText();
    assert.match(shown, /\p{Script=Han}/u);
    assert.ok(shown.includes(l10nBundle['Waiting for new messages of {0}.']!.replace('{0}', 'Orders')));
  });

  for (const theme of Object.keys(THEMES) as ThemeName[]) {
    it(`can be used by all in the ${theme} theme`, async () => {
      await open({}, { theme, width: 1100 });
      assert.deepEqual(await accessibilityViolations(host.page), []);
      await host.screenshot(`tail-empty-${theme}`);
      await arrive({ group: 'my-group', waitsToJoin: true });
      await button('Join the Group and Go On').waitFor();
      await host.screenshot(`tail-restored-${theme}`);
      assert.deepEqual(await accessibilityViolations(host.page), []);
      await arrive({ group: undefined, waitsToJoin: false });
      await arrive({ first: 2300, held: 10_000, capacity: 10_000 });
      await waitForLast(12_299);
      await loaded();
      assert.deepEqual(await accessibilityViolations(host.page), []);
      await host.page.locator('[data-number="12290"]').click();
      await host.page.waitForSelector('.detail');
      await host.page.keyboard.press('Escape');
      await host.page.waitForSelector('.detail', { state: 'detached' });
      await waitFor('the focus on the row', async () => (await focused()) === 12_290);
      await host.page.keyboard.press('Enter');
      await host.page.waitForSelector('.detail');
      await scrollTo(0);
      await waitFor('the first row at the top', async () => (await inView())[0] === 2300);
      await arrive({ first: 2400, problem: 'broker-a does not answer. Trying again.' });
      await button('Jump to Newest (100)').waitFor();
      await loaded();
      await host.screenshot(`tail-${theme}`);
      assert.deepEqual(await accessibilityViolations(host.page), []);
      await host.page.setViewportSize({ width: 600, height: 700 });
      await host.screenshot(`tail-narrow-${theme}`);
      assert.deepEqual(await accessibilityViolations(host.page), []);
    });
  }
});
