import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.List;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * Produces and consumes while the nodes of a cluster come and go. Does what the lines of a file say, which another
 * program writes one by one: "produce FIRST COUNT" sends numbered messages, "consume" starts a consumer, and
 * "consume MS" one that takes so long for each message and holds few.
 */
public final class MastersDown {
    /** Clients ask for routes every 30 s otherwise. */
    private static final int ROUTE_MS = 500;

    public static void main(String[] args) throws Exception {
        String topic = args[0];
        Path commands = Paths.get(args[1]);
        DefaultMQProducer producer = new DefaultMQProducer(topic + "-producer");
        producer.setInstanceName("producer");
        producer.setPollNameServerInterval(ROUTE_MS);
        producer.setSendMsgTimeout(10_000);
        producer.setRetryTimesWhenSendFailed(5);
        producer.start();
        Emit.line("started");
        for (int done = 0;; Thread.sleep(20)) {
            List<String> lines = Files.exists(commands) ? Files.readAllLines(commands) : List.of();
            for (; done < lines.size(); done++) {
                String[] words = lines.get(done).split(" ");
                if (words[0].equals("consume")) consume(topic, words.length > 1 ? Integer.parseInt(words[1]) : 0);
                else produce(producer, topic, Integer.parseInt(words[1]), Integer.parseInt(words[2]));
                Emit.line("done", "command", lines.get(done));
            }
        }
    }

    private static void produce(DefaultMQProducer producer, String topic, int first, int count) throws Exception {
        for (int n = first; n < first + count; n++) {
            Message message = new Message(topic, String.valueOf(n).getBytes(StandardCharsets.UTF_8));
            try {
                SendResult result = producer.send(message);
                Emit.line("sent", "n", n, "status", result.getSendStatus(), "broker",
                    result.getMessageQueue().getBrokerName());
            } catch (Exception error) {
                Emit.line("failed", "n", n, "error", error);
            }
        }
    }

    private static void consume(String topic, int msEach) throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(topic + "-consumer");
        Heartbeats.often(consumer);
        consumer.setInstanceName("consumer");
        consumer.setPollNameServerInterval(ROUTE_MS);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, "*");
        if (msEach > 0) {
            consumer.setPullBatchSize(4);
            consumer.setPullThresholdForQueue(8);
            consumer.setConsumeThreadMin(2);
            consumer.setConsumeThreadMax(2);
        }
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt message : messages) {
                Emit.line("received", "n", Integer.parseInt(new String(message.getBody(), StandardCharsets.UTF_8)),
                    "broker", message.getBrokerName(), "at", System.currentTimeMillis());
                if (msEach > 0) pause(msEach);
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
    }

    private static void pause(int ms) {
        try {
            Thread.sleep(ms);
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }
}
