import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Two consumers share the queues of a topic in order; one message is refused twice; then one consumer leaves. */
public final class Orderly {
    private static final int EACH = 40;
    private static final AtomicInteger received = new AtomicInteger();
    private static final AtomicInteger refusals = new AtomicInteger();
    private static final int QUEUES = 4;
    /** Who consumed from a queue last. */
    private static final Map<Integer, String> owners = new ConcurrentHashMap<>();

    public static void main(String[] args) throws Exception {
        String topic = args[0];
        DefaultMQPushConsumer first = consume(topic, "one");
        consume(topic, "two");
        DefaultMQProducer producer = new DefaultMQProducer(topic + "-producer");
        producer.setInstanceName("producer");
        producer.start();
        // Each has its share of the queues, and takes none more, before the numbers count.
        for (int i = 0; !isShared(); i++) {
            send(producer, topic, "warm", i);
            Thread.sleep(100);
        }
        Emit.line("shared");
        for (int i = 0; i < EACH; i++) send(producer, topic, "both", i);
        until(EACH);
        first.shutdown();
        Emit.line("left", "by", "one");
        for (int i = 0; i < EACH; i++) send(producer, topic, "alone", i);
        until(2 * EACH);
        Emit.line("done");
        Thread.currentThread().join();
    }

    private static void send(DefaultMQProducer producer, String topic, String phase, int n) throws Exception {
        Message message = new Message(topic, phase, (phase + " " + n).getBytes(StandardCharsets.UTF_8));
        message.putUserProperty("n", String.valueOf(n));
        SendResult result = producer.send(message, (queues, m, id) -> queues.get((int) id % queues.size()), n);
        if (!result.getSendStatus().name().equals("SEND_OK")) Emit.line("failed", "n", n, "status", result.getSendStatus());
    }

    private static boolean isShared() {
        return owners.size() == QUEUES && Collections.frequency(owners.values(), "one") == QUEUES / 2;
    }

    private static void until(int count) throws InterruptedException {
        while (received.get() < count) Thread.sleep(20);
    }

    private static DefaultMQPushConsumer consume(String topic, String name) throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(topic + "-consumer");
        Heartbeats.often(consumer);
        consumer.setInstanceName(name);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
            for (MessageExt message : messages) {
                if (message.getTags().equals("warm")) {
                    owners.put(message.getQueueId(), name);
                    continue;
                }
                String n = message.getUserProperty("n");
                if (n.equals("8") && message.getTags().equals("both") && refusals.getAndIncrement() < 2) {
                    Emit.line("refused", "by", name, "queueId", message.getQueueId());
                    context.setSuspendCurrentQueueTimeMillis(200);
                    return ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT;
                }
                Emit.line("received", "by", name, "phase", message.getTags(), "n", Integer.parseInt(n), "queueId",
                    message.getQueueId());
                received.incrementAndGet();
            }
            return ConsumeOrderlyStatus.SUCCESS;
        });
        consumer.start();
        return consumer;
    }
}
