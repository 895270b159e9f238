// A program that sends and consumes with the official Go client and prints what happened: a line of JSON an event.
//
//	driver SCENARIO NAMESERVER TOPIC GROUP [COUNT|EXPRESSION]
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/admin"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
	"github.com/apache/rocketmq-client-go/v2/rlog"
)

const patience = 120 * time.Second

type settings struct {
	resolver primitive.NsResolver
	topic    string
	group    string
	argument string
}

func main() {
	rlog.SetLogLevel("fatal")
	scenarios := map[string]func(settings) error{
		"send":        send,
		"consume":     consume,
		"one":         one,
		"sql":         sql,
		"orderly":     orderly,
		"retry":       retry,
		"transaction": transaction,
		"admin":       administrate,
	}
	with := settings{topic: os.Args[3], group: os.Args[4]}
	with.resolver = primitive.NewPassthroughResolver([]string{os.Args[2]})
	if len(os.Args) > 5 {
		with.argument = os.Args[5]
	}
	if err := scenarios[os.Args[1]](with); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}

var printing sync.Mutex

func tell(event string, values map[string]any) {
	values["event"] = event
	line, err := json.Marshal(values)
	if err != nil {
		panic(err)
	}
	printing.Lock()
	defer printing.Unlock()
	fmt.Println(string(line))
}

// One message in every way that the producer has.
func send(with settings) error {
	p, err := rocketmq.NewProducer(producer.WithNsResolver(with.resolver), producer.WithGroupName(with.group),
		producer.WithQueueSelector(producer.NewHashQueueSelector()))
	if err != nil {
		return err
	}
	if err := p.Start(); err != nil {
		return err
	}
	ctx := context.Background()
	sync := primitive.NewMessage(with.topic, []byte("sync")).WithTag("TagA").WithKeys([]string{"k1", "k2"})
	sync.WithShardingKey("same")
	sync.WithProperty("colour", "blue")
	sent, err := p.SendSync(ctx, sync)
	if err != nil {
		return err
	}
	tellSent("sync", sent)

	done := make(chan error, 1)
	async := primitive.NewMessage(with.topic, []byte("async")).WithTag("TagB").WithShardingKey("same")
	err = p.SendAsync(ctx, func(_ context.Context, sent *primitive.SendResult, err error) {
		if err == nil {
			tellSent("async", sent)
		}
		done <- err
	}, async)
	if err != nil {
		return err
	}
	select {
	case err := <-done:
		if err != nil {
			return err
		}
	case <-time.After(patience):
		return fmt.Errorf("no answer to the asynchronous send")
	}

	if err := p.SendOneWay(ctx, primitive.NewMessage(with.topic, []byte("one-way")).WithTag("TagA")); err != nil {
		return err
	}
	batch := make([]*primitive.Message, 3)
	for i := range batch {
		batch[i] = primitive.NewMessage(with.topic, []byte("batch "+strconv.Itoa(i))).WithTag("TagB")
	}
	if sent, err = p.SendSync(ctx, batch...); err != nil {
		return err
	}
	tellSent("batch", sent)
	large := make([]byte, 100_000)
	for i := range large {
		large[i] = 'x'
	}
	if sent, err = p.SendSync(ctx, primitive.NewMessage(with.topic, large).WithTag("Large")); err != nil {
		return err
	}
	tellSent("large", sent)
	delayed := primitive.NewMessage(with.topic, []byte("delayed")).WithTag("Delayed").WithDelayTimeLevel(1)
	if sent, err = p.SendSync(ctx, delayed); err != nil {
		return err
	}
	tellSent("delayed", sent)
	return p.Shutdown()
}

func tellSent(how string, sent *primitive.SendResult) {
	tell("sent", map[string]any{
		"how": how, "status": int(sent.Status), "messageId": sent.MsgID, "offsetMessageId": sent.OffsetMsgID,
		"queueId": sent.MessageQueue.QueueId, "brokerName": sent.MessageQueue.BrokerName, "offset": sent.QueueOffset,
	})
}

// Consumes with tags, or all, until so many came.
func consume(with settings) error {
	return receive(with, consumer.MessageSelector{Type: consumer.TAG, Expression: "TagA || TagB || Large || Delayed"}, 8)
}

func one(with settings) error {
	return receive(with, consumer.MessageSelector{}, 1)
}

func sql(with settings) error {
	return receive(with, consumer.MessageSelector{Type: consumer.SQL92, Expression: with.argument}, 1)
}

func receive(with settings, selector consumer.MessageSelector, count int) error {
	return push(with, selector, false, count, func(message *primitive.MessageExt) consumer.ConsumeResult {
		tellMessage(message)
		return consumer.ConsumeSuccess
	})
}

func orderly(with settings) error {
	count, err := strconv.Atoi(with.argument)
	if err != nil {
		return err
	}
	p, err := rocketmq.NewProducer(producer.WithNsResolver(with.resolver), producer.WithGroupName(with.group+"-p"),
		producer.WithQueueSelector(producer.NewHashQueueSelector()))
	if err != nil {
		return err
	}
	if err := p.Start(); err != nil {
		return err
	}
	for i := 0; i < count; i++ {
		message := primitive.NewMessage(with.topic, []byte(strconv.Itoa(i)))
		message.WithShardingKey("order-" + strconv.Itoa(i%3))
		if _, err := p.SendSync(context.Background(), message); err != nil {
			return err
		}
	}
	if err := p.Shutdown(); err != nil {
		return err
	}
	return push(with, consumer.MessageSelector{}, true, count, func(message *primitive.MessageExt) consumer.ConsumeResult {
		tellMessage(message)
		return consumer.ConsumeSuccess
	})
}

