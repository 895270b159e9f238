import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.RequestCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.utils.MessageUtil;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** A requester and a responder: a request that waits, one with a callback, a large reply, one that nobody answers. */
public final class RequestReply {
    private static final String LARGE = new String(new char[6000]).replace('\0', 'x');

    public static void main(String[] args) throws Exception {
        String topic = args[0];
        respond(topic);
        DefaultMQProducer producer = new DefaultMQProducer(topic + "-requester");
        // Replies find it by its heartbeat.
        Heartbeats.often(producer);
        producer.setInstanceName("requester");
        producer.start();
        reply("sync", producer.request(message(topic, "sync"), 75_000));

        CountDownLatch answered = new CountDownLatch(1);
        producer.request(message(topic, "async"), new RequestCallback() {
            @Override
            public void onSuccess(Message message) {
                reply("async", message);
                answered.countDown();
            }

            @Override
            public void onException(Throwable error) {
                Emit.line("failed", "kind", "async", "error", error);
                answered.countDown();
            }
        }, 75_000);
        answered.await();
        reply("large", producer.request(message(topic, "large"), 75_000));
        try {
            reply("ignored", producer.request(message(topic, "ignored"), 2000));
        } catch (Exception error) {
            Emit.line("failed", "kind", "ignored", "error", error.getClass().getSimpleName());
        }
        Emit.line("done");
        Thread.currentThread().join();
    }

    private static Message message(String topic, String kind) {
        return new Message(topic, kind.getBytes(StandardCharsets.UTF_8));
    }

    private static void reply(String kind, Message message) {
        String body = new String(message.getBody(), StandardCharsets.UTF_8);
        Emit.line("reply", "kind", kind, "topic", message.getTopic(), "size", body.length(), "body",
            body.substring(0, Math.min(40, body.length())), "type", message.getProperty("MSG_TYPE"));
    }

    private static void respond(String topic) throws Exception {
        DefaultMQProducer replier = new DefaultMQProducer(topic + "-replier");
        replier.setInstanceName("replier");
        replier.start();
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(topic + "-responder");
        Heartbeats.often(consumer);
        consumer.setInstanceName("responder");
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt request : messages) {
                String body = new String(request.getBody(), StandardCharsets.UTF_8);
                if (body.equals("ignored")) continue;
                String answer = "answer to " + body + (body.equals("large") ? LARGE : "");
                try {
                    SendResult result =
                        replier.send(MessageUtil.createReplyMessage(request, answer.getBytes(StandardCharsets.UTF_8)), 10_000);
                    Emit.line("replied", "kind", body, "status", result.getSendStatus());
                } catch (Exception error) {
                    Emit.line("failed", "kind", body, "error", error);
                }
            }
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
    }
}
