// What bench/grpc asks of the official client, which is as it comes: TLS, its own number of threads.
//
//	driver send ENDPOINT TOPIC LOOPS BYTES            synchronously, until it is killed
//	driver consume ENDPOINT TOPIC GROUP COUNT LOOPS   simple consumer: receives 32, acknowledges each, LOOPS times at once
//	driver latency ENDPOINT TOPIC GROUP SECONDS PAUSE   to a push consumer of the same process, PAUSE ms after the last arrived
//	driver idle ENDPOINT TOPIC GROUP COUNT            push consumers that get nothing, until it is killed
package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	rmq "github.com/apache/rocketmq-clients/golang/v5"
	"github.com/apache/rocketmq-clients/golang/v5/credentials"
	v2 "github.com/apache/rocketmq-clients/golang/v5/protocol/v2"
)

const (
	batch     = 32
	invisible = 60 * time.Second
	// How many of the idle consumers start at once, and how often each tries where the machine is busy.
	starting = 40
	tries    = 5
)

var (
	endpoint = os.Args[2]
	topic    = os.Args[3]
)

func main() {
	if err := run(os.Args[1], os.Args[4:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(what string, args []string) error {
	switch what {
	case "send":
		return send(number(args[0]), number(args[1]))
	case "consume":
		return consume(args[0], number(args[1]), number(args[2]))
	case "latency":
		return latency(args[0], time.Duration(number(args[1]))*time.Second, time.Duration(number(args[2]))*time.Millisecond)
	case "idle":
		return idle(args[0], number(args[1]))
	}
	return fmt.Errorf("%s is not known", what)
}

func send(loops, bytes int) error {
	producer, err := startProducer()
	if err != nil {
		return err
	}
	body := make([]byte, bytes)
	fmt.Println(`{"event":"started"}`)
	return inParallel(loops, func() error {
		for {
			if _, err := producer.Send(context.Background(), &rmq.Message{Topic: topic, Body: body}); err != nil {
				return err
			}
		}
	})
}

func consume(group string, count, loops int) error {
	consumer, err := rmq.NewSimpleConsumer(config(group), rmq.WithSimpleAwaitDuration(10*time.Second),
		rmq.WithSimpleSubscriptionExpressions(map[string]*rmq.FilterExpression{topic: rmq.SUB_ALL}))
	if err != nil {
		return err
	}
	if err := consumer.Start(); err != nil {
		return err
	}
	done := progress{count: int64(count), step: int64(max(1, count/100))}
	return inParallel(loops, func() error {
		for !done.isOver() {
			messages, err := consumer.Receive(context.Background(), batch, invisible)
			var status *rmq.ErrRpcStatus
			// This client reports as an error that there is nothing.
			if errors.As(err, &status) && status.Code == int32(v2.Code_MESSAGE_NOT_FOUND) {
				continue
			}
			if err != nil {
				return err
			}
			next := atomic.Int64{}
			err = inParallel(len(messages), func() error {
				return consumer.Ack(context.Background(), messages[next.Add(1)-1])
			})
			if err != nil {
				return err
			}
			done.add(int64(len(messages)))
		}
		return nil
	})
}

func latency(group string, forTime, pause time.Duration) error {
	arrived := make(chan uint64, 1)
	_, err := startPush(group, func(message *rmq.MessageView) {
		arrived <- binary.BigEndian.Uint64(message.GetBody())
	})
	if err != nil {
		return err
	}
	producer, err := startProducer()
	if err != nil {
		return err
	}
	began := time.Now()
	var times []time.Duration
	for time.Since(began) < forTime {
		time.Sleep(pause)
		born := time.Since(began)
		body := binary.BigEndian.AppendUint64(nil, uint64(born))
		if _, err := producer.Send(context.Background(), &rmq.Message{Topic: topic, Body: body}); err != nil {
			return err
		}
		for got := uint64(0); got != uint64(born); {
			select {
			case got = <-arrived:
			case <-time.After(30 * time.Second):
				return errors.New("no message came within 30 s")
			}
		}
		times = append(times, time.Since(began)-born)
	}
	for _, one := range times {
		fmt.Printf("{\"event\":\"latency\",\"us\":%d}\n", one.Microseconds())
	}
	fmt.Println(`{"event":"done"}`)
	return nil
}

// Each has a connection of its own, as if it were a process of its own.
func idle(group string, count int) error {
	started := atomic.Int64{}
	err := inParallel(starting, func() error {
		for started.Add(1) <= int64(count) {
			_, err := startPush(group, func(*rmq.MessageView) {})
			for again := 1; err != nil && again < tries; again++ {
				_, err = startPush(group, func(*rmq.MessageView) {})
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Println(`{"event":"started"}`)
	select {}
}

func startProducer() (rmq.Producer, error) {
	producer, err := rmq.NewProducer(config(""), rmq.WithTopics(topic))
	if err != nil {
		return nil, err
	}
	return producer, producer.Start()
}

func startPush(group string, take func(*rmq.MessageView)) (rmq.PushConsumer, error) {
	consumer, err := rmq.NewPushConsumer(config(group),
		rmq.WithPushSubscriptionExpressions(map[string]*rmq.FilterExpression{topic: rmq.SUB_ALL}),
		rmq.WithPushMessageListener(&rmq.FuncMessageListener{Consume: func(message *rmq.MessageView) rmq.ConsumerResult {
			take(message)
			return rmq.SUCCESS
		}}))
	if err != nil {
		return nil, err
	}
	return consumer, consumer.Start()
}

func config(group string) *rmq.Config {
	return &rmq.Config{Endpoint: endpoint, ConsumerGroup: group, Credentials: &credentials.SessionCredentials{}}
}

// Ends with the first that fails.
func inParallel(count int, work func() error) error {
	results := make(chan error, count)
	var group sync.WaitGroup
	for range count {
		group.Add(1)
		go func() {
			defer group.Done()
			results <- work()
		}()
	}
	go func() {
		group.Wait()
		close(results)
	}()
	for err := range results {
		if err != nil {
			return err
		}
	}
	return nil
}

// Tells how far it is, a hundred times.
type progress struct {
	count, step int64
	done, told  atomic.Int64
}

func (p *progress) isOver() bool { return p.done.Load() >= p.count }

func (p *progress) add(more int64) {
	now := p.done.Add(more)
	before := p.told.Load()
	if now/p.step > before && p.told.CompareAndSwap(before, now/p.step) {
		fmt.Printf("{\"event\":\"consumed\",\"count\":%d,\"atMs\":%d}\n", now, time.Now().UnixMilli())
	}
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return value
}
