import java.nio.charset.StandardCharsets;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Sends and consumes one message with traces, and reads the traces, until it is ended. */
public final class Trace {
    private static final String TRACES = "RMQ_SYS_TRACE_TOPIC";

    public static void main(String[] args) throws Exception {
        String topic = args[0];
        read(topic);
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(topic + "-consumer", true, null);
        Heartbeats.often(consumer);
        consumer.setInstanceName("consumer");
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt message : messages) Emit.line("received", "msgId", message.getMsgId());
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        DefaultMQProducer producer = new DefaultMQProducer(topic + "-producer", true, null);
        producer.setInstanceName("producer");
        producer.start();
        SendResult result = producer.send(new Message(topic, "TagA", "KeyA", "traced".getBytes(StandardCharsets.UTF_8)));
        Emit.line("sent", "msgId", result.getMsgId(), "traceOn", result.isTraceOn(), "region", result.getRegionId());
        Thread.currentThread().join();
    }

    private static void read(String topic) throws Exception {
        DefaultMQPushConsumer reader = new DefaultMQPushConsumer(topic + "-reader");
        Heartbeats.often(reader);
        reader.setInstanceName("reader");
        reader.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        reader.subscribe(TRACES, "*");
        reader.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt message : messages) {
                for (String entry : new String(message.getBody(), StandardCharsets.UTF_8).split("\u0002")) {
                    String kind = entry.split("\u0001")[0];
                    Emit.line("trace", "kind", kind, "keys", message.getKeys(), "about", entry.contains(topic));
                }
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        reader.start();
    }
}
