import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.remoting.protocol.admin.ConsumeStats;
import org.apache.rocketmq.remoting.protocol.admin.OffsetWrapper;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;
import org.apache.rocketmq.tools.command.MQAdminStartup;

/**
 * Runs many commands of mqadmin in one virtual machine, where each would cost a second or more. Every line of a file is
 * one, its words apart by tabs, and each prints one line with its whole output. "=consume GROUP TOPIC" starts a consumer
 * that stays, "=produce GROUP TOPIC COUNT" a producer that stays after it sent, and "=committed GROUP TOPIC COUNT" waits
 * until the broker knows that the group consumed so many.
 *
 * Arguments: how long a command may take in ms, after which it is left alone; the file. A wait may take two minutes.
 */
public final class Tools {
    private static final PrintStream OUT = System.out;
    /** Of the command that a thread belongs to: one that was left alone must not write into those after it. */
    private static final InheritableThreadLocal<ByteArrayOutputStream> WRITTEN = new InheritableThreadLocal<>();

    private static final long COMMITTED_LIMIT_MS = 120_000;

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
            thread.join(line.startsWith("=committed") ? COMMITTED_LIMIT_MS + limitMs : limitMs);
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
            if (words[0].equals("=committed")) committed(words[1], words[2], Long.parseLong(words[3]));
            else if (words[0].equals("=consume")) consume(words[1], words[2]);
            else if (words[0].equals("=produce")) produce(words[1], words[2], Integer.parseInt(words[3]));
            else MQAdminStartup.main0(words, null);
        } catch (Throwable failure) {
            failure.printStackTrace();
        }
    }

    private static void consume(String group, String topic) throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(group);
        Heartbeats.often(consumer);
        consumer.setInstanceName("consumer");
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(topic, "*");
        consumer.registerMessageListener(
            (MessageListenerConcurrently) (messages, context) -> ConsumeConcurrentlyStatus.CONSUME_SUCCESS);
        consumer.start();
    }

    private static void produce(String group, String topic, int count) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer(group);
        Heartbeats.often(producer);
        producer.setInstanceName("producer");
        producer.start();
        for (int n = 0; n < count; n++) {
            Message message = new Message(topic, "TagA", "key" + n, ("message " + n).getBytes(StandardCharsets.UTF_8));
            producer.send(message, (queues, sent, number) -> queues.get((int) number % queues.size()), n);
        }
        untilKnown(group, topic);
    }

    /** A producer tells the broker of itself by a heartbeat, once it knows the way to it. */
    private static void untilKnown(String group, String topic) throws Exception {
        DefaultMQAdminExt admin = new DefaultMQAdminExt();
        admin.setInstanceName("known" + group);
        admin.start();
        for (boolean isKnown = false; !isKnown; ) {
            try {
                isKnown = !admin.examineProducerConnectionInfo(group, topic).getConnectionSet().isEmpty();
            } catch (MQBrokerException | MQClientException notYet) {
                Thread.sleep(200);
            }
        }
        admin.shutdown();
    }

    /** A consumer tells its offsets every five seconds, and begins when it likes. */
    private static void committed(String group, String topic, long count) throws Exception {
        DefaultMQAdminExt admin = new DefaultMQAdminExt();
        admin.setInstanceName("committed" + count);
        admin.start();
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(COMMITTED_LIMIT_MS);
        long found = -1;
        while (found != count && System.nanoTime() < end) {
            Thread.sleep(200);
            try {
                ConsumeStats stats = admin.examineConsumeStats(group, topic);
                found = stats.getOffsetTable().values().stream().mapToLong(OffsetWrapper::getConsumerOffset).sum();
            } catch (MQClientException | MQBrokerException notYet) {
                found = -1;
            }
        }
        admin.shutdown();
        if (found != count) throw new IllegalStateException(group + " committed " + found + " of " + count);
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
