import { create } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import {
  MetricSchema,
  PublishingSchema,
  RetryPolicySchema,
  SettingsSchema,
  SubscriptionSchema,
} from '../../protocol/grpc/definition_pb.ts';
import type { Publishing, RetryPolicy, Settings, Subscription } from '../../protocol/grpc/definition_pb.ts';
import type { BrokerContext } from '../brokerContext.ts';
import { clientQuota } from '../lite/liteGroup.ts';
import { groupBackoff } from './groupBackoff.ts';

/**
 * The client's settings with what the broker decides. All else goes back unchanged: clients take over what they read.
 * Source: GrpcClientSettingsManager.java; gRPC sheet §3.3.
 */
export function mergedSettings(broker: BrokerContext, settings: Settings): Settings {
  const metric = create(MetricSchema, { on: false });
  const { pubSub } = settings;
  if (pubSub.case === 'publishing') {
    const value = publishing(broker, pubSub.value);
    return create(SettingsSchema, {
      ...settings,
      pubSub: { case: 'publishing', value },
      backoffPolicy: producerBackoff(broker),
      metric,
    });
  }
  if (pubSub.case !== 'subscription') return settings;
  const value = subscription(broker, pubSub.value);
  return create(SettingsSchema, {
    ...settings,
    pubSub: { case: 'subscription', value },
    backoffPolicy: consumerBackoff(broker, pubSub.value.group?.name ?? ''),
    metric,
  });
}

function publishing({ config }: BrokerContext, given: Publishing): Publishing {
  return create(PublishingSchema, {
    ...given,
    maxBodySize: config.maxMessageSize,
    validateMessageType: config.enableTopicMessageTypeCheck,
  });
}

/** Always exponential: producers know no other. */
function producerBackoff({ config }: BrokerContext): RetryPolicy {
  return create(RetryPolicySchema, {
    maxAttempts: config.grpcClientProducerMaxAttempts,
    strategy: {
      case: 'exponentialBackoff',
      value: {
        initial: durationFromMs(config.grpcClientProducerBackoffInitialMillis),
        max: durationFromMs(config.grpcClientProducerBackoffMaxMillis),
        multiplier: config.grpcClientProducerBackoffMultiplier,
      },
    },
  });
}

/** Of a group that nobody made the defaults: Apache's proxy in cluster mode has none without settings either. */
function subscription({ config, groups, lite }: BrokerContext, given: Subscription): Subscription {
  const group = groups.get(given.group?.name ?? '');
  return create(SubscriptionSchema, {
    ...given,
    fifo: group?.consumeMessageOrderly ?? false,
    receiveBatchSize: config.grpcClientConsumerLongPollingBatchSize,
    longPollingTimeout: durationFromMs(config.grpcClientConsumerMaxLongPollingTimeoutMillis),
    ...(lite === undefined
      ? {}
      : { liteSubscriptionQuota: clientQuota(group), maxLiteTopicSize: config.maxLiteTopicSize }),
  });
}

function consumerBackoff({ groups }: BrokerContext, group: string): RetryPolicy {
  const settings = groups.get(group);
  const backoff = groupBackoff(settings?.groupRetryPolicy);
  const maxAttempts = (settings?.retryMaxTimes ?? 16) + 1;
  if ('next' in backoff) {
    const next = backoff.next.map((ms) => durationFromMs(ms));
    return create(RetryPolicySchema, { maxAttempts, strategy: { case: 'customizedBackoff', value: { next } } });
  }
  const { initial, max, multiplier } = backoff;
  const value = { initial: durationFromMs(initial), max: durationFromMs(max), multiplier };
  return create(RetryPolicySchema, { maxAttempts, strategy: { case: 'exponentialBackoff', value } });
}
