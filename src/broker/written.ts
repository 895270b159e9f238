import { asError } from '../base/errors.ts';
import type { BrokerContext } from './brokerContext.ts';

/** Resolves when everything staged so far is in the files: no answer may tell of it before. Rejects when it was refused. */
export function written({ store }: BrokerContext): Promise<void> {
  if (!store.isWriting) return Promise.resolve();
  return new Promise((resolve, reject) => {
    store.whenWritten((error) => {
      if (error === undefined) resolve();
      else reject(asError(error));
    });
  });
}
