import { statfsSync } from 'node:fs';
import { errorText } from '../../base/errors.ts';
import { encodeKvTable } from '../../protocol/bodies/route.ts';
import { ResponseCode } from '../../protocol/codes.ts';
import { VERSION, versionName } from '../../protocol/command.ts';
import { stringifyFastjson } from '../../protocol/fastjson.ts';
import { decodeMessage } from '../../protocol/message.ts';
import { SCHEDULE_TOPIC } from '../../protocol/topicName.ts';
import type { Reply } from '../../remoting/connection.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { configText } from '../config.ts';
import { successBody } from '../reply.ts';

/** Queues of Java's thread pools; tools read their sizes. Nothing waits in them here. */
const POOLS = [
  ['send', 10_000],
  ['pull', 100_000],
  ['litePull', 100_000],
  ['query', 20_000],
  ['ack', 100_000],
] as const;

/** GET_BROKER_RUNTIME_INFO 28. Source: AdminBrokerProcessor.java, prepareRuntimeInfo; broker sheet §14.1. */
export async function getRuntimeInfo(broker: BrokerContext): Promise<Reply> {
  const { statistics, store, clock, startedMs } = broker;
  const { counts } = statistics;
  const disk = diskUse(broker);
  const transferred = statistics.rates('transferred');
  const table = new Map<string, string | number>([
    ['brokerVersionDesc', versionName(VERSION)],
    ['brokerVersion', VERSION],
    ['brokerActive', 'true'],
    ['bootTimestamp', startedMs],
    ['runtime', runtimeText(clock.now() - startedMs)],
    ['putTps', statistics.rates('put')],
    ['getFoundTps', statistics.rates('getFound')],
    ['getMissTps', statistics.rates('getMiss')],
    ['getTotalTps', statistics.rates('getFound', 'getMiss')],
    ['getTransferredTps', transferred],
    ['getTransferedTps', transferred],
    ['msgPutTotalYesterdayMorning', 0],
    ['msgPutTotalTodayMorning', 0],
    ['msgPutTotalTodayNow', counts.put],
    ['msgGetTotalYesterdayMorning', 0],
    ['msgGetTotalTodayMorning', 0],
    ['msgGetTotalTodayNow', counts.transferred],
    ['putMessageTimesTotal', counts.put],
    ['putMessageFailedTimes', counts.putFailed],
    ['putMessageSizeTotal', counts.putBytes],
    ['putMessageAverageSize', counts.put === 0 ? 0 : counts.putBytes / counts.put],
    ['commitLogMinOffset', store.minPhysicalOffset],
    ['commitLogMaxOffset', store.maxPhysicalOffset],
    ['commitLogDiskRatio', disk.ratio],
    ['consumeQueueDiskRatio', disk.ratio],
    ['commitLogDirCapacity', disk.text],
    ['earliestMessageTimeStamp', await earliestStoreTime(broker)],
    ['pageCacheLockTimeMills', 0],
    ['dispatchBehindBytes', 0],
    ['dispatchMaxBuffer', 0],
    ['startAcceptSendRequestTimeStamp', 0],
    ['remainHowManyDataToFlush', '0 B'],
    ['EndTransactionQueueSize', 0],
    ['EndTransactionThreadPoolQueueCapacity', 100_000],
    ['timerReadBehind', 0],
    ['timerOffsetBehind', 0],
    ['timerCongestNum', 0],
    ['timerEnqueueTps', 0],
    ['timerDequeueTps', 0],
  ]);
  for (const [name, capacity] of POOLS) {
    table.set(`${name}ThreadPoolQueueSize`, 0);
    table.set(`${name}ThreadPoolQueueCapacity`, capacity);
    table.set(`${name}ThreadPoolQueueHeadWaitTimeMills`, 0);
  }
  for (let level = 1; level <= broker.delayLevels.count; level += 1) {
    const maxOffset = store.maxOffset(SCHEDULE_TOPIC, level - 1);
    if (maxOffset > 0)
      table.set(`scheduleMessageOffset_${level}`, `${broker.delayLevels.progress(level)},${maxOffset}`);
  }
  return successBody(encodeKvTable(new Map([...table].map(([key, value]) => [key, String(value)]))));
}

/** GET_BROKER_CONFIG 26. */
export function getBrokerConfig(broker: BrokerContext): Reply {
  return {
    code: ResponseCode.SUCCESS,
    extFields: { version: stringifyFastjson({ counter: 0, stateVersion: 0, timestamp: broker.startedMs }) },
    body: Buffer.from(configText(broker.config)),
  };
}

function runtimeText(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000);
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  return `[ ${days} days, ${hours} hours, ${minutes} minutes, ${seconds % 60} seconds ]`;
}

/** -1 where the system does not tell, as Java has it. */
function diskUse(broker: BrokerContext): { readonly ratio: number; readonly text: string } {
  try {
    const { blocks, bavail, bsize } = statfsSync(broker.store.directory);
    const gib = (count: number): string => ((count * bsize) / 1024 ** 3).toFixed(1);
    return {
      ratio: blocks === 0 ? -1 : Number(((blocks - bavail) / blocks).toFixed(4)),
      text: `Total : ${gib(blocks)} GiB, Free : ${gib(bavail)} GiB.`,
    };
  } catch (error) {
    broker.logger.debug(`the disk's size is unknown: ${errorText(error)}`);
    return { ratio: -1, text: 'Total : unknown, Free : unknown.' };
  }
}

async function earliestStoreTime({ store }: BrokerContext): Promise<number> {
  if (store.maxPhysicalOffset === store.minPhysicalOffset) return -1;
  const record = await store.record(store.minPhysicalOffset);
  return record === undefined ? -1 : decodeMessage(record).storeTimestamp;
}
