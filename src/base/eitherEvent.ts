import type { Event } from './emitter.ts';

/** What either tells. */
export function eitherEvent<T>(a: Event<T>, b: Event<T>): Event<T> {
  return (listener) => {
    const both = [a(listener), b(listener)];
    return { dispose: () => both.forEach((subscription) => subscription.dispose()) };
  };
}
