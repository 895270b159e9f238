import type { Clock } from '../../base/clock.ts';
import { DisposableStore } from '../../base/disposable.ts';
import type { Disposable } from '../../base/disposable.ts';
import { Emitter } from '../../base/emitter.ts';
import { CodedError, errorText } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { ControlAccess, FaultKind, SetFault } from '../../broker/control.ts';
import type { LocalBroker } from '../localBroker.ts';
import type { askControl } from './askControl.ts';

/** What `POST /faults` takes. */
export interface FaultWish extends FaultTarget {
  readonly kind: FaultKind;
  readonly topic?: string;
  readonly group?: string;
  readonly clientId?: string;
  readonly probability?: number;
  readonly count?: number;
  readonly forMs?: number;
  readonly ms?: number;
  readonly code?: string;
  readonly version?: string;
}

/** Which requests; all of the broker where nothing is said. */
export interface FaultTarget {
  readonly server?: 'nameServer' | 'grpc';
  /** A name or a number of a request code. */
  readonly request?: string;
  readonly rpc?: string;
}

export interface LocalFaultsOptions {
  readonly localBroker: Pick<LocalBroker, 'state' | 'onDidChangeState'>;
  readonly ask: typeof askControl;
  readonly clock: Clock;
  readonly logger: Logger;
}

const POLL_MS = 2_000;

/** The faults that are set for the local broker of this window, by whomever. */
export class LocalFaults implements Disposable {
  readonly #options: LocalFaultsOptions;
  readonly #store = new DisposableStore();
  readonly #changes = this.#store.add(new Emitter<undefined>());
  readonly onDidChange = this.#changes.event;
  #list: readonly SetFault[] = [];
  #live = 0;
  #looking: Promise<void> | undefined;
  #isOutdated = false;
  #poll: Disposable | undefined;

  constructor(options: LocalFaultsOptions) {
    this.#options = options;
    this.#store.add(options.localBroker.onDidChangeState(() => this.#brokerChanged()));
  }

  /** In the order in which they were set, also those that strike no more. */
  get list(): readonly SetFault[] {
    return this.#list;
  }

  /** How many can strike. */
  get live(): number {
    return this.#live;
  }

  /** Whether there is one to clear. */
  get isAny(): boolean {
    return this.#live > 0 || this.#list.length > 0;
  }

  /** Asks what is set; whoever asks while that is under way gets what is true afterwards. */
  look(): Promise<void> {
    this.#isOutdated = true;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
      // Somebody may have asked since the last answer, or behind one that failed.
      return this.#isOutdated ? this.look() : undefined;
    });
    return this.#looking;
  }

  /** Asks now and then how often they struck, while somebody looks. */
  watch(isLookedAt: boolean): void {
    this.#poll?.dispose();
    this.#poll = undefined;
    if (!isLookedAt) return;
    this.#poll = this.#options.clock.every(POLL_MS, () => {
      if (this.#list.length > 0) this.#lookOrWarn();
    });
  }

  /** @throws CodedError `broker-uncontrolled`, and as `askControl` */
  async set(wish: FaultWish): Promise<SetFault> {
    const answer = await this.#options.ask(this.#access(), { method: 'POST', path: '/faults', body: wish });
    await this.look();
    return answer as SetFault;
  }

  /** All, or one; one that somebody else has cleared is no error. @throws CodedError as `set` */
  async clear(id?: number): Promise<void> {
    const path = id === undefined ? '/faults' : `/faults/${id}`;
    try {
      await this.#options.ask(this.#access(), { method: 'DELETE', path });
    } catch (error) {
      if (!(error instanceof CodedError) || error.details['status'] !== 404) throw error;
    }
    await this.look();
  }

  dispose(): void {
    this.watch(false);
    this.#store.dispose();
  }

  #brokerChanged(): void {
    const { state } = this.#options.localBroker;
    this.#live = state.kind === 'running' ? state.faults : 0;
    this.#changes.fire(undefined);
    this.#lookOrWarn();
  }

  #lookOrWarn(): void {
    this.look().catch((error: unknown) => this.#options.logger.warn(`faults: ${errorText(error)}`));
  }

  async #look(): Promise<void> {
    while (this.#isOutdated) {
      this.#isOutdated = false;
      const access = accessTo(this.#options.localBroker);
      const list = access === undefined ? [] : await this.#ask(access);
      // What another broker had set is nothing of this one.
      if (accessTo(this.#options.localBroker) === access) this.#take(list);
      else this.#isOutdated = true;
    }
  }

  async #ask(access: ControlAccess): Promise<readonly SetFault[]> {
    const { faults } = (await this.#options.ask(access, { method: 'GET', path: '/faults' })) as {
      readonly faults: readonly SetFault[];
    };
    // What passes with time alone is no change.
    return faults.map((fault) => ({ ...fault, leftMs: undefined }));
  }

  #take(list: readonly SetFault[]): void {
    if (JSON.stringify(list) === JSON.stringify(this.#list)) return;
    this.#list = list;
    this.#changes.fire(undefined);
  }

  #access(): ControlAccess {
    const access = accessTo(this.#options.localBroker);
    if (access === undefined) throw new CodedError('broker-uncontrolled');
    return access;
  }
}

/** The control interface of this window's broker; undefined where it serves none. */
export function accessTo({ state }: Pick<LocalBroker, 'state'>): ControlAccess | undefined {
  return state.kind === 'running' ? (state.info.control ?? undefined) : undefined;
}
