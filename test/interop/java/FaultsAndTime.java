import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.LocalTransactionState;
import org.apache.rocketmq.client.producer.TransactionListener;
import org.apache.rocketmq.client.producer.TransactionMQProducer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** Sends to a broker that is told to fail, and consumes from one whose clock jumps, until all of it has come. */
public final class FaultsAndTime implements TransactionListener {
    private static final Set<String> SEEN = ConcurrentHashMap.newKeySet();
    private static String url;
    private static String token;

    public static void main(String[] args) throws Exception {
        url = args[0];
        token = args[1];
        sends();
        TransactionMQProducer producer = new TransactionMQProducer("TimeProducer");
        producer.setInstanceName("time");
        producer.setTransactionListener(new FaultsAndTime());
        Heartbeats.often(producer);
        producer.start();
        DefaultMQPushConsumer consumer = consume();
        Message hour = message("Time", "hour");
        hour.setDelayTimeLevel(17);
        producer.send(hour);
        producer.send(message("Time", "fails twice"));
        producer.sendMessageInTransaction(message("Time", "transaction"), null);
        control("/faults", "{\"kind\":\"deliverTwice\",\"topic\":\"Time\",\"count\":1}");
        // What the client sends back comes by its own time, and so does its first heartbeat.
        for (String due : new String[] {"fails twice 0", "fails twice 1", "fails twice 2", "transaction 0", "hour 0"}) {
            while (!SEEN.contains(due)) {
                control("/clock", due.startsWith("hour") ? "{\"by\":\"1h\"}" : "{\"by\":\"30s\"}");
                Thread.sleep(200);
            }
        }
        consumer.shutdown();
        producer.shutdown();
        Emit.line("done");
        System.exit(0);
    }

    private static void sends() throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer("FaultsProducer");
        producer.setInstanceName("faults");
        producer.setSendMsgTimeout(20_000);
        producer.start();
        send(producer, "warm", 20_000);
        fault("\"kind\":\"refuse\",\"code\":\"SYSTEM_BUSY\",\"count\":2");
        send(producer, "busy twice", 20_000);
        fault("\"kind\":\"refuse\",\"code\":\"SYSTEM_BUSY\",\"count\":3");
        send(producer, "busy thrice", 20_000);
        fault("\"kind\":\"refuse\",\"code\":\"FLUSH_DISK_TIMEOUT\",\"count\":1");
        send(producer, "flush", 20_000);
        fault("\"kind\":\"closeConnection\",\"count\":1");
        send(producer, "closed", 20_000);
        fault("\"kind\":\"delay\",\"ms\":20000,\"count\":1");
        send(producer, "late", 3000);
        fault("\"kind\":\"dropAnswer\",\"count\":1");
        producer.setSendMsgMaxTimeoutPerRequest(3000);
        send(producer, "dropped", 20_000);
        producer.shutdown();
    }

    private static void send(DefaultMQProducer producer, String body, long timeoutMs) {
        String how;
        try {
            how = producer.send(message("Faults", body), timeoutMs).getSendStatus().name();
        } catch (Exception e) {
            how = e.getClass().getSimpleName();
        }
        Emit.line("sent", "body", body, "how", how);
    }

    private static DefaultMQPushConsumer consume() throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer("TimeGroup");
        Heartbeats.often(consumer);
        consumer.setInstanceName("consumer");
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe("Time", "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt message : messages) {
                String what = new String(message.getBody(), StandardCharsets.UTF_8) + " " + message.getReconsumeTimes();
                Emit.line("received", "what", what, "storedMs", message.getStoreTimestamp());
                SEEN.add(what);
                if (what.equals("fails twice 0") || what.equals("fails twice 1")) {
                    return ConsumeConcurrentlyStatus.RECONSUME_LATER;
                }
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        return consumer;
    }

    @Override
    public LocalTransactionState executeLocalTransaction(Message message, Object argument) {
        return LocalTransactionState.UNKNOW;
    }

    @Override
    public LocalTransactionState checkLocalTransaction(MessageExt message) {
        Emit.line("checked", "times", message.getProperty("TRANSACTION_CHECK_TIMES"));
        return LocalTransactionState.COMMIT_MESSAGE;
    }

    private static void fault(String what) throws Exception {
        control("/faults", "{\"topic\":\"Faults\",\"request\":\"SEND\"," + what + "}");
    }

    private static void control(String path, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + path)).header("Authorization", "Bearer " + token)
            .POST(HttpRequest.BodyPublishers.ofString(body)).build();
        HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) throw new IllegalStateException(answer.body());
    }

    private static Message message(String topic, String body) {
        return new Message(topic, body.getBytes(StandardCharsets.UTF_8));
    }
}
