import { flag, MAX, text, whole } from './setting.ts';
import type { SettingTable } from './setting.ts';

/** POP, and queues that the broker shares out. Source: BrokerConfig.java. */
export const popSettings = {
  popPollingSize: whole(1024, 1, 1_000_000),
  maxPopPollingSize: whole(100_000, 1, 10_000_000),
  popLongPollingForceNotifyInterval: whole(800, 0, MAX),
  reviveQueueNum: whole(8, 1, 128),
  popFromRetryProbability: whole(20, 0, 100),
  enableRetryTopicV2: flag(false),
  retrieveMessageFromPopRetryTopicV1: flag(true),
  popResponseReturnActualRetryTopic: flag(false),
  initPopOffsetByCheckMsgInMem: flag(true),
  enablePopBufferMerge: flag(false),
  popCkStayBufferTime: whole(10_000, 1, 3_600_000),
  popCkStayBufferTimeOut: whole(3000, 1, 3_600_000),
  popCkMaxBufferSize: whole(200_000, 0, 10_000_000),
  popCkOffsetMaxQueueSize: whole(20_000, 0, 1_000_000),
  /** Whether who waits for a message may say which. */
  useMessageFilterForNotification: flag(true),
  /** With so many unread messages in a queue nobody looks which they are. */
  maxMessageFilterNumForNotification: whole(64, 0, 100_000),
  serverLoadBalancerEnable: flag(true),
  defaultMessageRequestMode: text('PULL', (mode) => {
    if (mode !== 'PULL' && mode !== 'POP') throw new Error('expected PULL or POP');
  }),
  defaultPopShareQueueNum: whole(-1, -1, 65_536),
} as const satisfies SettingTable;
