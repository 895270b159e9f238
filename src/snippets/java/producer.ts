import type { Snippet } from '../snippet.ts';
import { JAVA_CLIENT } from './client.ts';

export const javaProducer: Snippet = {
  language: 'java',
  pattern: 'producer',
  prefix: 'rmq-producer',
  dependency: JAVA_CLIENT,
  template: String.raw`// Maven: {{dependency}}
// Address: NameServer (port 9876), "host:port;host:port". The environment variable NAMESRV_ADDR overrides it.

import java.nio.charset.StandardCharsets;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.remoting.exception.RemotingException;

public final class {{className}} {
    private static final String NAME_SERVERS = System.getenv().getOrDefault("NAMESRV_ADDR", "{{nameServers}}");
    private static final String TOPIC = "{{topic}}";
    private static final String GROUP = "{{group}}";
    private static final String TAG = "{{tag}}";

    public static void main(String[] args) throws MQClientException, InterruptedException {
        DefaultMQProducer producer = new DefaultMQProducer(GROUP);
        producer.setNamesrvAddr(NAME_SERVERS);
        producer.setSendMsgTimeout(3000);
        producer.setRetryTimesWhenSendFailed(2);
        // One producer serves the whole application and all its threads.
        producer.start();
        try {
            for (int i = 0; i < 10; i++) {
                send(producer, "key-" + i, "Hello RocketMQ " + i);
            }
        } finally {
            producer.shutdown();
        }
    }

    private static void send(DefaultMQProducer producer, String key, String body) throws InterruptedException {
        {{cursor}}Message message = new Message(TOPIC, TAG, key, body.getBytes(StandardCharsets.UTF_8));
        try {
            SendResult result = producer.send(message);
            System.out.printf("%s %s %s offset %d%n", result.getSendStatus(), result.getMsgId(),
                    result.getMessageQueue(), result.getQueueOffset());
            if (result.getSendStatus() != SendStatus.SEND_OK) {
                // The master has the message, but the disk or a slave had not confirmed it in time.
                System.err.printf("%s is stored, but not yet safe: %s%n", key, result.getSendStatus());
            }
        } catch (MQClientException | RemotingException | MQBrokerException | IllegalStateException e) {
            // All retries failed, or no NameServer answered. Keep the message and send it again later; it may have
            // arrived nevertheless.
            System.err.printf("Cannot send %s: %s%n", key, e.getMessage());
        }
    }
}
`,
};
