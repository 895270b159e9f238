import type { Clock } from '../../../base/clock.ts';
import type { Disposable } from '../../../base/disposable.ts';
import { Emitter } from '../../../base/emitter.ts';
import type { SetFault } from '../../control.ts';
import type { ServerKind } from '../../requestFaults.ts';
import { ControlError } from '../controlError.ts';
import type { Fault } from './fault.ts';
import { matchesGlob } from './glob.ts';
import { LastBatches } from './lastBatches.ts';
import { seededRandom } from './random.ts';
import { shownFault } from './shownFault.ts';
import type { Touched } from './touched.ts';

const MAX_FAULTS = 1000;

export interface Listed {
  readonly id: number;
  readonly fault: Fault;
  readonly untilMs: number;
  readonly random: () => number;
  readonly batches: LastBatches;
  /** Connections that are not read, and how they are read again. */
  readonly stopped: Set<() => void>;
  struck: number;
}

/** A request as faults see it; what it names is read only when one asks for that. */
export interface Seen {
  readonly server: ServerKind;
  readonly isNamed: (fault: Fault) => boolean;
  readonly touched: () => Touched;
  /** Of whom nobody said who they are: undefined. */
  readonly clientId: () => string | undefined;
}

/** The faults that are set, in the order in which they were. */
export class FaultList {
  readonly #clock: Clock;
  #faults: Listed[] = [];
  #live: readonly Listed[] | undefined;
  #nextId = 1;
  /** At the moment at which the next of them has had its time. */
  #expiry: Disposable | undefined;
  readonly #changes = new Emitter<number>();
  /** How many can strike, when that changed. */
  readonly onDidChangeCount = this.#changes.event;

  /** @param clock of the machine */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Those that can strike; undefined while none can. */
  get live(): readonly Listed[] | undefined {
    return this.#live;
  }

  /** All or none. @throws ControlError when there are too many */
  add(faults: readonly Fault[]): readonly SetFault[] {
    const room = MAX_FAULTS - this.#faults.length;
    if (faults.length > room) {
      throw new ControlError(
        409,
        room === 0 ? `there are ${MAX_FAULTS} faults already; clear some` : `there is room for ${room} more faults`,
      );
    }
    const added = faults.map((fault) => this.#listed(fault));
    this.#faults.push(...added);
    this.#refresh();
    return added.map((listed) => this.#shown(listed));
  }

  list(): readonly SetFault[] {
    return this.#faults.map((listed) => this.#shown(listed));
  }

  /** All, or one; connections that were not read are read again. @returns how many */
  clear(id?: number): number {
    const cleared = this.#faults.filter((listed) => id === undefined || listed.id === id);
    this.#faults = this.#faults.filter((listed) => !cleared.includes(listed));
    this.#refresh();
    for (const { stopped } of cleared) for (const readOn of [...stopped]) readOn();
    return cleared.length;
  }

  /**
   * The first that fits and whose dice say so, which has struck then.
   * @param strikable the request as that fault would have it; undefined when it has nothing to do with it
   */
  choose<T>(seen: Seen, strikable: (listed: Listed) => T | undefined): { listed: Listed; request: T } | undefined {
    let touched: Touched | undefined;
    for (const listed of this.#live ?? []) {
      const { fault } = listed;
      if (fault.server !== seen.server || !seen.isNamed(fault)) continue;
      if (!this.#isLive(listed)) {
        this.#refresh();
        continue;
      }
      touched ??= seen.touched();
      if (!matchesAny(fault.topic, touched.topics) || !matchesAny(fault.group, touched.groups)) continue;
      if (fault.clientId !== undefined) {
        const clientId = touched.clientId ?? seen.clientId();
        if (clientId === undefined || !matchesGlob(fault.clientId, clientId)) continue;
      }
      const request = strikable(listed);
      if (request === undefined || (fault.probability < 1 && listed.random() >= fault.probability)) continue;
      listed.struck += 1;
      if (listed.struck >= (fault.count ?? Infinity)) this.#refresh();
      return { listed, request };
    }
    return undefined;
  }

  /** It struck what it could make no difference to. */
  giveBack(listed: Listed): void {
    listed.struck -= 1;
    this.#refresh();
  }

  #listed(fault: Fault): Listed {
    return {
      id: this.#nextId++,
      fault,
      untilMs: fault.forMs === undefined ? Infinity : this.#clock.now() + fault.forMs,
      random: seededRandom(fault.seed),
      batches: new LastBatches(),
      stopped: new Set(),
      struck: 0,
    };
  }

  #isLive({ fault, struck, untilMs }: Listed): boolean {
    return struck < (fault.count ?? Infinity) && this.#clock.now() < untilMs;
  }

  #refresh(): void {
    const before = this.#live?.length ?? 0;
    const live = this.#faults.filter((listed) => this.#isLive(listed));
    this.#live = live.length === 0 ? undefined : live;
    this.#expiry?.dispose();
    const untilMs = Math.min(...live.map((listed) => listed.untilMs));
    this.#expiry =
      untilMs === Infinity ? undefined : this.#clock.after(untilMs - this.#clock.now(), () => this.#refresh());
    if (live.length !== before) this.#changes.fire(live.length);
  }

  #shown(listed: Listed): SetFault {
    const { id, fault, struck, untilMs } = listed;
    return {
      id,
      ...shownFault(fault),
      struck,
      live: this.#isLive(listed),
      leftMs: fault.forMs === undefined ? undefined : Math.max(0, untilMs - this.#clock.now()),
    };
  }
}

function matchesAny(pattern: string | undefined, names: readonly string[]): boolean {
  return pattern === undefined || names.some((name) => matchesGlob(pattern, name));
}
