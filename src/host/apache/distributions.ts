import type { PickItem } from '../prompts.ts';

interface Memory {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

const KEY = 'rocketmq.apacheHomes';
const KEPT = 5;
const VARIABLE = 'ROCKETMQ_HOME';

/** Where unpacked distributions of Apache RocketMQ are: what ROCKETMQ_HOME names, then those used last. */
export class Distributions {
  readonly #memory: Memory;
  readonly #env: NodeJS.ProcessEnv;

  constructor(memory: Memory, env: NodeJS.ProcessEnv) {
    this.#memory = memory;
    this.#env = env;
  }

  get items(): readonly PickItem<string>[] {
    const home = this.#env[VARIABLE] ?? '';
    const named = home === '' ? [] : [{ label: home, description: VARIABLE, value: home }];
    const used = this.#used.filter((value) => value !== home).map((value) => ({ label: value, value }));
    return [...named, ...used];
  }

  async used(home: string): Promise<void> {
    await this.#memory.update(KEY, [home, ...this.#used.filter((other) => other !== home)].slice(0, KEPT));
  }

  get #used(): readonly string[] {
    const kept = this.#memory.get(KEY);
    return Array.isArray(kept) ? kept.filter((home) => typeof home === 'string') : [];
  }
}
