import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.apis.ClientConfiguration;
import org.apache.rocketmq.client.apis.ClientException;
import org.apache.rocketmq.client.apis.ClientServiceProvider;
import org.apache.rocketmq.client.apis.consumer.ConsumeResult;
import org.apache.rocketmq.client.apis.consumer.FilterExpression;
import org.apache.rocketmq.client.apis.consumer.FilterExpressionType;
import org.apache.rocketmq.client.apis.consumer.PushConsumer;
import org.apache.rocketmq.client.apis.consumer.SimpleConsumer;
import org.apache.rocketmq.client.apis.message.Message;
import org.apache.rocketmq.client.apis.message.MessageView;
import org.apache.rocketmq.client.apis.producer.Producer;

/**
 * What bench/grpc asks of the official client, which is as it comes: TLS, its own number of threads.
 *
 *   send ENDPOINT TOPIC THREADS BYTES           synchronously, until it is killed
 *   consume ENDPOINT TOPIC GROUP COUNT LOOPS    simple consumer: receives 32, acknowledges each, LOOPS times at once
 *   push ENDPOINT TOPIC GROUP COUNT             push consumer that does nothing with a message
 *   latency ENDPOINT TOPIC GROUP SECONDS PAUSE  to a push consumer of the same process, PAUSE ms after the last arrived
 */
public final class GrpcBench {
    private static final ClientServiceProvider PROVIDER = ClientServiceProvider.loadService();
    private static final FilterExpression ALL = new FilterExpression("*", FilterExpressionType.TAG);
    private static final int BATCH = 32;
    private static final Duration INVISIBLE = Duration.ofSeconds(60);
    private static ClientConfiguration configuration;
    private static String topic;

    public static void main(String[] args) throws Exception {
        configuration = ClientConfiguration.newBuilder().setEndpoints(args[1]).build();
        topic = args[2];
        switch (args[0]) {
            case "send" -> send(Integer.parseInt(args[3]), Integer.parseInt(args[4]));
            case "consume" -> consume(args[3], Integer.parseInt(args[4]), Integer.parseInt(args[5]));
            case "push" -> push(args[3], Integer.parseInt(args[4]));
            case "latency" -> latency(args[3], Long.parseLong(args[4]), Long.parseLong(args[5]));
            default -> throw new IllegalArgumentException(args[0]);
        }
        // Threads of the client would keep it for long.
        Runtime.getRuntime().halt(0);
    }

    private static void send(int threads, int bytes) throws Exception {
        Producer producer = producer();
        Message message = message(new byte[bytes]);
        Emit.line("started");
        inParallel(threads, () -> {
            while (true) producer.send(message);
        });
    }

    private static void consume(String group, int count, int loops) throws Exception {
        SimpleConsumer consumer = PROVIDER.newSimpleConsumerBuilder().setClientConfiguration(configuration)
            .setConsumerGroup(group).setAwaitDuration(Duration.ofSeconds(10))
            .setSubscriptionExpressions(Collections.singletonMap(topic, ALL)).build();
        Progress progress = new Progress(count);
        inParallel(loops, () -> {
            while (!progress.isOver()) {
                List<CompletableFuture<Void>> acknowledged = new ArrayList<>();
                for (MessageView message : consumer.receive(BATCH, INVISIBLE)) {
                    acknowledged.add(consumer.ackAsync(message));
                }
                for (CompletableFuture<Void> one : acknowledged) one.get(10, TimeUnit.SECONDS);
                progress.add(acknowledged.size());
            }
        });
    }

    /** Of the acknowledgements, which the client sends by itself, this tells nothing: what is consumed counts. */
    private static void push(String group, int count) throws Exception {
        Progress progress = new Progress(count);
        CountDownLatch over = new CountDownLatch(1);
        startPush(group, message -> {
            progress.add(1);
            if (progress.isOver()) over.countDown();
        });
        over.await();
    }

    private static void latency(String group, long seconds, long pauseMs) throws Exception {
        SynchronousQueue<Long> arrived = new SynchronousQueue<>();
        startPush(group, message -> arrived.put(message.getBody().getLong()));
        Producer producer = producer();
        List<Long> micros = new ArrayList<>();
        long untilNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (System.nanoTime() < untilNs) {
            Thread.sleep(pauseMs);
            long bornNs = System.nanoTime();
            producer.send(message(ByteBuffer.allocate(Long.BYTES).putLong(bornNs).array()));
            for (Long got = null; got == null || got != bornNs;) {
                got = arrived.poll(30, TimeUnit.SECONDS);
                if (got == null) throw new IllegalStateException("no message came within 30 s");
            }
            micros.add((System.nanoTime() - bornNs) / 1000);
        }
        for (long one : micros) Emit.line("latency", "us", one);
        Emit.line("done");
    }

    private interface Handler {
        void take(MessageView message) throws InterruptedException;
    }

    private static PushConsumer startPush(String group, Handler handler) throws ClientException {
        return PROVIDER.newPushConsumerBuilder().setClientConfiguration(configuration).setConsumerGroup(group)
            .setSubscriptionExpressions(Collections.singletonMap(topic, ALL))
            .setMessageListener(message -> {
                try {
                    handler.take(message);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                return ConsumeResult.SUCCESS;
            }).build();
    }

    private static Producer producer() throws ClientException {
        return PROVIDER.newProducerBuilder().setClientConfiguration(configuration).setTopics(topic).build();
    }

    private static Message message(byte[] body) {
        return PROVIDER.newMessageBuilder().setTopic(topic).setBody(body).build();
    }

    private interface Work {
        void run() throws Exception;
    }

    /** Ends with the first that fails. */
    private static void inParallel(int threads, Work work) throws Exception {
        List<CompletableFuture<Void>> running = new ArrayList<>();
        CompletableFuture<Void> failed = new CompletableFuture<>();
        for (int i = 0; i < threads; i++) {
            CompletableFuture<Void> one = new CompletableFuture<>();
            running.add(one);
            new Thread(() -> {
                try {
                    work.run();
                    one.complete(null);
                } catch (Throwable e) {
                    failed.completeExceptionally(e);
                }
            }).start();
        }
        CompletableFuture.anyOf(failed, CompletableFuture.allOf(running.toArray(new CompletableFuture<?>[0]))).get();
    }

    /** Tells how far it is, a hundred times. */
    private static final class Progress {
        private final int count;
        private final int step;
        private final AtomicInteger done = new AtomicInteger();
        private final AtomicInteger told = new AtomicInteger();

        Progress(int count) {
            this.count = count;
            this.step = Math.max(1, count / 100);
        }

        boolean isOver() {
            return done.get() >= count;
        }

        void add(int more) {
            int now = done.addAndGet(more);
            int before = told.getAndAccumulate(now / step, Math::max);
            if (now / step > before) Emit.line("consumed", "count", now, "atMs", System.currentTimeMillis());
        }
    }
}
