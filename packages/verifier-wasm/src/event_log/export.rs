//! The export for `blindllama eventlog`.

use alloc::string::String;

use wasm_bindgen::prelude::wasm_bindgen;

use super::{Explanation, parse};
use crate::{
    Code,
    json::writer::{ITEM, Writer},
};

/// Explains an event log as JSON: `{"parse": "ok", "banks": [Explanation…]}` with one member a bank that can be replayed, or
/// `{"parse": code, "event"?: n}`. Nothing is quoted here: `verified` says that a digest is the hash of what is described.
#[wasm_bindgen(js_name = explainEventLog)]
#[must_use]
pub fn explain_event_log(log: &[u8]) -> String {
    Writer::value(|json| {
        json.object(ITEM, |json| match parse(log) {
            Ok(log) => {
                json.text("parse", Code::OK.as_str());
                json.array("banks", |json| {
                    for bank in &log.algorithms {
                        if let Some(explanation) = Explanation::new(log.clone(), *bank, None) {
                            json.object(ITEM, |json| explanation.write(json));
                        }
                    }
                });
            }
            Err(finding) => {
                json.text("parse", finding.code.as_str());
                if let Some(event) = finding.event {
                    json.integer("event", event as u64);
                }
            }
        });
    })
}
