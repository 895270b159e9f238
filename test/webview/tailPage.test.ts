import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { repository } from '../support/repository.ts';
import { accessibilityViolations } from '../support/vscodeHost/accessibility.ts';
import { waitFor } from '../support/waitFor.ts';
import { becomes } from './becomes.ts';
import { problem } from './fakeHost.ts';
import { THEMES } from './themes.ts';
import type { ThemeName } from './themes.ts';
import { row, useTailPage } from './useTailPage.ts';

describe('tail page', function () {
  this.timeout(30_000);
  const tail = useTailPage();
  const { open, arrive, loaded, inView, waitForLast, focused, scrollTo, counts, button } = tail;

  it('pauses, resumes and clears', async () => {
    tail.state = { ...tail.state, held: 10 };
    await open();
    await button('Pause').click();
    await button('Resume').waitFor();
    await becomes(() => tail.host.page.getByRole('status').innerText(), 'Paused');
    await button('Resume').click();
    await button('Pause').waitFor();
    await button('Clear').click();
    await tail.host.page.waitForSelector('.empty');
    assert.match(await tail.host.page.locator('.empty').innerText(), /Waiting for new messages of Orders\./);
    await becomes(() => counts(), '0 of 10 received are held, 100,000 at most');
    assert.deepEqual(
      tail.host.calls.map(({ method }) => method).filter((method) => method !== 'rows'),
      ['ready', 'pause', 'resume', 'clear'],
    );
    await arrive({ held: 2 });
    await waitForLast(11);
    await loaded();
    await becomes(() => inView(), [10, 11]);
  });

  it('says what it waits for and offers to send', async () => {
    tail.state = { ...tail.state, reading: false };
    await open();
    assert.match(await tail.host.page.locator('.empty').innerText(), /^Finding the queues of Orders…/);
    await arrive({ reading: true });
    await tail.host.page.getByText('Waiting for new messages of Orders.').waitFor();
    assert.match(await tail.host.page.locator('.empty').innerText(), /Waiting for new messages of Orders\./);
    await button('Send a Message').click();
    await waitFor('the call', () => tail.host.paramsOf('openSend').length === 1);
  });

  it('tells a problem of the tail and an error of a call', async () => {
    tail.state = { ...tail.state, held: 3 };
    await open({
      message: () => {
        throw problem('This message has left the view.');
      },
    });
    await arrive({ problem: 'broker-a does not answer. Trying again.' });
    await tail.host.page.getByText('broker-a does not answer. Trying again.').waitFor();
    await tail.host.page.locator('[data-number="1"]').click();
    await tail.host.page.getByText('This message has left the view.').waitFor();
    await becomes(() => tail.host.page.locator('[role=alert] .notice').count(), 2);
    await arrive({ problem: undefined });
    await tail.host.page.getByText('broker-a does not answer.').waitFor({ state: 'detached' });
  });

  it('shows queue, offset and what fits of long names side by side at 800 pixels', async () => {
    tail.state = { ...tail.state, held: 1 };
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
    const cells = await tail.host.page.locator('[data-number="0"] [role=gridcell]').evaluateAll((elements) =>
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
    await tail.host.screenshot('tail-long-names');
  });

  it('tells the pressed button from the others where themes have no colours for it', async () => {
    tail.state = { ...tail.state, held: 3 };
    await open({}, { theme: 'highContrast' });
    const outlines = () =>
      tail.host.page.locator('.toolbar vscode-button').evaluateAll((buttons) =>
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
    tail.state = { ...tail.state, group: 'my-group', waitsToJoin: true, reading: false };
    await open();
    const shown = () => tail.host.page.locator('.empty').innerText();
    assert.match(
      await shown(),
      /^This tail came back with the window\. It has not joined the group my-group again\.\s+Messages show here as the group my-group receives them, and are acknowledged: other members/,
    );
    await becomes(() => tail.host.page.locator('.empty p').first().getAttribute('role'), 'status');
    assert.deepEqual(tail.host.paramsOf('join'), []);
    const join = button('Join the Group and Go On');
    await join.focus();
    await tail.host.page.keyboard.press('Enter');
    await tail.host.page.getByText('Waiting for new messages of Orders.').waitFor();
    assert.equal(tail.host.paramsOf('join').length, 1);
    await becomes(() => join.count(), 0);
    await becomes(() => tail.host.page.locator('.tail-page > [role=status]').innerText(), 'Joined');
    assert.doesNotMatch(await shown(), /joins no consumer group/);
  });

  it('speaks Chinese with the Chinese bundle', async () => {
    const file = path.join(repository, 'media', 'l10n', 'bundle.l10n.zh-cn.json');
    const l10nBundle = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    await open({}, { language: 'zh-cn', l10nBundle });
    const shown = await tail.host.page.locator('.empty').innerText();
    assert.match(shown, /\p{Script=Han}/u);
    assert.ok(shown.includes(l10nBundle['Waiting for new messages of {0}.']!.replace('{0}', 'Orders')));
  });

  for (const theme of Object.keys(THEMES) as ThemeName[]) {
    it(`can be used by all in the ${theme} theme`, async () => {
      await open({}, { theme, width: 1100 });
      assert.deepEqual(await accessibilityViolations(tail.host.page), []);
      await tail.host.screenshot(`tail-empty-${theme}`);
      await arrive({ group: 'my-group', waitsToJoin: true });
      await button('Join the Group and Go On').waitFor();
      await tail.host.screenshot(`tail-restored-${theme}`);
      assert.deepEqual(await accessibilityViolations(tail.host.page), []);
      await arrive({ group: undefined, waitsToJoin: false });
      await arrive({ first: 2300, held: 10_000, capacity: 10_000 });
      await waitForLast(12_299);
      await loaded();
      assert.deepEqual(await accessibilityViolations(tail.host.page), []);
      await tail.host.page.locator('[data-number="12290"]').click();
      await tail.host.page.waitForSelector('.detail');
      await tail.host.page.keyboard.press('Escape');
      await tail.host.page.waitForSelector('.detail', { state: 'detached' });
      await waitFor('the focus on the row', async () => (await focused()) === 12_290);
      await tail.host.page.keyboard.press('Enter');
      await tail.host.page.waitForSelector('.detail');
      await scrollTo(0);
      await waitFor('the first row at the top', async () => (await inView())[0] === 2300);
      await arrive({ first: 2400, problem: 'broker-a does not answer. Trying again.' });
      await button('Jump to Newest (100)').waitFor();
      await loaded();
      await tail.host.screenshot(`tail-${theme}`);
      assert.deepEqual(await accessibilityViolations(tail.host.page), []);
      await tail.host.page.setViewportSize({ width: 600, height: 700 });
      await tail.host.screenshot(`tail-narrow-${theme}`);
      assert.deepEqual(await accessibilityViolations(tail.host.page), []);
    });
  }
});
