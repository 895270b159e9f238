import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.tools.command.MQAdminStartup;

/**
 * Runs many commands of mqadmin in one virtual machine, where each would cost a second or more. Every line of a file is
 * one, its words apart by tabs, and each prints one line with its whole output. "=consume GROUP TOPIC" starts a consumer
 * that stays, "=produce GROUP TOPIC COUNT" a producer that stays after it sent, "=sleep MS" waits.
 *
 * Arguments: how long a command may take in ms, after which it is left alone; the file.
 */
public final class Tools {
    private static final PrintStream OUT = System.out;
    /** Of the command that a thread belongs to: one that was left alone must not write into those after it. */
    private static final InheritableThreadLocal<ByteArrayOutputStream> WRITTEN = new InheritableThreadLocal<>();

    private Tools() {}

    public static void main(String[] args) throws Exception {
        System.setSecurityManager(new NoExit());
        long limitMs = Long.parseLong(args[0]);
        PrintStream apart = new PrintStream(new Apart(), true, "UTF-8");
        for (String line : Files.readAllLines(Path.of(args[1]), StandardCharsets.UTF_8)) {
            ByteArrayOutputStream written = new ByteArrayOutputStream();
            WRITTEN.set(written);
            System.setOut(apart);
            System.setErr(apart);
            Thread thread = new Thread(() -> run(line.split("\t")));
            thread.setDaemon(true);
            thread.start();
            thread.join(limitMs);
            System.setOut(OUT);
            String output = new String(written.toByteArray(), StandardCharsets.UTF_8);
            Emit.line("command", "line", line, "ended", !thread.isAlive(), "output", output);
        }
        Emit.line("done");
        WRITTEN.remove();
        Runtime.getRuntime().halt(0);
    }

    private static void run(String[] words) {
        try {
            if (words[0].equals("=sleep")) Thread.sleep(Long.parseLong(words[1]));
            else if (words[0].equals("=consume")) consume(words[1], words[2]);
            else if (words[0].equals("=produce")) produce(words[1], words[2], Integer.parseInt(words[3]));
            else MQAdminStartup.main0(words, null);
        } catch (Throwable failure) {
            failure.printStackTrace();
        }
    }

    private static void consume(String group, String topic) throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(group);
        consumer.setInstanceName("consumer");
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(
            (MessageListenerConcurrently) (messages, context) -> ConsumeConcurrentlyStatus.CONSUME_SUCCESS);
        consumer.start();
    }

    private static void produce(String group, String topic, int count) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer(group);
        producer.setInstanceName("producer");
        producer.start();
        for (int n = 0; n < count; n++) {
            Message message = new Message(topic, "TagA", "key" + n, ("message " + n).getBytes(StandardCharsets.UTF_8));
            producer.send(message, (queues, sent, number) -> queues.get((int) number % queues.size()), n);
        }
    }

    /** A command that does not understand its arguments would end everything. */
    private static final class NoExit extends SecurityManager {
        @Override
        public void checkExit(int status) {
            if (WRITTEN.get() != null) throw new SecurityException("exit " + status);
        }

        @Override
        public void checkPermission(java.security.Permission permission) {}
    }

    private static final class Apart extends OutputStream {
        @Override
        public void write(int value) {
            ByteArrayOutputStream written = WRITTEN.get();
            if (written != null) written.write(value);
        }
    }
}
