import type { Clock } from '../../../base/clock.ts';
import { errorText } from '../../../base/errors.ts';
import { isSystemTopicOf } from '../../systemTopics.ts';
import type { AdjustableClock } from '../clock/adjustableClock.ts';
import { badRequest } from '../controlError.ts';
import type { ControlCall, ControlRoute } from '../controlServer.ts';
import type { FaultList } from '../faults/faultList.ts';
import { Input } from '../input.ts';
import { readJson, readText } from '../readBody.ts';
import type { Restarts } from '../restarts.ts';
import type { Turns } from '../turns.ts';
import { readSeed } from './readSeed.ts';
import { sow } from './sow.ts';
import {
  checkSnapshotName,
  deleteSnapshot,
  emptyStore,
  restoreSnapshot,
  snapshotInfo,
  snapshotNames,
  takeSnapshot,
} from './storeState.ts';
import { messagesOf, topicState } from './topicState.ts';
import { readWish, waitUntil } from './waitFor.ts';

const MAX_SHOWN = 1000;

interface Parts {
  readonly storeDirectory: string;
  readonly clock: AdjustableClock;
  readonly steadyClock: Clock;
  readonly faults: FaultList;
  readonly turns: Turns;
  readonly restarts: Restarts;
}

/** What is stored: looked at, waited for, filled, kept, brought back and emptied. */
export function stateRoutes(parts: Parts): readonly ControlRoute[] {
  const { storeDirectory, clock, steadyClock, faults, turns, restarts } = parts;
  const context = (): Restarts['runtime']['broker']['context'] => restarts.runtime.broker.context;
  /** Faults go, and the clock is where it belongs to what is stored then. */
  const begin = (change: () => Promise<void>, aheadMs: number): Promise<void> => {
    faults.clear();
    return restarts.whileStopped(async () => {
      await change();
      clock.setAhead(aheadMs);
    });
  };
  return [
    [
      'GET /topics',
      () => ({ topics: [...context().topics.names()].filter((name) => !isSystemTopicOf(context().config, name)) }),
    ],
    ['GET /topics/:name', ({ name }) => topicState(context(), name)],
    ['GET /messages', (call) => messagesOf(context(), messageWish(call), call.signal)],
    [
      'POST /wait',
      async ({ request, signal }) => waitUntil(context, readWish(await readJson(request)), { steadyClock, signal }),
    ],
    [
      'POST /seed',
      async ({ request }) => {
        const seed = readSeed(await parsed(await readText(request)));
        return turns.take(() => sow(restarts.runtime.broker, seed, () => turns.checkGoesOn()));
      },
    ],
    [
      'POST /reset',
      () =>
        turns.take(async () => {
          await begin(() => emptyStore(storeDirectory), 0);
          return { reset: true };
        }),
    ],
    ['GET /snapshots', async () => ({ snapshots: await snapshotNames(storeDirectory) })],
    [
      'POST /snapshot',
      async ({ request }) => {
        const name = nameIn(await readJson(request));
        return turns.take(async () => {
          await restarts.whileStopped(() => takeSnapshot(storeDirectory, name, { aheadMs: clock.aheadMs }));
          return { snapshot: name };
        });
      },
    ],
    [
      'POST /restore',
      async ({ request }) => {
        const name = nameIn(await readJson(request));
        return turns.take(async () => {
          const { aheadMs } = await snapshotInfo(storeDirectory, name);
          await begin(() => restoreSnapshot(storeDirectory, name), aheadMs);
          return { restored: name };
        });
      },
    ],
    [
      'DELETE /snapshots/:name',
      ({ name }) =>
        turns.take(async () => {
          await deleteSnapshot(storeDirectory, name);
          return { deleted: name };
        }),
    ],
  ];
}

function nameIn(json: unknown): string {
  const input = new Input(json, 'a snapshot');
  const name = checkSnapshotName(input.text('name'));
  input.end();
  return name;
}

/** YAML 1.2, of which JSON is a part; in 1.1 a text such as NO or 12:30 would be something else. */
async function parsed(text: string): Promise<unknown> {
  const { parseYaml } = await import('../../security/plain/yaml.ts');
  try {
    return parseYaml(text, '1.2');
  } catch (error) {
    throw badRequest(`the seed is no YAML: ${errorText(error).slice(0, 300)}`);
  }
}

function messageWish({ query }: ControlCall): Parameters<typeof messagesOf>[1] {
  const allowed = ['topic', 'tag', 'key', 'limit', 'bodies'];
  for (const name of query.keys())
    if (!allowed.includes(name)) throw badRequest(`there is no "${name.slice(0, 80)}"`, allowed);
  const topic = query.get('topic');
  if (topic === null || topic === '') throw badRequest('GET /messages needs ?topic=');
  const limit = query.get('limit') ?? '32';
  if (!/^\d{1,4}$/.test(limit) || Number(limit) > MAX_SHOWN)
    throw badRequest(`limit is a number from 0 to ${MAX_SHOWN}`);
  return {
    topic,
    tag: query.get('tag') ?? undefined,
    key: query.get('key') ?? undefined,
    limit: Number(limit),
    bodies: query.get('bodies') === 'true',
  };
}
