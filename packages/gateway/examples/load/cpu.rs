//! Processor time of a request: a plain proxy and the gateway, by turns, in the same run.

use std::time::Instant;

use serde_json::{Value, json};

use crate::client::{CLIENTS, questions, run};
use crate::model::{Answer, Model};
use crate::process::cpu_us;
use crate::statistics::quartiles;
use crate::target::Target;

const ROUNDS: usize = 16;

/// An answer, and how often each client asks for it in a round.
const CASES: [(&str, Answer, usize); 6] = [
    ("217 bytes", Answer::Whole(217), 120),
    ("300 events", Answer::Events(300), 6),
    ("1000 events", Answer::Events(1000), 2),
    ("300 events in a burst", Answer::Burst(300), 25),
    ("1000 events in a burst", Answer::Burst(1000), 10),
    ("1 MiB at once", Answer::Whole(1 << 20), 8),
];

/// Quartiles of the case `wanted`, or else of each whose name contains it, in microseconds of processor time a request.
pub async fn measure(wanted: &str) -> Value {
    let model = Model::start().await;
    let plain = Target::plain(&model, false).await;
    let ours = Target::ours(&model, "http", &[]).await;
    let unpadded = Target::ours(&model, "http", &[("channel.event_bucket_bytes", 0)]).await;
    let targets = [&plain, &ours, &unpadded];
    let mut cases = Vec::new();
    let is_name = CASES.iter().any(|(name, ..)| *name == wanted);
    let is_wanted = |name: &str| if is_name { name == wanted } else { name.contains(wanted) };
    for (name, answer, count) in CASES.into_iter().filter(|(name, ..)| is_wanted(name)) {
        eprintln!("{name}");
        model.answer_with(answer);
        for target in targets {
            run(target, questions(target, count.div_ceil(4)), answer.bytes()).await;
        }
        let started = Instant::now();
        let mut rounds = Vec::new();
        for round in 0..ROUNDS {
            let mut spent = [0.0; 3];
            // Who comes first meets other caches than who comes last.
            for offset in 0..targets.len() {
                let index = (round + offset) % targets.len();
                let questions = questions(targets[index], count);
                let before = cpu_us(targets[index].pid());
                run(targets[index], questions, answer.bytes()).await;
                spent[index] = (cpu_us(targets[index].pid()) - before) / (count * CLIENTS) as f64;
            }
            rounds.push(spent);
        }
        let of = |figure: fn(&[f64; 3]) -> f64| quartiles(rounds.iter().map(figure));
        cases.push(json!({
            "answer": name,
            "bytes": answer.bytes(),
            "pairs": ROUNDS,
            "plainUs": of(|[plain, ..]| *plain),
            "padded": { "us": of(|[_, ours, _]| *ours), "ratio": of(|[plain, ours, _]| plain / ours), "extraUs": of(|[plain, ours, _]| ours - plain) },
            "unpadded": { "us": of(|[.., ours]| *ours), "ratio": of(|[plain, _, ours]| plain / ours), "extraUs": of(|[plain, _, ours]| ours - plain) },
            "elapsedMs": started.elapsed().as_millis() as u64,
        }));
    }
    json!(cases)
}
