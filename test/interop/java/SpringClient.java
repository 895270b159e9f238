import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.spring.annotation.ConsumeMode;
import org.apache.rocketmq.spring.annotation.RocketMQMessageListener;
import org.apache.rocketmq.spring.annotation.RocketMQTransactionListener;
import org.apache.rocketmq.spring.annotation.SelectorType;
import org.apache.rocketmq.spring.core.RocketMQListener;
import org.apache.rocketmq.spring.core.RocketMQLocalTransactionListener;
import org.apache.rocketmq.spring.core.RocketMQLocalTransactionState;
import org.apache.rocketmq.spring.core.RocketMQPushConsumerLifecycleListener;
import org.apache.rocketmq.spring.core.RocketMQTemplate;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;
import org.springframework.messaging.Message;
import org.springframework.messaging.support.MessageBuilder;

/** An application on the Spring starter: a template, three listeners and a transaction. Argument: the topic. */
@SpringBootConfiguration
@EnableAutoConfiguration
@Import({SpringClient.Tagged.class, SpringClient.Filtered.class, SpringClient.Ordered.class,
    SpringClient.Transactions.class})
public class SpringClient {
    public static void main(String[] args) throws Exception {
        Map<String, Object> settings = new HashMap<>();
        settings.put("rocketmq.name-server", System.getProperty("rocketmq.namesrv.addr"));
        settings.put("rocketmq.producer.group", args[0] + "-producer");
        settings.put("demo.topic", args[0]);
        SpringApplication application = new SpringApplication(SpringClient.class);
        application.setDefaultProperties(settings);
        ConfigurableApplicationContext context = application.run();
        RocketMQTemplate template = context.getBean(RocketMQTemplate.class);
        send(template, args[0]);
    }

    private static void send(RocketMQTemplate template, String topic) {
        tell("sync", template.syncSend(topic + ":TagA", with("sync", "blue")));
        template.asyncSend(topic + ":TagB", "async", new SendCallback() {
            @Override
            public void onSuccess(SendResult result) {
                tell("async", result);
            }

            @Override
            public void onException(Throwable error) {
                Emit.line("failed", "reason", error.toString());
            }
        });
        template.sendOneWay(topic + ":TagA", "one-way");
        template.convertAndSend(topic + ":TagA", Collections.singletonMap("converted", 1));
        tell("batch", template.syncSend(topic + ":TagB",
            Arrays.asList(with("batch 0", "red"), with("batch 1", "red"))));
        tell("delayed", template.syncSend(topic + ":TagA", with("delayed", "red"), 3_000, 1));
        tell("timer", template.syncSendDelayTimeMills(topic + ":TagA", "timer", 2_000));
        List<String> numbers = IntStream.range(0, 10).mapToObj(String::valueOf).collect(Collectors.toList());
        for (String number : numbers) template.syncSendOrderly(topic + ":Ordered", number, "same");
        for (String outcome : Arrays.asList("rollback", "commit")) {
            tell(outcome, template.sendMessageInTransaction(topic + ":TagB", with(outcome, "red"), outcome));
        }
    }

    private static Message<String> with(String payload, String colour) {
        return MessageBuilder.withPayload(payload).setHeader("KEYS", "key-" + payload).setHeader("colour", colour).build();
    }

    private static void tell(String how, SendResult result) {
        Emit.line("sent", "how", how, "status", result.getSendStatus().name());
    }

    private static void tellMessage(String by, MessageExt message) {
        Emit.line("received", "by", by, "body", new String(message.getBody()), "keys", message.getKeys(),
            "waitedMs", message.getStoreTimestamp() - message.getBornTimestamp());
    }

    /** Messages are sent while the listeners still begin: nothing may be passed over. */
    abstract static class FromTheFirst implements RocketMQPushConsumerLifecycleListener {
        @Override
        public void prepareStart(DefaultMQPushConsumer consumer) {
            consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        }
    }

    @RocketMQMessageListener(topic = "${demo.topic}", consumerGroup = "${demo.topic}-tagged",
        selectorExpression = "TagA || TagB")
    static class Tagged extends FromTheFirst implements RocketMQListener<MessageExt> {
        @Override
        public void onMessage(MessageExt message) {
            tellMessage("tagged", message);
        }
    }

    @RocketMQMessageListener(topic = "${demo.topic}", consumerGroup = "${demo.topic}-filtered",
        selectorType = SelectorType.SQL92, selectorExpression = "colour = 'blue'")
    static class Filtered extends FromTheFirst implements RocketMQListener<MessageExt> {
        @Override
        public void onMessage(MessageExt message) {
            tellMessage("filtered", message);
        }
    }

    @RocketMQMessageListener(topic = "${demo.topic}", consumerGroup = "${demo.topic}-ordered",
        selectorExpression = "Ordered", consumeMode = ConsumeMode.ORDERLY)
    static class Ordered extends FromTheFirst implements RocketMQListener<MessageExt> {
        @Override
        public void onMessage(MessageExt message) {
            tellMessage("ordered", message);
        }
    }

    @RocketMQTransactionListener
    static class Transactions implements RocketMQLocalTransactionListener {
        @Override
        public RocketMQLocalTransactionState executeLocalTransaction(Message message, Object outcome) {
            return "commit".equals(outcome) ? RocketMQLocalTransactionState.COMMIT : RocketMQLocalTransactionState.ROLLBACK;
        }

        @Override
        public RocketMQLocalTransactionState checkLocalTransaction(Message message) {
            return RocketMQLocalTransactionState.UNKNOWN;
        }
    }
}
