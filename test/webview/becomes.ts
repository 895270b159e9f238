import { inspect, isDeepStrictEqual } from 'node:util';

import { waitFor } from '../support/waitFor.ts';

/** What a page shows, and where its focus is, follows what was done to it a moment later. */
export async function becomes<T>(read: () => Promise<T>, expected: NoInfer<T> | undefined): Promise<void> {
  let last: T | undefined;
  await waitFor(
    `the page to show ${inspect(expected)}`,
    async () => {
      last = await read();
      return isDeepStrictEqual(last, expected);
    },
    { pollMs: 10, details: () => `it shows ${inspect(last)}` },
  );
}
