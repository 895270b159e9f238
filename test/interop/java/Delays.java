import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * Sends messages for later in every way that the producer has, takes one of them back, and consumes until all tries
 * are used up what never succeeds, in any order and in order; then reads the dead letters. Runs until it is ended.
 */
public final class Delays {
    public static void main(String[] args) throws Exception {
        String topic = args[0];
        String failing = args[1];
        concurrent(topic, topic + "-delays");
        concurrent(failing, failing + "-concurrent");
        ordered(failing, failing + "-ordered");
        send(topic, failing);
        deadLetters(failing + "-concurrent");
        deadLetters(failing + "-ordered");
        Thread.currentThread().join();
    }

    private static void send(String topic, String failing) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer(topic + "-producer");
        producer.setInstanceName("producer");
        producer.start();
        producer.send(message(failing, "fails"));

        Message level = message(topic, "level");
        level.setDelayTimeLevel(1);
        long levelMs = System.currentTimeMillis() + 1000;
        sent(producer.send(level), "level", levelMs);
        Message millis = message(topic, "millis");
        millis.setDelayTimeMs(2000);
        long millisMs = System.currentTimeMillis() + 2000;
        sent(producer.send(millis), "millis", millisMs);
        Message seconds = message(topic, "seconds");
        seconds.setDelayTimeSec(2);
        long secondsMs = System.currentTimeMillis() + 2000;
        sent(producer.send(seconds), "seconds", secondsMs);
        long dueMs = System.currentTimeMillis() + 6000;
        Message moment = message(topic, "moment");
        moment.setDeliverTimeMs(dueMs);
        sent(producer.send(moment), "moment", dueMs);
        Message past = message(topic, "past");
        past.setDeliverTimeMs(System.currentTimeMillis() - 1000);
        sent(producer.send(past), "past", 0);

        Message unwanted = message(topic, "unwanted");
        unwanted.setDeliverTimeMs(dueMs);
        SendResult result = producer.send(unwanted);
        String recalled = producer.recallMessage(topic, result.getRecallHandle());
        Emit.line("recalled", "is", recalled.equals(result.getMsgId()));
        // Due after all the others.
        Message last = message(topic, "last");
        last.setDeliverTimeMs(dueMs + 2000);
        sent(producer.send(last), "last", dueMs + 2000);

        Message far = message(topic, "far");
        far.setDelayTimeSec(4 * 24 * 3600);
        try {
            producer.send(far);
            Emit.line("refused", "code", 0, "text", "");
        } catch (org.apache.rocketmq.client.exception.MQBrokerException e) {
            Emit.line("refused", "code", e.getResponseCode(), "text", e.getErrorMessage());
        }
    }

    private static Message message(String topic, String body) {
        return new Message(topic, "Tag", body, body.getBytes(StandardCharsets.UTF_8));
    }

    private static void sent(SendResult result, String body, long dueMs) {
        Emit.line("sent", "body", body, "status", result.getSendStatus(), "dueMs", dueMs,
            "recall", result.getRecallHandle() != null);
    }

    private static void received(String by, MessageExt message) {
        Emit.line("received", "by", by, "body", new String(message.getBody(), StandardCharsets.UTF_8),
            "times", message.getReconsumeTimes(), "topic", message.getTopic(), "tag", message.getTags(),
            "storedMs", message.getStoreTimestamp(), "atMs", System.currentTimeMillis());
    }

    private static void concurrent(String topic, String group) throws MQClientException {
        DefaultMQPushConsumer consumer = consumer(topic, group);
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt message : messages) received(group, message);
            if (!messages.get(0).getKeys().equals("fails")) return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
            context.setDelayLevelWhenNextConsume(1);
            return ConsumeConcurrentlyStatus.RECONSUME_LATER;
        });
        consumer.start();
    }

    private static void ordered(String topic, String group) throws MQClientException {
        DefaultMQPushConsumer consumer = consumer(topic, group);
        consumer.setSuspendCurrentQueueTimeMillis(500);
        consumer.registerMessageListener((MessageListenerOrderly) (messages, context) -> {
            for (MessageExt message : messages) received(group, message);
            return ConsumeOrderlyStatus.SUSPEND_CURRENT_QUEUE_A_MOMENT;
        });
        consumer.start();
    }

    private static DefaultMQPushConsumer consumer(String topic, String group) throws MQClientException {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(group);
        Heartbeats.often(consumer);
        consumer.setInstanceName(group);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setConsumeMessageBatchMaxSize(1);
        consumer.setMaxReconsumeTimes(2);
        consumer.subscribe(topic, "*");
        return consumer;
    }

    private static void deadLetters(String group) throws Exception {
        DefaultLitePullConsumer consumer = new DefaultLitePullConsumer(group + "-dead");
        Heartbeats.often(consumer);
        consumer.setInstanceName(group + "-dead");
        consumer.start();
        Collection<MessageQueue> queues = Collections.emptyList();
        while (queues.isEmpty()) {
            try {
                queues = consumer.fetchMessageQueues("%DLQ%" + group);
            } catch (MQClientException notYet) {
                Thread.sleep(200);
            }
        }
        consumer.assign(queues);
        for (MessageQueue queue : queues) consumer.seekToBegin(queue);
        while (true) {
            List<MessageExt> found = consumer.poll(1000);
            for (MessageExt message : found) received("dead " + group, message);
            if (!found.isEmpty()) break;
        }
        consumer.shutdown();
    }
}
