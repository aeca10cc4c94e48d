//! The log: one JSON object a line on standard output. What is not a parameter of an event cannot reach it: there is no way to log
//! a text of a request, an address of a client, a key, a path or a name of a model.
//!
//! A thread of its own writes, so that a reader who stalls never stalls a request; events beyond its queue are counted and dropped.
//! It pauses between writes, so that requests under load neither wake it for each event nor pay for a system call each.

use std::io::{Write, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::clock::{Clock, SystemClock};
use crate::failure::Failure;

/// Events that may wait for the writer.
const QUEUE: usize = 4096;

/// Between two writes. An event after a quiet time is written at once.
const PAUSE: Duration = Duration::from_millis(10);

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

enum Message {
    Line(String),
    Flush(SyncSender<()>),
}

/// Writes events up to a level.
#[derive(Clone)]
pub struct Log {
    level: Level,
    queue: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

impl Log {
    /// A log of events up to `level`, with its writer.
    #[must_use]
    pub fn start(level: Level) -> Self {
        let (queue, messages) = sync_channel(QUEUE);
        let dropped = Arc::new(AtomicU64::new(0));
        let writer = thread::Builder::new().name("log".into()).spawn(move || write_all(&messages));
        // Without a thread there is no log; that is no reason not to serve.
        drop(writer);
        Self { level, queue, dropped }
    }

    /// Writes `event` with numbers and fixed words.
    pub fn event(&self, level: Level, event: &'static str, fields: &[(&'static str, Value)]) {
        if level > self.level {
            return;
        }
        let mut line = Map::new();
        line.insert("time_ms".into(), SystemClock.wall_ms().into());
        line.insert("level".into(), level.as_str().into());
        line.insert("event".into(), event.into());
        line.extend(fields.iter().map(|(name, value)| ((*name).into(), value.clone())));
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            line.insert("dropped".into(), dropped.into());
        }
        let mut text = Value::Object(line).to_string();
        text.push('\n');
        if self.queue.try_send(Message::Line(text)).is_err() {
            self.dropped.fetch_add(dropped.saturating_add(1), Ordering::Relaxed);
        }
    }

    /// Writes `event` with the code and detail of a failure.
    pub fn failure(&self, level: Level, event: &'static str, failure: &Failure) {
        let mut fields = vec![("code", failure.code.as_str().into())];
        if !failure.detail.is_empty() {
            fields.push(("detail", failure.detail.as_ref().into()));
        }
        self.event(level, event, &fields);
    }

    /// Waits, at most a second, until everything so far is written. To be called from no asynchronous thread.
    pub fn flush(&self) {
        let (written, done) = sync_channel(1);
        if self.queue.try_send(Message::Flush(written)).is_ok() {
            let _ = done.recv_timeout(Duration::from_secs(1));
        }
    }
}

/// Writes what is there at once, then lets more gather.
fn write_all(messages: &Receiver<Message>) {
    while let Ok(first) = messages.recv() {
        let mut lines = String::new();
        let mut flushed = Vec::new();
        for message in std::iter::once(first).chain(messages.try_iter().take(QUEUE)) {
            match message {
                Message::Line(line) => lines.push_str(&line),
                Message::Flush(written) => flushed.push(written),
            }
        }
        // A log that nobody reads any more is no reason to stop serving.
        drop(stdout().lock().write_all(lines.as_bytes()));
        for written in flushed {
            let _ = written.try_send(());
        }
        thread::sleep(PAUSE);
    }
}
