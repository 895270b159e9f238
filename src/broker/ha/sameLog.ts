import { RequestCode } from '../../protocol/codes.ts';
import { encodeFields } from '../../protocol/fields.ts';
import { viewMessage } from '../../protocol/requests/query.ts';
import type { MessageStore } from '../store/messageStore.ts';
import type { MasterBroker } from './masterBroker.ts';

/**
 * A slave whose newest message the master has not, at the same place and with the same bytes, would take over what does
 * not belong behind it: as when the master lost its directory, or the slave was a master for a while. Apache's slaves do
 * not look. @throws Error with the reason
 */
export async function checkSameLog(
  store: Pick<MessageStore, 'lastRecord' | 'maxPhysicalOffset'>,
  master: MasterBroker,
): Promise<void> {
  const last = await store.lastRecord();
  if (last === undefined) return;
  const answer = await master.ask({
    code: RequestCode.VIEW_MESSAGE_BY_ID,
    extFields: encodeFields(viewMessage, { offset: last.physicalOffset }),
  });
  if (answer.code === 0 && answer.body.equals(last.bytes)) return;
  throw new Error(
    `THE LOGS DIFFER: the newest message here, at ${last.physicalOffset} of ${store.maxPhysicalOffset}, is not in the log of ` +
      `${master.address ?? ''}. One of the two has what the other never had: keep what is wanted, and let this slave begin with an empty store`,
  );
}
