//! The log: one JSON object a line on standard output. What is not a parameter of an event cannot reach it: there is no way to log
//! a text of a request, an address of a client, a key, a path or a name of a model.

use std::io::{Write, stdout};
use std::time::SystemTime;

use serde_json::{Map, Value};

use crate::failure::Failure;

/// How important an event is; the number is the one of PROTOCOL.md §12.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Somebody must act.
    Error = 0,
    /// Somebody should look.
    Warn = 1,
    /// What happens, in numbers.
    Info = 2,
}

impl Level {
    /// The name in configuration and log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
        }
    }
}

/// Writes events up to a level.
#[derive(Clone, Copy, Debug)]
pub struct Log {
    level: Level,
}

impl Log {
    /// A log of events up to `level`.
    #[must_use]
    pub const fn new(level: Level) -> Self {
        Self { level }
    }

    /// Writes `event` with numbers and fixed words.
    pub fn event(self, level: Level, event: &'static str, fields: &[(&'static str, Value)]) {
        if level > self.level {
            return;
        }
        let time = httpdate::fmt_http_date(SystemTime::now());
        let mut line = Map::new();
        line.insert("time".into(), time.into());
        line.insert("level".into(), level.as_str().into());
        line.insert("event".into(), event.into());
        line.extend(fields.iter().map(|(name, value)| ((*name).into(), value.clone())));
        let mut text = Value::Object(line).to_string();
        text.push('\n');
        // A log that nobody reads any more is no reason to stop serving.
        drop(stdout().lock().write_all(text.as_bytes()));
    }

    /// Writes `event` with the code and detail of a failure.
    pub fn failure(self, level: Level, event: &'static str, failure: &Failure) {
        let mut fields = vec![("code", failure.code.as_str().into())];
        if !failure.detail.is_empty() {
            fields.push(("detail", failure.detail.as_ref().into()));
        }
        self.event(level, event, &fields);
    }
}
