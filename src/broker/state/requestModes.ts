import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { Logger } from '../../base/logger.ts';
import { decodeRequestModes, encodeRequestModes } from '../../protocol/bodies/pop.ts';
import type { RequestMode, RequestModeTable } from '../../protocol/bodies/pop.ts';
import { ConfigFile } from './configFile.ts';

/**
 * Which groups pop a topic and which pull it, where an operator said so, kept in `config/messageRequestMode.json`.
 * Source: MessageRequestModeManager.java; broker sheet §12.5.
 */
export class RequestModes implements Disposable {
  readonly #table: RequestModeTable;
  readonly #file: ConfigFile;

  /** @throws CodedError `store-damaged` */
  constructor(options: { readonly path: string; readonly clock: Clock; readonly logger: Logger }) {
    this.#file = new ConfigFile({ ...options, content: () => this.encode() });
    this.#table = this.#file.load(decodeRequestModes) ?? new Map<string, Map<string, RequestMode>>();
  }

  find(topic: string, group: string): RequestMode | undefined {
    return this.#table.get(topic)?.get(group);
  }

  put(mode: RequestMode): void {
    const groups = this.#table.get(mode.topic);
    if (groups === undefined) this.#table.set(mode.topic, new Map([[mode.consumerGroup, mode]]));
    else groups.set(mode.consumerGroup, mode);
    this.#file.save();
  }

  /** All that another broker was told, given as `encode` gives it. */
  takeOver(content: Buffer): void {
    const table = decodeRequestModes(content);
    if (content.equals(this.encode())) return;
    this.#table.clear();
    for (const [topic, groups] of table) this.#table.set(topic, groups);
    this.#file.save();
  }

  encode(): Buffer {
    return encodeRequestModes(this.#table);
  }

  dispose(): void {
    this.#file.dispose();
  }
}
