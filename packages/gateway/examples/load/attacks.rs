//! Genuine requests while strangers hold what they can: how many are answered, how long they wait against a quiet gateway, and how much
//! memory the attack costs.

use std::time::{Duration, Instant};

use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::model::{Answer, Model};
use crate::statistics::percentile;
use crate::support::attack::{Attack, Connection, connect, resident_bytes, whole};
use crate::support::client::Attested;
use crate::support::{Message, http::Version};
use crate::target::Target;

const PATH: &str = "/v1/chat/completions";

/// Genuine requests of a measurement, one after the other.
const REQUESTS: usize = 300;
const PAUSE: Duration = Duration::from_millis(5);

/// A request that got nothing for so long counts as not answered.
const PATIENCE: Duration = Duration::from_secs(5);

/// What strangers do.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Streams without a byte of content.
    Unopened,
    /// Streams that get a byte a second.
    Trickle,
    /// Evidence of which nothing is taken.
    UnreadEvidence,
    /// Content in chunks of a byte.
    ByteChunks,
    /// Many idempotency keys.
    ManyKeys,
    /// Long answers of which nothing is taken, over one connection to the model server.
    UnreadAnswers,
    /// Uploads that the model server does not read, on the connection of the genuine requests.
    UnreadUploads,
}

/// Its name, how the gateway speaks to the model server, and its settings.
type Row = (&'static str, Kind, &'static str, &'static [(&'static str, i64)]);

const KINDS: [Row; 7] = [
    ("1024 requests without content, 4 connections", Kind::Unopened, "http", &[]),
    ("1024 requests of a byte a second, 4 connections", Kind::Trickle, "http", &[]),
    ("1000 unread answers of evidence, 4 connections", Kind::UnreadEvidence, "http", &[]),
    ("8 requests of 200 KB in chunks of a byte", Kind::ByteChunks, "http", &[]),
    (
        "3000 idempotency keys of one client, memory of 2 x 1000",
        Kind::ManyKeys,
        "http",
        &[("channel.idempotency_capacity", 1000)],
    ),
    ("120 unread answers of 200 KB over one h2c connection", Kind::UnreadAnswers, "h2c", &[]),
    ("3 unread uploads of 12 MB on the same connection", Kind::UnreadUploads, "http", &[]),
];

/// Measures each attack whose name contains `wanted`.
pub async fn measure(wanted: &str) -> Value {
    let mut rows = Vec::new();
    for (name, kind, scheme, settings) in KINDS.into_iter().filter(|(name, ..)| name.contains(wanted)) {
        eprintln!("{name}");
        let model = Model::start().await;
        let target = Target::ours(&model, scheme, settings).await;
        rows.push(row(name, kind, &model, &target).await);
    }
    json!(rows)
}

async fn row(name: &str, kind: Kind, model: &Model, target: &Target) -> Value {
    let Target::Ours { attested, .. } = target else { unreachable!() };
    let mut connection = connect(target.address(), 1 << 16).await;
    let shared = (kind == Kind::UnreadUploads).then_some(&mut connection);
    model.answer_with(Answer::Whole(217));
    let mut clients = Clients { attested, shared };
    clients.ask(REQUESTS / 4).await;
    let (_, quiet) = clients.ask(REQUESTS).await;
    let before = resident_bytes(target.pid());
    let _held = attack(kind, model, &mut clients).await;
    sleep(Duration::from_secs(1)).await;
    let (answered, attacked) = clients.ask(REQUESTS).await;
    let after = resident_bytes(target.pid());
    json!({
        "attack": name,
        "asked": REQUESTS,
        "answered": answered,
        "quietP99Ms": percentile(quiet, 0.99),
        "attackedP99Ms": percentile(attacked, 0.99),
        "memoryBytes": after.saturating_sub(before),
    })
}

async fn attack(kind: Kind, model: &Model, clients: &mut Clients<'_>) -> Attack {
    let attested = clients.attested;
    match kind {
        Kind::Unopened => Attack::unopened(attested, 4, 256, None).await,
        Kind::Trickle => Attack::unopened(attested, 4, 256, Some(Duration::from_secs(1))).await,
        Kind::UnreadEvidence => Attack::unread_evidence(&attested.address, 4, 250).await,
        Kind::ByteChunks => Attack::byte_chunks(attested, 8, 200_000).await,
        Kind::ManyKeys => {
            for _ in 0..3000 {
                clients.ask_one().await;
            }
            Attack::default()
        }
        Kind::UnreadAnswers => {
            model.answer_with(Answer::Burst(1000));
            let attack = Attack::unread_answers(attested, 120, "{}").await;
            sleep(Duration::from_secs(1)).await;
            model.answer_with(Answer::Whole(217));
            attack
        }
        Kind::UnreadUploads => {
            model.answer_with(Answer::Unread);
            let Some(connection) = clients.shared.as_deref_mut() else { unreachable!() };
            let attack = Attack::uploads(connection, attested, 3, 12_000_000).await;
            sleep(Duration::from_secs(1)).await;
            model.answer_with(Answer::Whole(217));
            attack
        }
    }
}

/// Genuine clients, each on a connection of its own or all on one.
struct Clients<'a> {
    attested: &'a Attested,
    shared: Option<&'a mut Connection>,
}

impl Clients<'_> {
    /// Asks `count` times; returns how many were answered, and the delay of each in milliseconds.
    async fn ask(&mut self, count: usize) -> (usize, Vec<f64>) {
        let (mut answered, mut delays) = (0, Vec::with_capacity(count));
        for _ in 0..count {
            let begin = Instant::now();
            answered += usize::from(self.ask_one().await);
            delays.push(begin.elapsed().as_secs_f64() * 1000.0);
            sleep(PAUSE).await;
        }
        (answered, delays)
    }

    /// Whether one request was answered by the model server. What is refused for its date is dated anew and sent once more, as clients do
    /// (PROTOCOL.md §11).
    async fn ask_one(&mut self) -> bool {
        let exchanges = async {
            match self.exchange().await {
                Some(400) => self.exchange().await,
                other => other,
            }
        };
        timeout(PATIENCE, exchanges).await.ok().flatten() == Some(200)
    }

    /// The status inside; None where there is none.
    async fn exchange(&mut self) -> Option<u16> {
        let sealed = self.attested.seal(&[&Message::post(PATH, "{}").encode()]);
        let answer = match &mut self.shared {
            Some(connection) => {
                connection.ready().await.ok()?;
                connection.send_request(self.attested.request(whole(sealed.body.clone()))).await.ok()?
            }
            None => self.attested.post(Version::Http1, sealed.body.clone()).await.ok()?,
        };
        if answer.status() != 200 {
            return None;
        }
        let body = answer.into_body().collect().await.ok()?.to_bytes();
        let mut opener = sealed.opener();
        let mut message = opener.push(&body).concat();
        message.extend(opener.finish()?);
        let message = bhttp::Message::read_bhttp(&mut std::io::Cursor::new(message)).ok()?;
        Some(message.control().status()?.code())
    }
}
