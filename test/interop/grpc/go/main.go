// What the suites of test/interop/grpc ask of every client: consumers of all kinds, then messages of all types.
//
//	driver ENDPOINT PREFIX
//
// PREFIX is what the names of topics and groups begin with. Shuts down when it is told to end.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	rmq "github.com/apache/rocketmq-clients/golang/v5"
	"github.com/apache/rocketmq-clients/golang/v5/credentials"
	v2 "github.com/apache/rocketmq-clients/golang/v5/protocol/v2"
)

var (
	endpoint   = os.Args[1]
	prefix     = os.Args[2]
	everything = rmq.SUB_ALL
)

type client interface{ GracefulStop() error }

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	if err := run(stop); err != nil {
		tell("failed", map[string]any{"what": "client", "text": err.Error()})
		os.Exit(1)
	}
}

func run(stop <-chan os.Signal) error {
	p, err := rmq.NewProducer(config(""),
		rmq.WithTopics(topic("normal"), topic("fifo"), topic("delay"), topic("transaction"), topic("retry"),
			topic("priority")),
		rmq.WithTransactionChecker(&rmq.TransactionChecker{Check: check}))
	if err != nil {
		return err
	}
	succeed := func(*rmq.MessageView) bool { return true }
	var failedOnce atomic.Bool
	starts := map[string]func() (client, error){
		"producer": func() (client, error) { return p, p.Start() },
		"all":      push("all", "normal", everything, succeed),
		"tag":      push("tag", "normal", rmq.NewFilterExpression("A || B"), succeed),
		"sql": push("sql", "normal",
			rmq.NewFilterExpressionWithType("colour = 'blue' AND TAGS <> 'C'", rmq.SQL92), succeed),
		"fifo": push("fifo", "fifo", everything, func(message *rmq.MessageView) bool {
			return string(message.GetBody()) != "g1-1" || failedOnce.Swap(true)
		}),
		"later":       push("later", "delay", everything, succeed),
		"transaction": push("transaction", "transaction", everything, succeed),
		"retry":       push("retry", "retry", everything, func(*rmq.MessageView) bool { return false }),
		"priority":    push("priority", "priority", everything, succeed),
		"simple":      simple,
	}
	clients, err := inParallel(starts)
	if err != nil {
		return err
	}
	tell("started", map[string]any{})
	if err := send(p); err != nil {
		return err
	}
	tell("done", map[string]any{})
	<-stop
	closing.Store(true)
	began := time.Now()
	stops := map[string]func() (client, error){}
	for name, one := range clients {
		stops[name] = func() (client, error) { return one, one.GracefulStop() }
	}
	if _, err := inParallel(stops); err != nil {
		return err
	}
	tell("closed", map[string]any{"clients": len(clients), "ms": time.Since(began).Milliseconds()})
	return nil
}

var closing atomic.Bool

func inParallel(work map[string]func() (client, error)) (map[string]client, error) {
	done := map[string]client{}
	var failures []error
	var lock sync.Mutex
	var group sync.WaitGroup
	for name, one := range work {
		group.Add(1)
		go func() {
			defer group.Done()
			result, err := one()
			lock.Lock()
			defer lock.Unlock()
			done[name] = result
			if err != nil {
				failures = append(failures, fmt.Errorf("%s: %w", name, err))
			}
		}()
	}
	group.Wait()
	return done, errors.Join(failures...)
}

// TLS, as the client does when it is not told otherwise.
func config(group string) *rmq.Config {
	return &rmq.Config{Endpoint: endpoint, ConsumerGroup: group, Credentials: &credentials.SessionCredentials{}}
}

func topic(kind string) string { return prefix + "-" + kind }

func message(kind, body string) *rmq.Message {
	return &rmq.Message{Topic: topic(kind), Body: []byte(body)}
}

func check(message *rmq.MessageView) rmq.TransactionResolution {
	tell("checked", map[string]any{"body": string(message.GetBody()), "id": message.GetMessageId()})
	if string(message.GetBody()) == "checked" {
		return rmq.COMMIT
	}
	return rmq.ROLLBACK
}

