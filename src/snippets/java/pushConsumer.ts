import type { Snippet } from '../snippet.ts';
import { JAVA_CLIENT } from './client.ts';

export const javaPushConsumer: Snippet = {
  language: 'java',
  pattern: 'pushConsumer',
  prefix: 'rmq-push-consumer',
  dependency: JAVA_CLIENT,
  template: String.raw`// Maven: {{dependency}}
// Address: NameServer (port 9876), "host:port;host:port". The environment variable NAMESRV_ADDR overrides it.

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyContext;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;

public final class {{className}} {
    private static final String NAME_SERVERS = System.getenv().getOrDefault("NAMESRV_ADDR", "{{nameServers}}");
    private static final String TOPIC = "{{topic}}";
    // Every consumer of one group must subscribe to the same topics with the same tags.
    private static final String GROUP = "{{group}}";
    private static final String TAGS = "{{tag}}";

    public static void main(String[] args) throws MQClientException {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(GROUP);
        consumer.setNamesrvAddr(NAME_SERVERS);
        // Only for a group without offsets: after that it goes on where it stopped.
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        // After 16 retries a message goes to the dead-letter topic "%DLQ%" + GROUP.
        consumer.setMaxReconsumeTimes(16);
        consumer.setAwaitTerminationMillisWhenShutdown(10_000);
        consumer.subscribe(TOPIC, TAGS);
        consumer.registerMessageListener({{className}}::consume);
        consumer.start();
        // Ctrl+C or SIGTERM: finish what is being consumed, save the offsets, leave the group.
        Runtime.getRuntime().addShutdownHook(new Thread(consumer::shutdown));
        System.out.printf("Consumer of %s started, group %s%n", TOPIC, GROUP);
    }

    private static ConsumeConcurrentlyStatus consume(List<MessageExt> messages, ConsumeConcurrentlyContext context) {
        for (MessageExt message : messages) {
            try {
                handle(message);
            } catch (RuntimeException e) {
                System.err.printf("Cannot handle %s, it comes again: %s%n", message.getMsgId(), e);
                return ConsumeConcurrentlyStatus.RECONSUME_LATER;
            }
        }
        return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
    }

    // A message can come more than once: make this idempotent, by its key for example.
    private static void handle(MessageExt message) {
        {{cursor}}String body = new String(message.getBody(), StandardCharsets.UTF_8);
        System.out.printf("%s queue %d offset %d tag %s keys %s: %s%n", message.getMsgId(), message.getQueueId(),
                message.getQueueOffset(), message.getTags(), message.getKeys(), body);
    }
}
`,
};
