import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * Sends to a topic in every way that the producer has, then consumes it in every way at once, each in a group of its
 * own named after the topic, until it is ended.
 */
public final class Clients {
    private static int number = 0;

    public static void main(String[] args) throws Exception {
        String topic = args[0];
        send(topic);
        push(topic, "all", null, MessageSelector.byTag("*"), false);
        push(topic, "tag", null, MessageSelector.byTag("TagA || TagC"), false);
        push(topic, "sql", null, MessageSelector.bySql("n BETWEEN 2 AND 5 AND TAGS <> 'TagA'"), false);
        push(topic, "cast", "one", MessageSelector.byTag("*"), true);
        push(topic, "cast", "two", MessageSelector.byTag("*"), true);
        litePull(topic, "subscribed", true);
        litePull(topic, "assigned", false);
        Emit.line("started");
        Thread.currentThread().join();
    }

    private static Message message(String topic, String kind) {
        int n = number++;
        Message message = new Message(topic, n % 2 == 0 ? "TagA" : "TagB", "key" + n, bytes(kind + " " + n));
        message.putUserProperty("n", String.valueOf(n));
        return message;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void sent(String kind, SendResult result) {
        Emit.line("sent", "kind", kind, "status", result.getSendStatus(), "queueId",
            result.getMessageQueue().getQueueId(), "msgId", result.getMsgId(), "offsetMsgId", result.getOffsetMsgId());
    }

    private static void send(String topic) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer(topic + "-producer");
        producer.setInstanceName("producer");
        producer.start();
        for (int i = 0; i < 4; i++) sent("sync", producer.send(message(topic, "sync")));

        CountDownLatch answered = new CountDownLatch(2);
        for (int i = 0; i < 2; i++) {
            producer.send(message(topic, "async"), new SendCallback() {
                @Override
                public void onSuccess(SendResult result) {
                    sent("async", result);
                    answered.countDown();
                }

                @Override
                public void onException(Throwable error) {
                    Emit.line("failed", "kind", "async", "error", error);
                    answered.countDown();
                }
            });
        }
        answered.await(10, TimeUnit.SECONDS);

        for (int i = 0; i < 2; i++) producer.sendOneway(message(topic, "oneway"));

        List<Message> batch = new ArrayList<>();
        for (int i = 0; i < 3; i++) batch.add(message(topic, "batch"));
        sent("batch", producer.send(batch));

        for (int i = 0; i < 2; i++) {
            sent("selector", producer.send(message(topic, "selector"), (queues, m, arg) -> queues.get((int) arg), 2));
        }
        Message compressed = message(topic, "compressed");
        compressed.setBody(bytes(new String(new char[5000]).replace('\0', 'x') + " " + (number - 1)));
        sent("compressed", producer.send(compressed));
        producer.shutdown();
    }

    private static void received(String by, MessageExt message) {
        String body = new String(message.getBody(), StandardCharsets.UTF_8);
        Emit.line("received", "by", by, "n", message.getUserProperty("n"), "tags", message.getTags(), "queueId",
            message.getQueueId(), "queueOffset", message.getQueueOffset(), "body",
            body.length() > 100 ? body.substring(body.length() - 10) : body, "size", body.length());
    }

    private static void push(String topic, String name, String instance, MessageSelector selector, boolean broadcast)
        throws Exception {
        String by = instance == null ? name : name + " " + instance;
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(topic + "-" + name);
        Heartbeats.often(consumer);
        consumer.setInstanceName(by.replace(' ', '-'));
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        if (broadcast) broadcast(consumer);
        consumer.subscribe(topic, selector);
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt message : messages) received(by, message);
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
    }

    /** The package of MessageModel changed between the releases, its name did not. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    private static void broadcast(DefaultMQPushConsumer consumer) throws ReflectiveOperationException {
        Class model = DefaultMQPushConsumer.class.getMethod("getMessageModel").getReturnType();
        DefaultMQPushConsumer.class.getMethod("setMessageModel", model)
            .invoke(consumer, Enum.valueOf(model, "BROADCASTING"));
    }

    private static void litePull(String topic, String name, boolean subscribes) throws Exception {
        DefaultLitePullConsumer consumer = new DefaultLitePullConsumer(topic + "-" + name);
        Heartbeats.often(consumer);
        consumer.setInstanceName(name);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        if (subscribes) consumer.subscribe(topic, MessageSelector.bySql("n > 3"));
        consumer.start();
        if (!subscribes) {
            List<MessageQueue> queues = new ArrayList<>(consumer.fetchMessageQueues(topic));
            consumer.assign(queues);
            for (MessageQueue queue : queues) consumer.seekToBegin(queue);
        }
        Thread reader = new Thread(() -> {
            while (true) {
                for (MessageExt message : consumer.poll(1000)) received(name, message);
                consumer.commitSync();
            }
        });
        reader.setDaemon(true);
        reader.start();
    }
}
