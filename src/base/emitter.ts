import type { Disposable } from './disposable.ts';

/** Subscribes until the returned object is disposed. */
export type Event<T> = (listener: (value: T) => void) => Disposable;

export class Emitter<T> implements Disposable {
  #listeners = new Set<(value: T) => void>();
  /** The same, for `fire`; made anew after a change. */
  #snapshot: readonly ((value: T) => void)[] | undefined;

  readonly event: Event<T> = (listener) => {
    this.#listeners.add(listener);
    this.#snapshot = undefined;
    return {
      dispose: () => {
        this.#listeners.delete(listener);
        this.#snapshot = undefined;
      },
    };
  };

  /** Listeners are called in order of subscription, all of them; then the first error that one threw reaches the caller. */
  fire(value: T): void {
    this.#snapshot ??= [...this.#listeners];
    let failure: { readonly error: unknown } | undefined;
    for (const listener of this.#snapshot) {
      try {
        listener(value);
      } catch (error) {
        failure ??= { error };
      }
    }
    if (failure !== undefined) throw failure.error;
  }

  dispose(): void {
    this.#listeners.clear();
    this.#snapshot = undefined;
  }
}
