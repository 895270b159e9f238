import { decodeFields } from '../../../protocol/fields.ts';
import { RequestCode } from '../../../protocol/codes.ts';
import type { RemotingCommand } from '../../../protocol/command.ts';
import { pullMessage } from '../../../protocol/requests/pull.ts';

/** Queues of groups whose last pull is known; of more the oldest are forgotten. */
const MAX_QUEUES = 10_000;

/** Where each group began its last two pulls of a queue: what lies between them was its last batch. */
export class LastBatches {
  readonly #begins = new Map<string, number>();

  /** The same pull once more from where the last batch began; undefined when there was none. */
  again(command: RemotingCommand): RemotingCommand | undefined {
    const at = placeOf(command);
    if (at === undefined) return undefined;
    const from = this.#begins.get(at.key);
    this.#begins.delete(at.key);
    this.#begins.set(at.key, at.offset);
    if (this.#begins.size > MAX_QUEUES) for (const oldest of this.#begins.keys()) return this.#forget(oldest);
    if (from === undefined || from >= at.offset) return undefined;
    return { ...command, extFields: { ...command.extFields, queueOffset: String(from) } };
  }

  #forget(key: string): undefined {
    this.#begins.delete(key);
  }
}

function placeOf(command: RemotingCommand): { readonly key: string; readonly offset: number } | undefined {
  if (command.code !== RequestCode.PULL_MESSAGE && command.code !== RequestCode.LITE_PULL_MESSAGE) return undefined;
  try {
    const { topic, consumerGroup, queueId, queueOffset } = decodeFields(pullMessage, command.extFields);
    return { key: `${consumerGroup}@${topic}@${queueId}`, offset: queueOffset };
  } catch {
    // Its handler says what is wrong with it.
    return undefined;
  }
}
