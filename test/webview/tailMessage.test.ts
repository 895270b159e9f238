import assert from 'node:assert/strict';

import { Deferred } from '../../src/base/deferred.ts';
import { waitFor } from '../support/waitFor.ts';
import { becomes } from './becomes.ts';
import { useTailPage, whole } from './useTailPage.ts';

describe('tail page: one message, and the keys', function () {
  this.timeout(30_000);
  const tail = useTailPage();
  const { open, arrive, inView, waitForLast, focused, button } = tail;

  it('opens the whole message by click; Escape closes it and gives the focus back', async () => {
    tail.state = { ...tail.state, held: 100 };
    await open();
    await waitForLast(99);
    await tail.host.page.locator('[data-number="95"]').click();
    await tail.host.page.waitForSelector('.detail');
    await becomes(() => focused(), 'detail-title');
    await becomes(() => tail.host.page.locator('#detail-title').innerText(), 'broker-a, queue 3, offset 1095');
    await becomes(() => tail.host.page.locator('.detail pre').innerText(), '{\n  "id": 95\n}');
    assert.deepEqual(await tail.host.page.locator('.detail-properties tbody tr').allInnerTexts(), [
      'KEYS\tkey-95',
      'region\teu',
    ]);
    await becomes(() => tail.host.page.locator('[data-number="95"]').getAttribute('aria-selected'), 'true');
    await button('Copy Message id').click();
    await button('Copy Body').click();
    await button('Open in Editor').click();
    await waitFor('the calls', () => tail.host.paramsOf('openInEditor').length === 1);
    assert.deepEqual(tail.host.paramsOf('copy'), [{ text: 'ID95' }]);
    assert.deepEqual(tail.host.paramsOf('copyBody'), [{ number: 95 }]);
    assert.deepEqual(tail.host.paramsOf('openInEditor'), [{ number: 95 }]);
    await tail.host.page.keyboard.press('Escape');
    await tail.host.page.waitForSelector('.detail', { state: 'detached' });
    await waitFor('the focus on the row', async () => (await focused()) === 95);
  });

  it('shows the message that was opened last, however late the others come', async () => {
    tail.state = { ...tail.state, held: 100 };
    const answers = new Map<number, Deferred<void>>();
    const answer = (number: number) => answers.get(number)!.resolve();
    await open({
      message: async ({ number }) => {
        const gate = new Deferred<void>();
        answers.set(number, gate);
        await gate.promise;
        return whole(number);
      },
    });
    await waitForLast(99);
    for (const number of [95, 97]) {
      await tail.host.page.locator(`[data-number="${number}"]`).click();
      await waitFor('the call', () => answers.has(number));
    }
    answer(97);
    await becomes(() => tail.host.page.locator('#detail-title').innerText(), 'broker-a, queue 1, offset 1097');
    answer(95);
    // Messages of the host are taken in their order: with this one the page has the answer before it.
    await arrive({ problem: 'broker-a does not answer.' });
    await tail.host.page.getByText('broker-a does not answer.').waitFor();
    await becomes(() => tail.host.page.locator('#detail-title').innerText(), 'broker-a, queue 1, offset 1097');
    await tail.host.page.locator('[data-number="96"]').click();
    await waitFor('the call', () => answers.has(96));
    await button('Clear').click();
    await tail.host.page.waitForSelector('.empty');
    answer(96);
    await arrive({ problem: undefined });
    await tail.host.page.getByText('broker-a does not answer.').waitFor({ state: 'detached' });
    await becomes(() => tail.host.page.locator('.detail').count(), 0);
  });

  it('says how much of a long body stands there', async () => {
    tail.state = { ...tail.state, held: 1 };
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
    await tail.host.page.locator('[data-number="0"]').click();
    await tail.host.page.locator('.detail', { hasText: 'It cannot be decompressed.' }).waitFor();
    const shown = await tail.host.page.locator('.detail').innerText();
    assert.match(shown, /Body: binary, 4 MiB/);
    assert.match(shown, /The first 64 KiB of 4 MiB stand here; Open in Editor shows all\./);
    assert.match(shown, /It cannot be decompressed\./);
  });

  it('is walked by keys', async () => {
    tail.state = { ...tail.state, held: 1000 };
    await open();
    await waitForLast(999);
    await tail.host.page.locator('.grid-body [tabindex="0"]').focus();
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
      await tail.host.page.keyboard.press(key);
      await waitFor(`${key} to lead to ${number}`, async () => (await focused()) === number, {
        details: async () => `focus on ${String(await focused())}`,
      });
      await waitFor('the row in view', async () => (await inView()).includes(number));
    }
    const page = (await inView()).length;
    await tail.host.page.keyboard.press('PageUp');
    const target = 999 - (page - 1);
    await waitFor('a page up', async () => (await focused()) === target);
    await waitFor('the row in view', async () => (await inView()).includes(target));
    await becomes(() => tail.host.page.locator('.grid-body [tabindex="0"]').count(), 1);
    await tail.host.page.keyboard.press('Enter');
    await tail.host.page.waitForSelector('.detail');
    assert.deepEqual(tail.host.paramsOf('message'), [{ number: target }]);
  });

  it('keeps the focus in the list when its row scrolls out of view or falls out', async () => {
    tail.state = { ...tail.state, held: 1000 };
    await open();
    await waitForLast(999);
    await tail.host.page.locator('[data-number="998"]').focus();
    await arrive({ held: 2000 });
    await waitForLast(1999);
    await becomes(() => focused(), 998);
    await arrive({ first: 1500, held: 1000 });
    await waitForLast(2499);
    await becomes(() => focused(), 2499);
  });
});