// Refuses every message once; it comes back from the retry topic.
func retry(with settings) error {
	return push(with, consumer.MessageSelector{}, false, 2, func(message *primitive.MessageExt) consumer.ConsumeResult {
		tellMessage(message)
		if message.ReconsumeTimes == 0 {
			return consumer.ConsumeRetryLater
		}
		return consumer.ConsumeSuccess
	})
}

func push(
	with settings, selector consumer.MessageSelector, inOrder bool, count int,
	handle func(*primitive.MessageExt) consumer.ConsumeResult,
) error {
	c, err := rocketmq.NewPushConsumer(consumer.WithNsResolver(with.resolver), consumer.WithGroupName(with.group),
		consumer.WithConsumerModel(consumer.Clustering), consumer.WithConsumerOrder(inOrder),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset))
	if err != nil {
		return err
	}
	seen := make(chan bool, 1000)
	err = c.Subscribe(with.topic, selector,
		func(ctx context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
			if concurrently, ok := primitive.GetConcurrentlyCtx(ctx); ok {
				concurrently.DelayLevelWhenNextConsume = 1
			}
			result := consumer.ConsumeSuccess
			for _, message := range messages {
				if one := handle(message); one != consumer.ConsumeSuccess {
					result = one
				}
				seen <- true
			}
			return result, nil
		})
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	deadline := time.After(patience)
	for i := 0; i < count; i++ {
		select {
		case <-seen:
		case <-deadline:
			return fmt.Errorf("%d of %d messages came", i, count)
		}
	}
	return c.Shutdown()
}

func tellMessage(message *primitive.MessageExt) {
	tell("message", map[string]any{
		"topic": message.Topic, "body": string(message.Body[:min(len(message.Body), 20)]), "sizeBytes": len(message.Body),
		"tag": message.GetTags(), "keys": message.GetKeys(), "colour": message.GetProperty("colour"),
		"queueId": message.Queue.QueueId, "offset": message.QueueOffset, "reconsumeTimes": message.ReconsumeTimes,
		"messageId": message.MsgId, "waitedMs": message.StoreTimestamp - message.BornTimestamp,
	})
}

type decider struct{}

func (decider) ExecuteLocalTransaction(message *primitive.Message) primitive.LocalTransactionState {
	if string(message.Body) == "commit" {
		return primitive.CommitMessageState
	}
	return primitive.RollbackMessageState
}

func (decider) CheckLocalTransaction(*primitive.MessageExt) primitive.LocalTransactionState {
	return primitive.UnknowState
}

func transaction(with settings) error {
	p, err := rocketmq.NewTransactionProducer(decider{}, producer.WithNsResolver(with.resolver),
		producer.WithGroupName(with.group+"-p"))
	if err != nil {
		return err
	}
	if err := p.Start(); err != nil {
		return err
	}
	for _, body := range []string{"rollback", "commit"} {
		sent, err := p.SendMessageInTransaction(context.Background(), primitive.NewMessage(with.topic, []byte(body)))
		if err != nil {
			return err
		}
		tell("sent", map[string]any{"how": body, "status": int(sent.Status), "state": int(sent.State)})
	}
	if err := receive(with, consumer.MessageSelector{}, 1); err != nil {
		return err
	}
	return p.Shutdown()
}

func administrate(with settings) error {
	a, err := admin.NewAdmin(admin.WithResolver(with.resolver))
	if err != nil {
		return err
	}
	ctx := context.Background()
	err = a.CreateTopic(ctx, admin.WithTopicCreate(with.topic), admin.WithBrokerAddrCreate(with.argument),
		admin.WithReadQueueNums(3), admin.WithWriteQueueNums(3))
	if err != nil {
		return err
	}
	queues, err := a.FetchPublishMessageQueues(ctx, with.topic)
	if err != nil {
		return err
	}
	tell("queues", map[string]any{"count": len(queues)})
	topics, err := a.FetchAllTopicList(ctx)
	if err != nil {
		return err
	}
	groups, err := a.GetAllSubscriptionGroup(ctx, with.argument, 3*time.Second)
	if err != nil {
		return err
	}
	_, hasGroup := groups.SubscriptionGroupTable[with.group]
	err = a.DeleteTopic(ctx, admin.WithTopicDelete(with.topic), admin.WithBrokerAddrDelete(with.argument))
	if err != nil {
		return err
	}
	after, err := a.FetchAllTopicList(ctx)
	if err != nil {
		return err
	}
	tell("lists", map[string]any{
		"before": contains(topics.TopicList, with.topic), "after": contains(after.TopicList, with.topic), "group": hasGroup,
	})
	return a.Close()
}

func contains(list []string, wanted string) bool {
	for _, item := range list {
		if item == wanted {
			return true
		}
	}
	return false
}
