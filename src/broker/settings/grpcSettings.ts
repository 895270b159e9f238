import { MAX, flag, whole } from './setting.ts';
import type { Setting, SettingTable } from './setting.ts';

/** No gRPC. */
export const GRPC_OFF = -1;

const portOrOff: Setting<number> = {
  otherwise: GRPC_OFF,
  read: (text) => (text === 'off' ? GRPC_OFF : whole(GRPC_OFF, GRPC_OFF, 65535).read(text)),
};

/** The gRPC endpoint. Names and defaults are those of Apache's proxy. Source: ProxyConfig.java; gRPC sheet §4. */
export const grpcSettings = {
  /** -1 or `off` serves none. The command serves 8081 unless it is told otherwise. */
  grpcServerPort: portOrOff,
  grpcMaxInboundMessageSize: whole(130 * 1024 * 1024, 1024, 512 * 1024 * 1024),
  /** Ours alone: what all clients together may leave unread of their answers, each of which may hold 4 MiB of messages. */
  grpcMaxUnreadBytes: whole(512 * 1024 * 1024, 1024 * 1024, MAX),
  grpcClientIdleTimeMills: whole(120_000, 1000, 86_400_000),
  grpcClientProducerMaxAttempts: whole(3, 1, 100),
  grpcClientProducerBackoffInitialMillis: whole(10, 0, 3_600_000),
  grpcClientProducerBackoffMaxMillis: whole(1000, 0, 3_600_000),
  grpcClientProducerBackoffMultiplier: whole(2, 1, 100),
  grpcClientConsumerMinLongPollingTimeoutMillis: whole(5000, 0, 3_600_000),
  grpcClientConsumerMaxLongPollingTimeoutMillis: whole(20_000, 1, 3_600_000),
  grpcClientConsumerLongPollingBatchSize: whole(32, 1, 32),
  enableTopicMessageTypeCheck: flag(true),
  /** Of what a push consumer receives, until it is renewed. */
  defaultInvisibleTimeMills: whole(60_000, 1000, 86_400_000),
  minInvisibleTimeMillsForRecv: whole(10_000, 0, 86_400_000),
  maxInvisibleTimeMills: whole(43_200_000, 0, 259_200_000),
  enableMessageBodyEmptyCheck: flag(true),
  maxUserPropertySize: whole(16 * 1024, 0, MAX),
  userPropertyMaxNum: whole(128, 0, MAX),
  /** In bytes; a group that long is too long. */
  maxMessageGroupSize: whole(64, 1, 1024),
  /** In bytes. A longer lite topic would have no folder beside the longest name of a topic. */
  maxLiteTopicSize: whole(64, 1, 120),
  maxDelayTimeMills: whole(86_400_000, 1, MAX),
  maxTransactionRecoverySecond: whole(3600, 1, MAX),
} as const satisfies SettingTable;
