import assert from 'node:assert/strict';

import { Deferred } from '../../src/base/deferred.ts';
import { waitFor } from '../support/waitFor.ts';
import { becomes } from './becomes.ts';
import { row, useTailPage } from './useTailPage.ts';

describe('tail page: the rows in view', function () {
  this.timeout(30_000);
  const tail = useTailPage();
  const { open, arrive, loaded, inView, waitForLast, scrollTo, counts, button } = tail;

  it('holds few rows in the DOM of 100 000, and asks for those in view', async () => {
    tail.state = { ...tail.state, held: 100_000 };
    await open();
    await waitForLast(99_999);
    assert.ok((await tail.host.page.locator('.grid-body [role=row]').count()) < 60);
    await becomes(() => tail.host.page.getByRole('grid').getAttribute('aria-rowcount'), '100001');
    const before = tail.host.paramsOf('rows').length;
    await scrollTo(50_000 * 24);
    await waitFor('the rows in the middle', async () => (await inView())[0] === 50_000);
    await loaded();
    const visible = await inView();
    const asked = tail.host.paramsOf('rows').slice(before) as { first: number; limit: number }[];
    assert.equal(asked.length, 1);
    assert.ok(asked[0]!.first <= 50_000 && asked[0]!.first > 49_980, JSON.stringify(asked));
    assert.ok(asked[0]!.first + asked[0]!.limit > visible.at(-1)!);
    assert.ok(asked[0]!.limit < visible.length + 20, JSON.stringify(asked));
    const cells = await tail.host.page.locator('[data-number="50000"] [role=gridcell]').allInnerTexts();
    assert.deepEqual(cells.slice(1), [
      'broker-a · 0',
      '51000',
      'even',
      'key-50000',
      '{"id":50000,"note":"body of message 50000"}',
    ]);
    assert.match(cells[0]!, /\d\d:\d\d:50\.000$/);
    await becomes(() => tail.host.page.locator('[data-number="50000"]').getAttribute('aria-rowindex'), '50002');
  });

  it('keeps the newest in view, and shows no gap while rows arrive', async () => {
    tail.state = { ...tail.state, held: 100 };
    await open();
    await waitForLast(99);
    await tail.host.page.evaluate(() => {
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
    await becomes(() => tail.host.page.evaluate(() => Number(Reflect.get(globalThis, 'gaps'))), 0);
    await becomes(() => counts(), '400 of 400 received are held, 100,000 at most');
  });

  it('lets nobody lose a scroll to a state that comes in the same frame', async () => {
    tail.state = { ...tail.state, held: 1000 };
    await open();
    await waitForLast(999);
    const told = { kind: 'event', event: 'state', data: { ...tail.state, first: 10, held: 990 } };
    await tail.host.page.evaluate(async (message) => {
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
    tail.state = { ...tail.state, held: 1000 };
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
    tail.state = { ...tail.state, held: 1000, capacity: 1000 };
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

  it('has one request for rows under way at a time', async () => {
    let underWay = 0;
    let most = 0;
    const gate = new Deferred<void>();
    tail.state = { ...tail.state, held: 100 };
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

  it('comes back as it was left: place and open message', async () => {
    tail.state = { ...tail.state, held: 1000 };
    await open();
    await waitForLast(999);
    await scrollTo(200 * 24);
    await waitFor('row 200 at the top', async () => (await inView())[0] === 200);
    await loaded();
    await tail.host.page.locator('[data-number="205"]').click();
    await tail.host.page.waitForSelector('.detail');
    await tail.host.page.reload();
    await tail.host.page.waitForSelector('.detail');
    await waitFor('row 200 at the top', async () => (await inView())[0] === 200);
    await becomes(() => tail.host.page.locator('[data-number="205"]').getAttribute('aria-selected'), 'true');
    await becomes(() => button('Follow Newest').getAttribute('aria-pressed'), 'false');
  });
});
