import org.apache.rocketmq.client.ClientConfig;

/**
 * Consumers that need not wait half a minute. Each rebalance gives a subscription a new version and tells the broker by a
 * heartbeat, which the client leaves out when its scheduled one is under way; until the next, every pull is refused as
 * SUBSCRIPTION_NOT_LATEST, by Apache's broker too. On a busy machine that is one start of twelve.
 */
final class Heartbeats {
    private static final int INTERVAL_MS = 3_000;

    private Heartbeats() {}

    static void often(ClientConfig client) {
        client.setHeartbeatBrokerInterval(INTERVAL_MS);
    }
}
