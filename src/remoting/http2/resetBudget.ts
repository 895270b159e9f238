import type { Clock } from '../../base/clock.ts';
import { Http2Code, Http2Error } from '../../protocol/http2/http2Code.ts';

/** So many streams may end at once before their time, and so many more each second. Source: nghttp2, its own limits. */
const BURST = 1000;
const A_SECOND = 33;

/** Who begins streams only to end them costs work, and no limit of open streams bounds it (CVE-2023-44487). */
export class ResetBudget {
  readonly #clock: Clock;
  #left = BURST;
  #sinceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.now();
  }

  /** @throws Http2Error ENHANCE_YOUR_CALM */
  spend(): void {
    const nowMs = this.#clock.now();
    // A clock that was set back takes nothing away.
    const passedMs = Math.max(0, nowMs - this.#sinceMs);
    this.#left = Math.min(BURST, this.#left + (passedMs / 1000) * A_SECOND);
    this.#sinceMs = nowMs;
    if (this.#left < 1) throw new Http2Error(Http2Code.ENHANCE_YOUR_CALM, 'too many streams end before their time');
    this.#left -= 1;
  }
}
