import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.apache.rocketmq.client.QueryResult;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.TopicConfig;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.remoting.protocol.body.ConsumerRunningInfo;
import org.apache.rocketmq.remoting.protocol.subscription.SubscriptionGroupConfig;
import org.apache.rocketmq.tools.admin.DefaultMQAdminExt;

/**
 * The calls that the pages of the RocketMQ Dashboard make, page by page, through the admin client that it uses. Each
 * prints what came of it: sizes, names and codes, which are the same on every broker. Arguments: the broker's address.
 */
public final class Dashboard {
    private static final String TOPIC = "BoardTopic";
    private static final String GROUP = "BoardGroup";

    private Dashboard() {}

    public static void main(String[] args) throws Exception {
        String broker = args[0];
        DefaultMQAdminExt admin = new DefaultMQAdminExt(5000);
        admin.setInstanceName("dashboard");
        admin.start();

        // Home and Cluster.
        step("cluster", () -> admin.examineBrokerClusterInfo().getClusterAddrTable());
        step("runtime", () -> {
            Set<String> keys = new TreeSet<>(admin.fetchBrokerRuntimeStats(broker).getTable().keySet());
            keys.removeIf(key -> key.contains("/") || key.startsWith("scheduleMessageOffset"));
            return keys.containsAll(List.of("msgGetTotalTodayNow", "msgPutTotalTodayNow", "msgPutTotalTodayMorning",
                "putTps", "getTotalTps", "getTransferredTps", "brokerVersionDesc"));
        });
        step("totalTps", () -> admin.fetchBrokerRuntimeStats(broker).getTable().get("getTotalTps").split(" ").length);
        step("config", () -> admin.getBrokerConfig(broker).getProperty("brokerName"));
        step("namesrvConfig", () -> admin.getNameServerConfig(admin.getNameServerAddressList()).size());

        // Topic.
        TopicConfig config = new TopicConfig(TOPIC, 4, 4, 6);
        config.getAttributes().put("+message.type", "NORMAL");
        step("createTopic", () -> { admin.createAndUpdateTopicConfig(broker, config); return "done"; });
        step("topicConfig", () -> admin.examineTopicConfig(broker, TOPIC));
        step("topicConfigMissing", () -> admin.examineTopicConfig(broker, "NoSuchTopic"));
        step("topicList", () -> admin.fetchAllTopicList().getTopicList().contains(TOPIC));
        step("userTopics", () -> admin.getUserTopicConfig(broker, false, 3000).getTopicConfigTable().keySet());
        step("allTopics", () -> admin.getAllTopicConfig(broker, 3000).getTopicConfigTable().containsKey("TBW102"));
        step("topicsOfCluster", () -> admin.fetchTopicsByCLuster("DefaultCluster").getTopicList().contains(TOPIC));
        step("route", () -> admin.examineTopicRouteInfo(TOPIC).getQueueDatas());
        step("routeMissing", () -> admin.examineTopicRouteInfo("NoSuchTopic"));
        step("clustersOfTopic", () -> admin.getTopicClusterList(TOPIC));

        // Messages, and a consumer and a producer to look at.
        SubscriptionGroupConfig group = new SubscriptionGroupConfig();
        group.setGroupName(GROUP);
        group.setRetryMaxTimes(2);
        step("createGroup", () -> { admin.createAndUpdateSubscriptionGroupConfig(broker, group); return "done"; });
        DefaultMQProducer producer = new DefaultMQProducer("BoardProducers");
        Heartbeats.often(producer);
        producer.start();
        SendResult[] sent = new SendResult[4];
        for (int n = 0; n < sent.length; n++) {
            Message message = new Message(TOPIC, "TagA", "key" + n, ("n" + n).getBytes(StandardCharsets.UTF_8));
            sent[n] = producer.send(message, (queues, given, at) -> queues.get((int) at), n);
        }
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(GROUP);
        Heartbeats.often(consumer);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setPersistConsumerOffsetInterval(500);
        consumer.subscribe(TOPIC, "*");
        consumer.registerMessageListener(
            (MessageListenerConcurrently) (messages, context) -> ConsumeConcurrentlyStatus.CONSUME_SUCCESS);
        consumer.start();
        for (int tries = 0; tries < 400; tries++) {
            Thread.sleep(300);
            try {
                if (admin.examineConsumeStats(GROUP, TOPIC).computeTotalDiff() == 0) break;
            } catch (MQClientException | MQBrokerException notYet) {
                continue;
            }
        }
        for (int tries = 0; tries < 400; tries++) {
            try {
                if (!admin.examineProducerConnectionInfo("BoardProducers", TOPIC).getConnectionSet().isEmpty()) break;
            } catch (MQClientException | MQBrokerException notYet) {
                Thread.sleep(300);
            }
        }
        String client = consumer.getDefaultMQPushConsumerImpl().getmQClientFactory().getClientId();

        step("topicStats", () -> admin.examineTopicStats(TOPIC).getOffsetTable().size());
        step("topicStatsMissing", () -> admin.examineTopicStats("NoSuchTopic"));
        step("whoConsumes", () -> admin.queryTopicConsumeByWho(TOPIC).getGroupList());
        step("topicsOfGroup", () -> admin.queryTopicsByConsumer(GROUP).getTopicList());
        step("subscription", () -> admin.querySubscription(GROUP, TOPIC).getSubString());

        // Consumer.
        step("groups", () -> admin.getAllSubscriptionGroup(broker, 3000).getSubscriptionGroupTable().containsKey(GROUP));
        step("group", () -> admin.examineSubscriptionGroupConfig(broker, GROUP).getRetryMaxTimes());
        step("consumeStats", () -> admin.examineConsumeStats(GROUP).computeTotalDiff());
        step("consumeStatsTopic", () -> admin.examineConsumeStats(GROUP, TOPIC).getOffsetTable().size());
        step("consumeStatsMissing", () -> admin.examineConsumeStats("NoSuchGroup").getOffsetTable().size());
        step("connection", () -> admin.examineConsumerConnectionInfo(GROUP).getConnectionSet().size());
        step("connectionMissing", () -> admin.examineConsumerConnectionInfo("NoSuchGroup"));
        step("runningInfo", () -> {
            ConsumerRunningInfo info = admin.getConsumerRunningInfo(GROUP, client, false);
            // The queue of its retry topic joins half a minute later.
            long queues = info.getMqTable().keySet().stream().filter(queue -> queue.getTopic().equals(TOPIC)).count();
            return info.getSubscriptionSet().size() + " " + queues;
        });
        step("runningInfoMissing", () -> admin.getConsumerRunningInfo(GROUP, "nobody", false));
        step("jstack", () -> admin.getConsumerRunningInfo(GROUP, client, true).getJstack().contains("at java"));
        step("timeSpan", () -> admin.queryConsumeTimeSpan(TOPIC, GROUP).size());
        step("brokerConsumeStats", () -> admin.fetchConsumeStatsInBroker(broker, false, 3000).getTotalDiff());
        step("statsData", () -> admin.viewBrokerStatsData(broker, "TOPIC_PUT_NUMS", TOPIC).getStatsDay().getSum() >= 0);
        step("statsDataMissing", () -> admin.viewBrokerStatsData(broker, "TOPIC_PUT_NUMS", "NoSuchTopic"));

        // Producer.
        step("producers", () -> admin.examineProducerConnectionInfo("BoardProducers", TOPIC).getConnectionSet().size());
        step("producersMissing", () -> admin.examineProducerConnectionInfo("NoSuchGroup", TOPIC));
        step("allProducers", () -> admin.getAllProducerInfo(broker).getData().containsKey("BoardProducers"));

        // Message.
        long now = System.currentTimeMillis();
        step("byKey", () -> {
            QueryResult found = admin.queryMessage(TOPIC, "key2", 64, now - 3_600_000, now + 60_000);
            return found.getMessageList().size() + " " + new String(found.getMessageList().get(0).getBody());
        });
        step("byKeyMissing", () -> admin.queryMessage(TOPIC, "none", 64, 0, now));
        step("byId", () -> new String(admin.viewMessage(TOPIC, sent[1].getMsgId()).getBody()));
        step("byOffsetId", () -> new String(admin.viewMessage(TOPIC, sent[3].getOffsetMsgId()).getBody()));
        MessageExt message = admin.viewMessage(TOPIC, sent[0].getMsgId());
        step("track", () -> admin.messageTrackDetail(message).get(0).getTrackType());
        step("directly", () -> admin.consumeMessageDirectly(GROUP, client, TOPIC, sent[0].getOffsetMsgId()).getConsumeResult());

        // Offsets, then everything goes.
        step("reset", () -> admin.resetOffsetByTimestamp(TOPIC, GROUP, 0, true).values().stream().mapToLong(n -> n).sum());
        step("resetMissing", () -> admin.resetOffsetByTimestamp("NoSuchTopic", GROUP, 0, true));
        consumer.shutdown();
        producer.shutdown();
        step("deleteGroup", () -> { admin.deleteSubscriptionGroup(broker, GROUP, true); return "done"; });
        step("deleteTopic", () -> {
            admin.deleteTopicInBroker(new HashSet<>(Arrays.asList(broker)), TOPIC);
            admin.deleteTopicInNameServer(new HashSet<>(admin.getNameServerAddressList()), TOPIC);
            return "done";
        });
        step("routeAfter", () -> admin.examineTopicRouteInfo(TOPIC));
        Emit.line("done");
        Runtime.getRuntime().halt(0);
    }

    private static void step(String name, Callable<Object> call) {
        String result;
        try {
            result = String.valueOf(call.call());
        } catch (MQClientException failure) {
            result = "MQClientException " + failure.getResponseCode();
        } catch (MQBrokerException failure) {
            result = "MQBrokerException " + failure.getResponseCode();
        } catch (Exception failure) {
            result = failure.getClass().getSimpleName();
        }
        Emit.line("call", "name", name, "result", result);
    }
}
