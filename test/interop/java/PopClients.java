import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.MessageSelector;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageRequestMode;
import org.apache.rocketmq.remoting.protocol.route.BrokerData;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/**
 * Sends to a topic, then consumes it by POP in several groups at once until it is ended: the broker assigns, and the
 * clients pop, acknowledge, and let come again. Arguments: topic, number of messages.
 */
public final class PopClients {
    private static final Set<String> SEEN = ConcurrentHashMap.newKeySet();

    public static void main(String[] args) throws Exception {
        String topic = args[0];
        for (String group : new String[] {"all", "pair", "tag", "slow"}) switchToPop(topic, topic + "-" + group);
        consume(topic, "all", "all", MessageSelector.byTag("*"), 60_000);
        consume(topic, "pair", "one", MessageSelector.byTag("*"), 60_000);
        consume(topic, "pair", "two", MessageSelector.byTag("*"), 60_000);
        consume(topic, "tag", "tag", MessageSelector.byTag("TagA"), 60_000);
        consume(topic, "slow", "slow", MessageSelector.byTag("*"), 10_000);
        Emit.line("started");
        send(topic, Integer.parseInt(args[1]));
        Emit.line("sent");
        Thread.currentThread().join();
    }

    private static void switchToPop(String topic, String group) throws Exception {
        DefaultMQAdminExt admin = new DefaultMQAdminExt();
        admin.setInstanceName("admin-" + group);
        admin.start();
        try {
            for (BrokerData broker : admin.examineTopicRouteInfo(topic).getBrokerDatas()) {
                for (String address : broker.getBrokerAddrs().values()) {
                    admin.setMessageRequestMode(address, topic, group, MessageRequestMode.POP, 0, 3_000);
                }
            }
        } finally {
            admin.shutdown();
        }
    }

    private static void send(String topic, int count) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer(topic + "-producer");
        producer.start();
        for (int n = 0; n < count; n++) {
            byte[] body = String.valueOf(n).getBytes(StandardCharsets.UTF_8);
            producer.send(new Message(topic, n % 2 == 0 ? "TagA" : "TagB", "key" + n, body));
        }
        producer.shutdown();
    }

    private static void consume(String topic, String group, String by, MessageSelector selector, long invisibleMs)
        throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(topic + "-" + group);
        Heartbeats.often(consumer);
        consumer.setInstanceName(by);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setClientRebalance(false);
        consumer.setPopInvisibleTime(invisibleMs);
        consumer.setConsumeMessageBatchMaxSize(1);
        consumer.subscribe(topic, selector);
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            ConsumeConcurrentlyStatus status = ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
            for (MessageExt message : messages) {
                String n = new String(message.getBody(), StandardCharsets.UTF_8);
                Emit.line("received", "by", by, "n", n, "reconsumeTimes", message.getReconsumeTimes(), "topic",
                    message.getTopic());
                boolean first = SEEN.add(by + " " + n);
                if (by.equals("all") && n.equals("3") && first) status = ConsumeConcurrentlyStatus.RECONSUME_LATER;
                if (by.equals("slow") && n.equals("0") && first) rest(13_000);
            }
            return status;
        });
        consumer.start();
    }

    private static void rest(long ms) {
        try {
            Thread.sleep(ms);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
