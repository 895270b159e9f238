import type { SendDraft } from '../../src/contract/sendForm.ts';

const QUIET_MS = 300;

/** Gives the draft to the host when typing has paused. The page's own state, kept on every change, bridges the gap. */
export class DraftKeeper {
  readonly #save: (draft: SendDraft) => Promise<undefined>;
  #timer: number | undefined;

  constructor(save: (draft: SendDraft) => Promise<undefined>) {
    this.#save = save;
  }

  changed(draft: SendDraft): void {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => {
      // Nothing is lost when this fails: the next change saves again, and the page's state has the draft.
      this.#save(draft).catch((error: unknown) => console.warn('the draft was not saved', error));
    }, QUIET_MS);
  }
}
