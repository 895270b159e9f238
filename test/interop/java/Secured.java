import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.acl.common.AclClientRPCHook;
import org.apache.rocketmq.acl.common.SessionCredentials;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.rebalance.AllocateMessageQueueAveragely;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.remoting.RPCHook;

/**
 * Sends to topics as somebody, whose key may be wrong, and reads the first of them in a group.
 * Arguments: access key ("-" for nobody), secret, group ("-" for none), topics.
 */
public final class Secured {
    public static void main(String[] args) {
        try {
            run(args);
            System.exit(0);
        } catch (Throwable error) {
            error.printStackTrace();
            // The threads of the clients would keep the process.
            System.exit(1);
        }
    }

    private static void run(String[] args) throws Exception {
        RPCHook hook = "-".equals(args[0]) ? null : new AclClientRPCHook(new SessionCredentials(args[0], args[1]));
        DefaultMQProducer producer = new DefaultMQProducer("Secured-producer", hook);
        producer.setRetryTimesWhenSendFailed(0);
        producer.setSendMsgTimeout(20_000);
        producer.start();
        for (int i = 3; i < args.length; i++) send(producer, args[i]);
        if (!"-".equals(args[2])) receive(hook, args[2], args[3]);
        producer.shutdown();
    }

    private static void send(DefaultMQProducer producer, String topic) throws Exception {
        try {
            Message message = new Message(topic, "TagA", "key", "hello".getBytes(StandardCharsets.UTF_8));
            Emit.line("sent", "topic", topic, "status", producer.send(message).getSendStatus());
        } catch (MQClientException error) {
            MQBrokerException cause = (MQBrokerException) error.getCause();
            Emit.line("refused", "topic", topic, "code", cause.getResponseCode(), "message", cause.getErrorMessage());
        }
    }

    private static void receive(RPCHook hook, String group, String topic) throws Exception {
        CountDownLatch came = new CountDownLatch(1);
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(group, hook, new AllocateMessageQueueAveragely());
        Heartbeats.often(consumer);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt message : messages) {
                Emit.line("received", "body", new String(message.getBody(), StandardCharsets.UTF_8));
            }
            came.countDown();
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        Emit.line("waited", "came", came.await(90, TimeUnit.SECONDS));
        consumer.shutdown();
    }
}
