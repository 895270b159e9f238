import java.nio.charset.StandardCharsets;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.client.producer.TransactionSendResult;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * Sends one transactional message for each way in which a transaction can end, and consumes what was committed, until it
 * is ended. The body says how it ends: at once, and where it does not, when the broker asks.
 */
public final class Transactions implements TransactionListener {
    private static final String[] WAYS = {"commit", "rollback", "unknown then commit", "unknown then rollback",
        "unknown twice then commit", "throws then commit"};

    public static void main(String[] args) throws Exception {
        String topic = args[0];
        consume(topic);
        TransactionMQProducer producer = new TransactionMQProducer(topic + "-producer");
        producer.setInstanceName("producer");
        producer.setTransactionListener(new Transactions());
        producer.start();
        for (String way : WAYS) {
            Message message = new Message(topic, "TagA", way.replace(' ', '-'), way.getBytes(StandardCharsets.UTF_8));
            TransactionSendResult result = producer.sendMessageInTransaction(message, way);
            Emit.line("sent", "body", way, "status", result.getSendStatus(), "state",
                result.getLocalTransactionState(), "transactionId", result.getTransactionId(), "msgId",
                result.getMsgId());
        }
        Emit.line("started");
        Thread.currentThread().join();
    }

    @Override
    public LocalTransactionState executeLocalTransaction(Message message, Object way) {
        Emit.line("executed", "body", body(message), "transactionId", message.getTransactionId());
        if ("commit".equals(way)) return LocalTransactionState.COMMIT_MESSAGE;
        if ("rollback".equals(way)) return LocalTransactionState.ROLLBACK_MESSAGE;
        if (((String) way).startsWith("throws")) throw new IllegalStateException("the local transaction failed");
        return LocalTransactionState.UNKNOW;
    }

    @Override
    public LocalTransactionState checkLocalTransaction(MessageExt message) {
        String times = message.getProperty("TRANSACTION_CHECK_TIMES");
        Emit.line("checked", "body", body(message), "transactionId", message.getTransactionId(), "topic",
            message.getTopic(), "times", times);
        if (body(message).startsWith("unknown twice") && "1".equals(times)) return LocalTransactionState.UNKNOW;
        return body(message).endsWith("commit") ? LocalTransactionState.COMMIT_MESSAGE
            : LocalTransactionState.ROLLBACK_MESSAGE;
    }

    private static void consume(String topic) throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(topic + "-consumer");
        Heartbeats.often(consumer);
        consumer.setInstanceName("consumer");
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, "TagA");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt message : messages) {
                Emit.line("received", "body", body(message), "transactionId", message.getTransactionId(), "keys",
                    message.getKeys(), "msgId", message.getMsgId());
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
    }

    private static String body(Message message) {
        return new String(message.getBody(), StandardCharsets.UTF_8);
    }
}
