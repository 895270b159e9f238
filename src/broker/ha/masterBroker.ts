import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { CodedError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { Credentials } from '../../protocol/acl.ts';
import { responseCodeName } from '../../protocol/codes.ts';
import { LANGUAGE } from '../../protocol/command.ts';
import type { RemotingCommand, RequestParts } from '../../protocol/command.ts';
import type { Connection } from '../../remoting/connection.ts';
import { dial } from '../../remoting/dial.ts';
import type { ClientTls } from '../../remoting/dial.ts';

const TIMEOUT_MS = 3000;

export interface MasterBrokerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Signs what the master is asked. */
  readonly credentials?: Credentials | undefined;
  readonly tls?: ClientTls | undefined;
}

/** The master, as a broker that can be asked. */
export class MasterBroker implements Disposable {
  readonly #options: MasterBrokerOptions;
  #connection: Connection | undefined;
  #address: string | undefined;

  constructor(options: MasterBrokerOptions) {
    this.#options = options;
  }

  /** `host:port`; undefined while nobody knows it. */
  get address(): string | undefined {
    return this.#address;
  }

  set address(address: string | undefined) {
    if (address === this.#address) return;
    this.#address = address;
    this.dispose();
  }

  /** @throws CodedError as `dial`, `request-timeout`, `connection-closed` */
  async ask(parts: RequestParts): Promise<RemotingCommand> {
    const address = this.#address;
    if (address === undefined) throw new CodedError('no-broker', { nameServers: '' });
    if (this.#connection?.isOpen !== true) {
      const connection = await dial(address, { ...this.#options, timeoutMs: TIMEOUT_MS, language: LANGUAGE });
      this.#connection?.dispose();
      this.#connection = connection;
    }
    return await this.#connection.request(parts, TIMEOUT_MS);
  }

  /** The same; what is no success is thrown. @throws CodedError `response-error` */
  async tell(parts: RequestParts): Promise<RemotingCommand> {
    const answer = await this.ask(parts);
    if (answer.code === 0) return answer;
    throw new CodedError('response-error', {
      address: this.#address ?? '',
      requestCode: parts.code,
      responseCode: responseCodeName(answer.code),
      remark: answer.remark ?? '',
    });
  }

  dispose(): void {
    this.#connection?.dispose();
    this.#connection = undefined;
  }
}
