import { statfsSync } from 'node:fs';
import path from 'node:path';
import { errorText } from '../../base/errors.ts';
import { encodeKvTable } from '../../protocol/bodies/route.ts';
import { VERSION, versionName } from '../../protocol/command.ts';
import { decodeMessage } from '../../protocol/message.ts';
import { SCHEDULE_TOPIC, TIMER_TOPIC } from '../../protocol/topicName.ts';
import type { Reply } from '../../remoting/peer.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { successBody } from '../reply.ts';
import type { RateName } from '../statistics/storeRates.ts';

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
  const { steadyClock, startedMs } = broker;
  const table = new Map<string, string | number>([
    ['brokerVersionDesc', versionName(VERSION)],
    ['brokerVersion', VERSION],
    ['brokerActive', 'true'],
    ['bootTimestamp', startedMs],
    ['runtime', runtimeText(steadyClock.now() - startedMs)],
    ['startAcceptSendRequestTimeStamp', 0],
    ...trafficRows(broker),
    ...storeRows(broker),
    ['earliestMessageTimeStamp', await earliestStoreTime(broker)],
    ...levelRows(broker),
    ...poolRows(),
    ...timerRows(broker),
  ]);
  return successBody(encodeKvTable(new Map([...table].map(([key, value]) => [key, String(value)]))));
}

type Row = readonly [string, string | number];

/** Source: TimerMessageStore.java. */
function timerRows({ timers, store, clock }: BrokerContext): Row[] {
  const { lastReadTimeMs = clock.now(), lastTimerQueueOffset = 0 } = timers?.checkpoint() ?? {};
  const { enqueued, dequeued } = timers?.rates ?? { enqueued: 0, dequeued: 0 };
  return [
    ['timerReadBehind', Math.max(0, Math.floor((clock.now() - lastReadTimeMs) / 1000))],
    ['timerOffsetBehind', timers === undefined ? 0 : store.maxOffset(TIMER_TOPIC, 0) - lastTimerQueueOffset],
    ['timerCongestNum', timers?.waiting ?? 0],
    ['timerEnqueueTps', javaDouble(enqueued)],
    ['timerDequeueTps', javaDouble(dequeued)],
  ];
}

/** Source: StoreStatsService.java, BrokerStats.java. */
function trafficRows({ statistics, store }: BrokerContext): Row[] {
  const { puts, gets, putTimes } = statistics;
  const rates = (...names: readonly RateName[]): string =>
    statistics
      .rates(...names)
      .map(javaDouble)
      .join(' ');
  const transferred = rates('transferred');
  const { appendedRecords: records, appendedBytes: bytes } = store;
  return [
    ['putTps', rates('put')],
    ['getFoundTps', rates('getFound')],
    ['getMissTps', rates('getMiss')],
    ['getTotalTps', rates('getFound', 'getMiss')],
    ['getTransferredTps', transferred],
    ['getTransferedTps', transferred],
    ['msgPutTotalYesterdayMorning', puts.yesterdayMorning],
    ['msgPutTotalTodayMorning', puts.todayMorning],
    ['msgPutTotalTodayNow', puts.now],
    ['msgGetTotalYesterdayMorning', gets.yesterdayMorning],
    ['msgGetTotalTodayMorning', gets.todayMorning],
    ['msgGetTotalTodayNow', gets.now],
    ['putMessageTimesTotal', records],
    ['putMessageFailedTimes', statistics.putFailed],
    ['putMessageSizeTotal', bytes],
    ['putMessageAverageSize', javaDouble(records === 0 ? 0 : bytes / records)],
    ['putMessageEntireTimeMax', putTimes.maxMs],
    ['putMessageDistributeTime', putTimes.distributionText()],
    ['putLatency99', putTimes.percentile(0.99).toFixed(2)],
    ['putLatency999', putTimes.percentile(0.999).toFixed(2)],
    ['getMessageEntireTimeMax', statistics.getMaxMs],
    ['dispatchMaxBuffer', 0],
  ];
}

/** Queue entries are made together with their record, and there is no buffer between the log and the system's. */
function storeRows(broker: BrokerContext): Row[] {
  const { store } = broker;
  const disk = diskUse(broker);
  return [
    ['commitLogMinOffset', store.minPhysicalOffset],
    ['commitLogMaxOffset', store.maxPhysicalOffset],
    [`commitLogDiskRatio_${path.join(store.directory, 'commitlog')}`, disk.ratio],
    ['commitLogDiskRatio', disk.ratio],
    ['consumeQueueDiskRatio', disk.ratio],
    ['commitLogDirCapacity', disk.text],
    ['pageCacheLockTimeMills', 0],
    ['dispatchBehindBytes', 0],
    ['remainHowManyDataToFlush', byteText(0)],
    ['remainTransientStoreBufferNumbs', 2 ** 31 - 1],
  ];
}

/** `delivered,stored` of each delay level that was ever used. Source: ScheduleMessageService.java, buildRunningStats. */
function levelRows({ delayLevels, store }: BrokerContext): Row[] {
  return Array.from({ length: delayLevels.count }, (_, queueId) => queueId).flatMap((queueId): Row[] => {
    const maxOffset = store.maxOffset(SCHEDULE_TOPIC, queueId);
    if (maxOffset === 0) return [];
    return [[`scheduleMessageOffset_${queueId + 1}`, `${delayLevels.progress(queueId + 1)},${maxOffset}`]];
  });
}

function poolRows(): Row[] {
  return [
    ...POOLS.flatMap(([name, capacity]): Row[] => [
      [`${name}ThreadPoolQueueSize`, 0],
      [`${name}ThreadPoolQueueCapacity`, capacity],
      [`${name}ThreadPoolQueueHeadWaitTimeMills`, 0],
    ]),
    ['EndTransactionQueueSize', 0],
    ['EndTransactionThreadPoolQueueCapacity', 100_000],
  ];
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
function diskUse(broker: BrokerContext): { readonly ratio: string; readonly text: string } {
  try {
    const { blocks, bavail, bsize } = statfsSync(broker.store.directory);
    return {
      ratio: javaDouble(blocks === 0 ? -1 : Number(((blocks - bavail) / blocks).toFixed(4))),
      text: `Total : ${byteText(blocks * bsize)}, Free : ${byteText(bavail * bsize)}.`,
    };
  } catch (error) {
    broker.logger.debug(`the disk's size is unknown: ${errorText(error)}`);
    return { ratio: javaDouble(-1), text: 'Total : unknown, Free : unknown.' };
  }
}

async function earliestStoreTime({ store }: BrokerContext): Promise<number> {
  if (store.maxPhysicalOffset === store.minPhysicalOffset) return -1;
  const record = await store.record(store.minPhysicalOffset);
  return record === undefined ? -1 : decodeMessage(record).storeTimestamp;
}

/** Double.toString for the sizes that occur here: a whole number has its `.0`. */
function javaDouble(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}

/** Source: MixAll.java, humanReadableByteCount. */
function byteText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const power = Math.min(6, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(1)} ${'KMGTPE'[power - 1] ?? ''}iB`;
}
