import { parseArgs } from 'node:util';

import { soak } from './soak.ts';

/** `npm run soak -- --minutes 10 --seed 1`: producers and consumers on a broker that is killed at random. */
const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } });
const minutes = Number(values.minutes ?? 10);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
console.log(`soak of ${minutes} minutes, seed ${seed}`);
const result = await soak({ durationMs: minutes * 60_000, seed, log: console.log });
console.log('acknowledged = stored = consumable');
console.table(result);
