import type { Snippet } from '../snippet.ts';
import { GO_CLIENT } from './client.ts';

export const goPushConsumer: Snippet = {
  language: 'go',
  pattern: 'pushConsumer',
  prefix: 'rmq-push-consumer',
  dependency: GO_CLIENT,
  template: String.raw`// Module: go get {{dependency}}
// Address: NameServer (port 9876), "host:port;host:port". The environment variable NAMESRV_ADDR overrides it.

package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/rlog"
)

const (
	nameServers = "{{nameServers}}"
	topic       = "{{topic}}"
	// Every consumer of one group must subscribe to the same topics with the same tags.
	group = "{{group}}"
	tags  = "{{tag}}"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	rlog.SetLogLevel("error")
	c, err := rocketmq.NewPushConsumer(
		consumer.WithGroupName(group),
		consumer.WithNsResolver(primitive.NewPassthroughResolver(nameServerList())),
		// Only for a group without offsets: after that it goes on where it stopped.
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset),
		// After 16 retries a message goes to the dead-letter topic "%DLQ%" + group.
		consumer.WithMaxReconsumeTimes(16),
	)
	if err != nil {
		return fmt.Errorf("create consumer: %w", err)
	}
	selector := consumer.MessageSelector{Type: consumer.TAG, Expression: tags}
	if err := c.Subscribe(topic, selector, consume); err != nil {
		return fmt.Errorf("subscribe to %s: %w", topic, err)
	}
	// Subscribe first, start then.
	if err := c.Start(); err != nil {
		return fmt.Errorf("start consumer: %w", err)
	}
	fmt.Printf("Consumer of %s started, group %s\n", topic, group)

	// Ctrl+C or SIGTERM: save the offsets and leave the group.
	<-ctx.Done()
	if err := c.Shutdown(); err != nil {
		return fmt.Errorf("shut down consumer: %w", err)
	}
	return nil
}

func consume(_ context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
	for _, message := range messages {
		if err := handle(message); err != nil {
			log.Printf("cannot handle %s, it comes again: %v", message.MsgId, err)
			return consumer.ConsumeRetryLater, nil
		}
	}
	return consumer.ConsumeSuccess, nil
}

// A message can come more than once: make this idempotent, by its key for example.
func handle(message *primitive.MessageExt) error {
	{{cursor}}fmt.Printf("%s queue %d offset %d tag %s keys %s: %s\n", message.MsgId, message.Queue.QueueId,
		message.QueueOffset, message.GetTags(), message.GetKeys(), message.Body)
	return nil
}

func nameServerList() []string {
	if fromEnvironment := os.Getenv("NAMESRV_ADDR"); fromEnvironment != "" {
		return strings.Split(fromEnvironment, ";")
	}
	return strings.Split(nameServers, ";")
}
`,
};
