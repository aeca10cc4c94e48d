//! The export for `blindllama eventlog`.

use alloc::{string::String, vec::Vec};

use wasm_bindgen::prelude::wasm_bindgen;

use super::{Explanation, parse};
use crate::{Code, json::writer::Out};

/// Explains an event log as JSON: `{"parse": "ok", "banks": [Explanation…]}` with one member a bank that can be replayed, or
/// `{"parse": code, "event"?: n}`. Nothing is quoted here: `verified` says that a digest is the hash of what is described.
#[wasm_bindgen(js_name = explainEventLog)]
#[must_use]
pub fn explain_event_log(log: &[u8]) -> String {
    let log = match parse(log) {
        Ok(log) => log,
        Err(finding) => {
            let mut members = Vec::from([("parse", Out::Text(finding.code.as_str()))]);
            members.extend(finding.event.map(|event| ("event", Out::Integer(event as u64))));
            return Out::Object(members).write();
        }
    };
    let explain = |bank: &u16| Explanation::new(log.clone(), *bank, None).map(|bank| (bank.explain_all(), bank));
    let banks: Vec<_> = log.algorithms.iter().filter_map(explain).collect();
    let banks = Out::Array(banks.iter().map(|(explained, bank)| bank.to_out(explained)).collect());
    Out::Object(Vec::from([("parse", Out::Text(Code::OK.as_str())), ("banks", banks)])).write()
}
