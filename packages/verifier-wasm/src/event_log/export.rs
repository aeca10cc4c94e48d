//! The export for `blindllama eventlog`.

use alloc::{string::String, vec::Vec};

use wasm_bindgen::prelude::wasm_bindgen;

use super::{Explanation, Finding, digest, parse};
use crate::{
    Code,
    json::writer::{ITEM, Writer},
};

/// Explains an event log as JSON: `{"parse": "ok", "banks": [Explanation…], "incomplete": [{"bank", "event"}…]}`, or
/// `{"parse": code, "event"?: n}`. Each bank is explained by itself, where every extending event has a digest of it; else it is
/// `incomplete`, with the first event that has none. A log that leaves no bank to explain for this reason is
/// `eventlog.digest_missing`. Nothing is quoted here: `verified` says that a digest is the hash of what is described.
#[wasm_bindgen(js_name = explainEventLog)]
#[must_use]
pub fn explain_event_log(log: &[u8]) -> String {
    Writer::value(|json| {
        json.object(ITEM, |json| match explain(log) {
            Ok((banks, incomplete)) => {
                json.text("parse", Code::OK.as_str());
                json.array("banks", |json| {
                    banks.iter().for_each(|explanation| json.object(ITEM, |json| explanation.write(json)));
                });
                json.array("incomplete", |json| {
                    for (bank, finding) in incomplete {
                        json.object(ITEM, |json| {
                            json.text("bank", digest::name(bank).unwrap_or_default());
                            write_event(json, finding);
                        });
                    }
                });
            }
            Err(finding) => {
                json.text("parse", finding.code.as_str());
                write_event(json, finding);
            }
        });
    })
}

fn write_event(json: &mut Writer, finding: Finding) {
    if let Some(event) = finding.event {
        json.integer("event", event as u64);
    }
}

/// The banks that can be replayed, and those for which a digest is missing.
type Banks<'a> = (Vec<Explanation<'a>>, Vec<(u16, Finding)>);

fn explain(log: &[u8]) -> Result<Banks<'_>, Finding> {
    let log = parse(log)?;
    let (mut banks, mut incomplete) = (Vec::new(), Vec::new());
    for &bank in &log.algorithms {
        match Explanation::new(log.clone(), bank, None) {
            Ok(explanation) => banks.push(explanation),
            Err(finding) if finding.code == Code::EVENTLOG_DIGEST_MISSING => incomplete.push((bank, finding)),
            // A hash that is not implemented here.
            Err(_) => {}
        }
    }
    match incomplete.first() {
        Some((_, finding)) if banks.is_empty() => Err(*finding),
        _ => Ok((banks, incomplete)),
    }
}
