import type { Snippet } from '../snippet.ts';
import { GO_CLIENT } from './client.ts';

export const goProducer: Snippet = {
  language: 'go',
  pattern: 'producer',
  prefix: 'rmq-producer',
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
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
	"github.com/apache/rocketmq-client-go/v2/rlog"
)

const (
	nameServers = "{{nameServers}}"
	topic       = "{{topic}}"
	group       = "{{group}}"
	tag         = "{{tag}}"
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
	p, err := rocketmq.NewProducer(
		producer.WithGroupName(group),
		producer.WithNsResolver(primitive.NewPassthroughResolver(nameServerList())),
		producer.WithSendMsgTimeout(3*time.Second),
		producer.WithRetry(2),
	)
	if err != nil {
		return fmt.Errorf("create producer: %w", err)
	}
	// One producer serves the whole program and all its goroutines.
	if err := p.Start(); err != nil {
		return fmt.Errorf("start producer: %w", err)
	}
	defer func() {
		if err := p.Shutdown(); err != nil {
			log.Printf("shut down producer: %v", err)
		}
	}()

	for i := 0; i < 10 && ctx.Err() == nil; i++ {
		if err := send(ctx, p, fmt.Sprintf("key-%d", i), fmt.Sprintf("Hello RocketMQ %d", i)); err != nil {
			return err
		}
	}
	return nil
}

func send(ctx context.Context, p rocketmq.Producer, key, body string) error {
	{{cursor}}message := primitive.NewMessage(topic, []byte(body)).WithTag(tag).WithKeys([]string{key})
	result, err := p.SendSync(ctx, message)
	if err != nil {
		// All retries failed. Keep the message and send it again later; it may have arrived nevertheless.
		return fmt.Errorf("send %s: %w", key, err)
	}
	if result.Status != primitive.SendOK {
		// The master has the message, but the disk or a slave had not confirmed it in time.
		log.Printf("%s is stored, but not yet safe: status %d", key, result.Status)
	}
	fmt.Printf("%s queue %d offset %d\n", result.MsgID, result.MessageQueue.QueueId, result.QueueOffset)
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