func send(p rmq.Producer) error {
	ctx := context.Background()
	sendOne := func(message *rmq.Message, body string) (*rmq.SendReceipt, error) {
		receipts, err := p.Send(ctx, message)
		if err != nil {
			return nil, fmt.Errorf("send %s: %w", body, err)
		}
		tell("sent", map[string]any{"body": body, "id": receipts[0].MessageID})
		return receipts[0], nil
	}
	for _, tag := range []string{"A", "B", "C"} {
		body, colour := "plain "+tag, "blue"
		if tag == "B" {
			colour = "red"
		}
		plain := message("normal", body)
		if tag == "C" {
			plain.Body = []byte(body + strings.Repeat("x", 100_000))
		}
		plain.SetTag(tag)
		plain.SetKeys("k1", "k2")
		plain.AddProperty("colour", colour)
		if _, err := sendOne(plain, body); err != nil {
			return err
		}
	}
	for i := 0; i < 9; i++ {
		body := fmt.Sprintf("g%d-%d", i%3, i/3)
		ordered := message("fifo", body)
		ordered.SetMessageGroup(fmt.Sprintf("g%d", i%3))
		if _, err := sendOne(ordered, body); err != nil {
			return err
		}
	}
	if _, err := sendOne(message("retry", "fails"), "fails"); err != nil {
		return err
	}
	urgent := message("priority", "urgent")
	if err := urgent.SetPriority(3); err != nil {
		return err
	}
	if _, err := sendOne(urgent, "urgent"); err != nil {
		return err
	}
	now := time.Now()
	for _, delayed := range []struct {
		body  string
		after time.Duration
	}{{"later", 2 * time.Second}, {"last", 4 * time.Second}} {
		later := message("delay", delayed.body)
		later.SetDelayTimestamp(now.Add(delayed.after))
		if _, err := sendOne(later, delayed.body); err != nil {
			return err
		}
	}
	unwanted := message("delay", "unwanted")
	unwanted.SetDelayTimestamp(now.Add(3 * time.Second))
	receipts, err := p.Send(ctx, unwanted)
	if err != nil {
		return err
	}
	recalled, err := p.Recall(ctx, topic("delay"), receipts[0].RecallHandle)
	if err != nil {
		return fmt.Errorf("recall: %w", err)
	}
	tell("recalled", map[string]any{"is": recalled == receipts[0].MessageID})
	for _, body := range []string{"rolled back", "committed", "refused", "checked"} {
		transaction := p.BeginTransaction()
		receipts, err := p.SendWithTransaction(ctx, message("transaction", body), transaction)
		if err != nil {
			return err
		}
		tell("sent", map[string]any{"body": body, "id": receipts[0].MessageID})
		switch body {
		case "committed":
			err = transaction.Commit()
		case "rolled back":
			err = transaction.RollBack()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func push(by, kind string, filter *rmq.FilterExpression, handle func(*rmq.MessageView) bool) func() (client, error) {
	return func() (client, error) {
		c, err := rmq.NewPushConsumer(config(prefix+"-"+by),
			rmq.WithPushAwaitDuration(5*time.Second),
			rmq.WithPushSubscriptionExpressions(map[string]*rmq.FilterExpression{topic(kind): filter}),
			rmq.WithPushMessageListener(&rmq.FuncMessageListener{Consume: func(message *rmq.MessageView) rmq.ConsumerResult {
				received(by, message)
				if handle(message) {
					return rmq.SUCCESS
				}
				return rmq.FAILURE
			}}))
		if err != nil {
			return nil, err
		}
		return c, c.Start()
	}
}

// Makes one message visible again, and acknowledges it when it comes the second time.
func simple() (client, error) {
	c, err := rmq.NewSimpleConsumer(config(prefix+"-simple"), rmq.WithSimpleAwaitDuration(5*time.Second),
		rmq.WithSimpleSubscriptionExpressions(map[string]*rmq.FilterExpression{topic("normal"): everything}))
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	go func() {
		for !closing.Load() {
			messages, err := c.Receive(context.Background(), 16, 30*time.Second)
			var status *rmq.ErrRpcStatus
			// This client reports as an error that there is nothing.
			if errors.As(err, &status) && status.Code == int32(v2.Code_MESSAGE_NOT_FOUND) {
				continue
			}
			for _, message := range messages {
				received("simple", message)
				if string(message.GetBody()) == "plain B" && message.GetDeliveryAttempt() == 1 {
					err = c.ChangeInvisibleDuration(message, time.Second)
				} else {
					err = c.Ack(context.Background(), message)
				}
				if err != nil {
					break
				}
			}
			if err != nil && !closing.Load() {
				tell("failed", map[string]any{"what": "simple consumer", "text": err.Error()})
				time.Sleep(500 * time.Millisecond)
			}
		}
	}()
	return c, nil
}

func received(by string, message *rmq.MessageView) {
	body := string(message.GetBody())
	text := func(value *string) string {
		if value == nil {
			return ""
		}
		return *value
	}
	due := int64(0)
	if at := message.GetDeliveryTimestamp(); at != nil {
		due = at.UnixMilli()
	}
	tell("received", map[string]any{
		"by": by, "body": body[:min(len(body), 12)], "size": len(body), "id": message.GetMessageId(),
		"topic": message.GetTopic(), "tag": text(message.GetTag()), "keys": strings.Join(message.GetKeys(), " "),
		"group": text(message.GetMessageGroup()), "colour": message.GetProperties()["colour"],
		"attempt": message.GetDeliveryAttempt(), "dueMs": due, "atMs": time.Now().UnixMilli(),
	})
}

var printing sync.Mutex

// The event stands first, as the reader of these lines wants it.
func tell(event string, values map[string]any) {
	line, err := json.Marshal(values)
	if err != nil {
		panic(err)
	}
	rest := strings.TrimPrefix(string(line), "{")
	if rest != "}" {
		rest = "," + rest
	}
	printing.Lock()
	defer printing.Unlock()
	fmt.Printf("{\"event\":%q%s\n", event, rest)
}
