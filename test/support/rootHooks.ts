import { setTimeout as delay } from 'node:timers/promises';

/** What a test may not leave open: listeners, connections, child processes, watched files. Timers of mocha also show. */
const LEAKS =
  /^(TCPServerWrap|TCPSocketWrap|TCPConnectWrap|UDPWrap|PipeServerWrap|ProcessWrap|FSEventWrap|StatWatcher|Worker)$/;
const GRACE_MS = 5_000;

export const mochaHooks = {
  async afterAll(this: Mocha.Context): Promise<void> {
    this.timeout(GRACE_MS * 2);
    const deadlineMs = performance.now() + GRACE_MS;
    let open = openResources();
    // A closed socket is gone a moment later.
    while (open.length > 0 && performance.now() < deadlineMs) {
      await delay(20);
      open = openResources();
    }
    if (open.length > 0) throw new Error(`the tests left open: ${open.join(', ')}`);
  },
};

function openResources(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => LEAKS.test(kind));
}
