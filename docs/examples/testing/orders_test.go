package orders

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

const options = "start --temp --namesrv-port 0 --port 0 --grpc-port off --control-port 0 --json"

var broker struct {
	Namesrv string
	Control struct{ Url, Token string }
}

func TestMain(m *testing.M) {
	process := exec.Command("rocketmq-local", strings.Split(options, " ")...)
	output, _ := process.StdoutPipe()
	if err := process.Start(); err != nil {
		panic(err)
	}
	line, _ := bufio.NewReader(output).ReadString('\n')
	json.Unmarshal([]byte(line), &broker)
	code := m.Run()
	process.Process.Signal(os.Interrupt)
	process.Wait()
	os.Exit(code)
}

func TestAPaymentThatFailedIsTriedAgain(t *testing.T) {
	control(t, "/seed", `{"topics": ["Orders"], "groups": ["billing"], "messages": [{"topic": "Orders", "body": "order 7"}]}`)
	tries := make(chan int32, 10)
	billing, _ := rocketmq.NewPushConsumer(consumer.WithGroupName("billing"),
		consumer.WithNameServer([]string{broker.Namesrv}), consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset))
	billing.Subscribe("Orders", consumer.MessageSelector{}, func(_ context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		tries <- messages[0].ReconsumeTimes
		if messages[0].ReconsumeTimes < 2 {
			return consumer.ConsumeRetryLater, nil
		}
		return consumer.ConsumeSuccess, nil
	})
	if err := billing.Start(); err != nil {
		t.Fatal(err)
	}
	defer billing.Shutdown()
	// The ten seconds before the first retry and the thirty before the second pass at once.
	control(t, "/clock", `{"rate": 100}`)
	for want := int32(0); want <= 2; want++ {
		if got := <-tries; got != want {
			t.Fatalf("try %d came when %d was due", got, want)
		}
	}
	control(t, "/wait", `{"topic": "Orders", "group": "billing", "timeoutMs": 30000}`)
}

func TestAFullDiskIsToldToTheCaller(t *testing.T) {
	control(t, "/faults", `{"kind": "refuse", "code": "SERVICE_NOT_AVAILABLE", "request": "SEND", "topic": "Full"}`)
	shop, _ := rocketmq.NewProducer(producer.WithNameServer([]string{broker.Namesrv}), producer.WithRetry(0))
	if err := shop.Start(); err != nil {
		t.Fatal(err)
	}
	defer shop.Shutdown()
	_, err := shop.SendSync(context.Background(), primitive.NewMessage("Full", []byte("order 7")))
	if err == nil || !strings.Contains(err.Error(), "disk is full") {
		t.Fatalf("it said %v", err)
	}
}

func control(t *testing.T, path, body string) {
	t.Helper()
	request, _ := http.NewRequest("POST", broker.Control.Url+path, strings.NewReader(body))
	request.Header.Set("Authorization", "Bearer "+broker.Control.Token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if said, _ := io.ReadAll(answer.Body); answer.StatusCode != 200 {
		t.Fatalf("%s: %s", path, said)
	}
}
