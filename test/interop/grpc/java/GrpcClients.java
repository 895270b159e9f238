import java.io.Closeable;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.apache.rocketmq.client.apis.ClientConfiguration;
import org.apache.rocketmq.client.apis.ClientException;
import org.apache.rocketmq.client.apis.ClientServiceProvider;
import org.apache.rocketmq.client.apis.consumer.ConsumeResult;
import org.apache.rocketmq.client.apis.consumer.FilterExpression;
import org.apache.rocketmq.client.apis.consumer.FilterExpressionType;
import org.apache.rocketmq.client.apis.consumer.LitePushConsumer;
import org.apache.rocketmq.client.apis.consumer.PushConsumer;
import org.apache.rocketmq.client.apis.consumer.SimpleConsumer;
import org.apache.rocketmq.client.apis.message.MessageBuilder;
import org.apache.rocketmq.client.apis.message.MessageView;
import org.apache.rocketmq.client.apis.producer.Producer;
import org.apache.rocketmq.client.apis.producer.SendReceipt;
import org.apache.rocketmq.client.apis.producer.Transaction;
import org.apache.rocketmq.client.apis.producer.TransactionResolution;

/**
 * What the suites of test/interop/grpc ask of every client: consumers of all kinds, then messages of all types.
 * Arguments: endpoint, and what the names of topics and groups begin with. Shuts down when it is told to end.
 */
public final class GrpcClients {
    private static final ClientServiceProvider PROVIDER = ClientServiceProvider.loadService();
    private static final FilterExpression ALL = new FilterExpression("*", FilterExpressionType.TAG);
    private static final List<Closeable> clients = Collections.synchronizedList(new ArrayList<>());
    private static final ConcurrentHashMap<String, Boolean> failedOnce = new ConcurrentHashMap<>();
    /** For one request, on a busy machine. */
    private static final Duration LONG = Duration.ofSeconds(20);
    private static ClientConfiguration configuration;
    private static ClientConfiguration plaintext;
    private static String prefix;

    public static void main(String[] args) throws Exception {
        // TLS, as the client does when it is not told otherwise.
        configuration = ClientConfiguration.newBuilder().setEndpoints(args[0]).setRequestTimeout(LONG).build();
        plaintext = ClientConfiguration.newBuilder().setEndpoints(args[0]).setRequestTimeout(LONG).enableSsl(false).build();
        prefix = args[1];
        Runtime.getRuntime().addShutdownHook(new Thread(GrpcClients::close));

        CompletableFuture<Producer> producer = background(GrpcClients::producer);
        List<CompletableFuture<?>> started = new ArrayList<>(List.of(producer,
            push("all", "normal", ALL, message -> true),
            push("tag", "normal", new FilterExpression("A || B", FilterExpressionType.TAG), message -> true),
            push("sql", "normal", new FilterExpression("colour = 'blue' AND TAGS <> 'C'", FilterExpressionType.SQL92),
                message -> true),
            push("fifo", "fifo", ALL, message -> !body(message).equals("g1-1") || failedOnce.put("fifo", true) != null),
            push("later", "delay", ALL, message -> true),
            push("transaction", "transaction", ALL, message -> true),
            push("retry", "retry", ALL, message -> false),
            push("priority", "priority", ALL, message -> true),
            background(GrpcClients::lite),
            background(GrpcClients::simple)));
        CompletableFuture.allOf(started.toArray(new CompletableFuture<?>[0])).get(120, TimeUnit.SECONDS);
        Emit.line("started");
        send(producer.get());
        Emit.line("done");
        Thread.currentThread().join();
    }

    private static Producer producer() throws ClientException {
        Producer producer = PROVIDER.newProducerBuilder().setClientConfiguration(configuration)
            .setTopics(topic("normal"), topic("fifo"), topic("delay"), topic("transaction"), topic("retry"),
                topic("priority"), topic("lite"))
            .setTransactionChecker(message -> {
                Emit.line("checked", "body", body(message), "id", message.getMessageId());
                return body(message).equals("checked") ? TransactionResolution.COMMIT : TransactionResolution.ROLLBACK;
            }).build();
        clients.add(producer);
        return producer;
    }

    private static void send(Producer producer) throws Exception {
        for (String tag : new String[] {"A", "B", "C"}) {
            String body = tag.equals("C") ? "plain C" + "x".repeat(100_000) : "plain " + tag;
            sent(producer.send(message("normal", body).setTag(tag).setKeys("k1", "k2")
                .addProperty("colour", tag.equals("B") ? "red" : "blue").build()), "plain " + tag);
        }
        for (int i = 0; i < 9; i++) {
            String body = "g" + i % 3 + "-" + i / 3;
            sent(producer.send(message("fifo", body).setMessageGroup("g" + i % 3).build()), body);
        }
        sent(producer.send(message("retry", "fails").build()), "fails");
        sent(producer.send(message("priority", "urgent").setPriority(3).build()), "urgent");
        for (String body : new String[] {"a-0", "b-0", "c-0", "a-1", "a-2"}) {
            sent(producer.send(message("lite", body).setLiteTopic(body.substring(0, 1)).build()), body);
        }

        long now = System.currentTimeMillis();
        sent(producer.send(message("delay", "later").setDeliveryTimestamp(now + 2000).build()), "later");
        SendReceipt unwanted = producer.send(message("delay", "unwanted").setDeliveryTimestamp(now + 3000).build());
        String recalled = producer.recallMessage(topic("delay"), unwanted.getRecallHandle()).getMessageId().toString();
        Emit.line("recalled", "is", recalled.equals(unwanted.getMessageId().toString()));
        sent(producer.send(message("delay", "last").setDeliveryTimestamp(now + 4000).build()), "last");

        for (String body : new String[] {"rolled back", "committed", "refused", "checked"}) {
            Transaction transaction = producer.beginTransaction();
            sent(producer.send(message("transaction", body).build(), transaction), body);
            if (body.equals("committed")) transaction.commit();
            if (body.equals("rolled back")) transaction.rollback();
        }
    }

