//! What the suites of test/interop/grpc ask of every client, as far as this one has it: simple consumers alone, and
//! messages of all types.
//!
//!     driver ENDPOINT PREFIX
//!
//! PREFIX is what the names of topics and groups begin with. Shuts down when it is told to end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rocketmq::conf::{ClientOption, ProducerOption, SimpleConsumerOption};
use rocketmq::error::ClientError;
use rocketmq::model::common::{FilterExpression, FilterType};
use rocketmq::model::message::{MessageBuilder, MessageView};
use rocketmq::model::transaction::{Transaction, TransactionResolution};
use rocketmq::{Producer, SimpleConsumer};
use serde_json::{json, Value};
use tokio::signal::unix::{signal, SignalKind};

/// This client gives up when the time for which it wants to wait is over, so that a server must answer before.
const AWAIT: Duration = Duration::from_secs(4);

fn tell(event: &str, values: Value) {
    let rest = values.to_string();
    let rest = if rest == "{}" {
        "}".to_string()
    } else {
        format!(",{}", &rest[1..])
    };
    println!("{{\"event\":\"{event}\"{rest}");
}

fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis() as i64
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let (endpoint, prefix) = (arguments.next().unwrap(), arguments.next().unwrap());
    if let Err(error) = run(endpoint, prefix).await {
        tell(
            "failed",
            json!({ "what": "client", "text": format!("{error:?}") }),
        );
        std::process::exit(1);
    }
}

fn options(endpoint: &str) -> ClientOption {
    let mut options = ClientOption::default();
    options.set_access_url(endpoint);
    options.set_long_polling_timeout(AWAIT);
    options
}

async fn run(endpoint: String, prefix: String) -> Result<(), ClientError> {
    let mut stop = signal(SignalKind::terminate()).unwrap();
    let stopping = Arc::new(AtomicBool::new(false));
    let consumers = [
        ("all", "normal", FilterType::Tag, "*"),
        ("tag", "normal", FilterType::Tag, "A || B"),
        (
            "sql",
            "normal",
            FilterType::Sql,
            "colour = 'blue' AND TAGS <> 'C'",
        ),
        ("simple", "normal", FilterType::Tag, "*"),
        ("fifo", "fifo", FilterType::Tag, "*"),
        ("later", "delay", FilterType::Tag, "*"),
        ("transaction", "transaction", FilterType::Tag, "*"),
    ];
    let mut loops = Vec::new();
    for (by, kind, filter_type, expression) in consumers {
        let mut option = SimpleConsumerOption::default();
        let topic = format!("{prefix}-{kind}");
        option.set_topics(vec![topic.clone()]);
        option.set_consumer_group(format!("{prefix}-{by}"));
        let mut consumer = SimpleConsumer::new(option, options(&endpoint))?;
        consumer.start().await?;
        let filter = FilterExpression::new(filter_type, expression);
        loops.push(tokio::spawn(consume(
            consumer,
            by,
            topic,
            filter,
            stopping.clone(),
        )));
    }
    let mut option = ProducerOption::default();
    let topics = ["normal", "fifo", "delay", "transaction", "retry"];
    option.set_topics(
        topics
            .iter()
            .map(|kind| format!("{prefix}-{kind}"))
            .collect(),
    );
    let mut producer =
        Producer::new_transaction_producer(option, options(&endpoint), Box::new(check))?;
    producer.start().await?;
    tell("started", json!({}));
    send(&producer, &prefix).await?;
    tell("done", json!({}));

    stop.recv().await;
    stopping.store(true, Ordering::Relaxed);
    let began = Instant::now();
    let clients = loops.len() + 1;
    producer.shutdown().await?;
    for one in loops {
        one.await.unwrap()?;
    }
    tell(
        "closed",
        json!({ "clients": clients, "ms": began.elapsed().as_millis() as u64 }),
    );
    Ok(())
}

fn check(_transaction_id: String, message: MessageView) -> TransactionResolution {
    let body = String::from_utf8_lossy(message.body()).to_string();
    tell(
        "checked",
        json!({ "body": body, "id": message.message_id() }),
    );
    if body == "checked" {
        TransactionResolution::COMMIT
    } else {
        TransactionResolution::ROLLBACK
    }
}

async fn consume(
    consumer: SimpleConsumer,
    by: &str,
    topic: String,
    filter: FilterExpression,
    stopping: Arc<AtomicBool>,
) -> Result<(), ClientError> {
    while !stopping.load(Ordering::Relaxed) {
        match consumer
            .receive_with(&topic, &filter, 16, Duration::from_secs(30))
            .await
        {
            Ok(messages) => {
                for message in messages {
                    received(by, &message);
                    consumer.ack(&message).await?;
                }
            }
            Err(error) => {
                let values = json!({ "what": by, "text": format!("{error:?}") });
                tell("failed", values);
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    }
    consumer.shutdown().await
}

fn received(by: &str, message: &MessageView) {
    let body = String::from_utf8_lossy(message.body()).to_string();
    tell(
        "received",
        json!({
            "by": by, "body": body.chars().take(12).collect::<String>(), "size": body.len(),
            "id": message.message_id(), "topic": message.topic(), "tag": message.tag().unwrap_or(""),
            "keys": message.keys().join(" "), "group": message.message_group().unwrap_or(""),
            "colour": message.properties().get("colour").cloned().unwrap_or_default(),
            "attempt": message.delivery_attempt(), "atMs": now_ms(),
            "dueMs": message.delivery_timestamp().unwrap_or(0) * 1000,
        }),
    );
}

async fn send(producer: &Producer, prefix: &str) -> Result<(), ClientError> {
    let topic = |kind: &str| format!("{prefix}-{kind}");
    let sent = |body: &str, id: &str| tell("sent", json!({ "body": body, "id": id }));
    for tag in ["A", "B", "C"] {
        let body = format!("plain {tag}");
        let whole = if tag == "C" {
            body.clone() + &"x".repeat(100_000)
        } else {
            body.clone()
        };
        let message = MessageBuilder::builder()
            .set_topic(topic("normal"))
            .set_body(whole.into_bytes())
            .set_tag(tag)
            .set_keys(vec!["k1", "k2"])
            .set_properties([("colour", if tag == "B" { "red" } else { "blue" })].into())
            .build()?;
        sent(&body, producer.send(message).await?.message_id());
    }
    for i in 0..9 {
        let (group, body) = (format!("g{}", i % 3), format!("g{}-{}", i % 3, i / 3));
        let message =
            MessageBuilder::fifo_message_builder(topic("fifo"), body.clone().into_bytes(), group)
                .build()?;
        sent(&body, producer.send(message).await?.message_id());
    }
    let message = MessageBuilder::builder()
        .set_topic(topic("retry"))
        .set_body(b"fails".to_vec())
        .build()?;
    sent("fails", producer.send(message).await?.message_id());
    // This client counts in seconds.
    let now = now_ms() / 1000 + 1;
    for (body, after) in [("later", 2), ("last", 4)] {
        let message = MessageBuilder::delay_message_builder(
            topic("delay"),
            body.as_bytes().to_vec(),
            now + after,
        )
        .build()?;
        sent(body, producer.send(message).await?.message_id());
    }
    for body in ["rolled back", "committed", "refused", "checked"] {
        let message = MessageBuilder::transaction_message_builder(
            topic("transaction"),
            body.as_bytes().to_vec(),
        )
        .build()?;
        let transaction = producer.send_transaction_message(message).await?;
        sent(body, transaction.message_id());
        match body {
            "committed" => transaction.commit().await?,
            "rolled back" => transaction.rollback().await?,
            _ => {}
        }
    }
    Ok(())
}
