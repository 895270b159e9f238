import static java.net.http.HttpResponse.BodyHandlers.ofString;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class OrdersTest {
    static Process broker;
    static String ready;
    static DefaultMQProducer producer;

    @BeforeAll
    static void start() throws Exception {
        String options = "--temp --namesrv-port 0 --port 0 --grpc-port off --control-port 0 --json";
        broker = new ProcessBuilder(("rocketmq-local start " + options).split(" ")).start();
        ready = broker.inputReader(UTF_8).readLine();
        producer = new DefaultMQProducer("shop");
        producer.setNamesrvAddr(told("namesrv"));
        producer.start();
    }

    @AfterAll
    static void stop() {
        producer.shutdown();
        broker.destroy();
    }

    @Test
    void aBusyBrokerIsAskedAgain() throws Exception {
        control("/faults", "{'kind': 'refuse', 'code': 'SYSTEM_BUSY', 'request': 'SEND', 'count': 2}");
        assertEquals(SendStatus.SEND_OK, producer.send(new Message("Orders", "order 7".getBytes())).getSendStatus());
        control("/wait", "{'topic': 'Orders', 'messages': 1}");
    }

    @Test
    void anOrderThatIsNotPaidIsCancelledAfterAnHour() throws Exception {
        BlockingQueue<String> cancelled = new LinkedBlockingQueue<>();
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer("canceller");
        consumer.setNamesrvAddr(told("namesrv"));
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe("Timeouts", "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            messages.forEach(message -> cancelled.add(new String(message.getBody(), UTF_8)));
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        control("/seed", "{'topics': ['Timeouts'], 'groups': ['canceller']}");
        consumer.start();
        Message timeout = new Message("Timeouts", "order 7".getBytes());
        timeout.setDelayTimeLevel(17);
        producer.send(timeout);
        assertNull(cancelled.poll());
        control("/clock", "{'by': '1h'}");
        assertEquals("order 7", cancelled.poll(60, TimeUnit.SECONDS));
        control("/wait", "{'topic': 'Timeouts', 'group': 'canceller', 'timeoutMs': 30000}");
        consumer.shutdown();
    }

    static void control(String path, String json) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(told("url") + path))
            .header("Authorization", "Bearer " + told("token"))
            .POST(HttpRequest.BodyPublishers.ofString(json.replace('\'', '"')))
            .build();
        var answer = HttpClient.newHttpClient().send(request, ofString());
        assertEquals(200, answer.statusCode(), answer.body());
    }

    /** A field of the ready line. */
    static String told(String field) {
        return ready.replaceAll(".*\"" + field + "\":\"([^\"]*)\".*", "$1");
    }
}