    private static CompletableFuture<PushConsumer> push(
        String by, String topic, FilterExpression filter, Function<MessageView, Boolean> handle
    ) {
        return background(() -> {
            PushConsumer consumer = PROVIDER.newPushConsumerBuilder().setClientConfiguration(configuration)
                .setConsumerGroup(prefix + "-" + by)
                .setSubscriptionExpressions(Collections.singletonMap(topic(topic), filter))
                .setMessageListener(message -> {
                    received(by, message);
                    return handle.apply(message) ? ConsumeResult.SUCCESS : ConsumeResult.FAILURE;
                }).build();
            clients.add(consumer);
            return consumer;
        });
    }

    /** Of the lite topics a and c, and no longer of b. */
    private static LitePushConsumer lite() throws ClientException {
        LitePushConsumer consumer = PROVIDER.newLitePushConsumerBuilder().setClientConfiguration(configuration)
            .setConsumerGroup(prefix + "-lite").bindTopic(topic("lite"))
            .setMessageListener(message -> {
                received("lite", message);
                boolean fails = body(message).equals("c-0") && failedOnce.put("lite", true) == null;
                return fails ? ConsumeResult.FAILURE : ConsumeResult.SUCCESS;
            }).build();
        clients.add(consumer);
        for (String liteTopic : new String[] {"a", "b", "c"}) consumer.subscribeLite(liteTopic);
        consumer.unsubscribeLite("b");
        return consumer;
    }

    /** On the same port without TLS. Makes one message visible again, and acknowledges it when it comes the second time. */
    private static SimpleConsumer simple() throws ClientException {
        SimpleConsumer consumer = PROVIDER.newSimpleConsumerBuilder().setClientConfiguration(plaintext)
            .setConsumerGroup(prefix + "-simple").setAwaitDuration(Duration.ofSeconds(5))
            .setSubscriptionExpressions(Collections.singletonMap(topic("normal"), ALL)).build();
        AtomicBoolean open = new AtomicBoolean(true);
        clients.add(() -> {
            open.set(false);
            consumer.close();
        });
        Thread loop = new Thread(() -> {
            while (open.get()) {
                try {
                    for (MessageView message : consumer.receive(16, Duration.ofSeconds(30))) {
                        received("simple", message);
                        if (body(message).equals("plain B") && message.getDeliveryAttempt() == 1) {
                            consumer.changeInvisibleDuration(message, Duration.ofSeconds(1));
                        } else {
                            consumer.ack(message);
                        }
                    }
                } catch (Throwable e) {
                    if (!open.get()) return;
                    Emit.line("failed", "what", "simple consumer", "text", e);
                    pause();
                }
            }
        });
        loop.setDaemon(true);
        loop.start();
        return consumer;
    }

    private static void pause() {
        try {
            Thread.sleep(500);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static <T> CompletableFuture<T> background(Callable<T> work) {
        CompletableFuture<T> result = new CompletableFuture<>();
        new Thread(() -> {
            try {
                result.complete(work.call());
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        }).start();
        return result;
    }

    private static void close() {
        long startedMs = System.currentTimeMillis();
        List<CompletableFuture<Void>> closing = new ArrayList<>();
        for (Closeable client : clients) {
            closing.add(background(() -> {
                client.close();
                return null;
            }));
        }
        try {
            CompletableFuture.allOf(closing.toArray(new CompletableFuture<?>[0])).get(30, TimeUnit.SECONDS);
            Emit.line("closed", "clients", closing.size(), "ms", System.currentTimeMillis() - startedMs);
        } catch (Exception e) {
            Emit.line("failed", "what", "shutdown", "text", e);
        }
    }

    private static String topic(String kind) {
        return prefix + "-" + kind;
    }

    private static MessageBuilder message(String kind, String body) {
        return PROVIDER.newMessageBuilder().setTopic(topic(kind)).setBody(body.getBytes(StandardCharsets.UTF_8));
    }

    private static String body(MessageView message) {
        return StandardCharsets.UTF_8.decode(message.getBody()).toString();
    }

    private static void sent(SendReceipt receipt, String body) {
        Emit.line("sent", "body", body, "id", receipt.getMessageId());
    }

    private static void received(String by, MessageView message) {
        String body = body(message);
        Emit.line("received", "by", by, "body", body.substring(0, Math.min(body.length(), 12)), "size", body.length(),
            "id", message.getMessageId(), "topic", message.getTopic(), "tag", message.getTag().orElse(""),
            "keys", String.join(" ", message.getKeys()), "group", message.getMessageGroup().orElse(""),
            "lite", message.getLiteTopic().orElse(""),
            "colour", message.getProperties().getOrDefault("colour", ""), "attempt", message.getDeliveryAttempt(),
            "dueMs", message.getDeliveryTimestamp().orElse(0L), "atMs", System.currentTimeMillis());
    }
}
