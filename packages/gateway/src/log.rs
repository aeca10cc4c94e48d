//! The log: one JSON object a line on standard output. What is not a parameter of an event cannot reach it: there is no way to log
//! a text of a request, an address of a client, a key, a path or a name of a model.
//!
//! A thread of its own writes, so that a reader who stalls never stalls a request; events beyond its queue, and those that could not be
//! written, are counted: the next line that can be written says how many as `dropped`.
//! It pauses between writes, so that requests under load neither wake it for each event nor pay for a system call each.

use std::fmt::Write as _;
use std::io::{Write, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::clock::{Clock, SystemClock};
use crate::failure::Failure;

/// Events that may wait for the writer.
const QUEUE: usize = 4096;

/// Room for the line of a request, in bytes.
const LINE: usize = 160;

/// Between two writes. An event after a quiet time is written at once.
const PAUSE: Duration = Duration::from_millis(10);

/// For the last lines of a process.
const FLUSH: Duration = Duration::from_secs(1);

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
    /// A line, and how many are lost with it: itself and those that it tells of.
    Line(String, u64),
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
        Self::to(level, stdout())
    }

    fn to(level: Level, output: impl Write + Send + 'static) -> Self {
        let (queue, messages) = sync_channel(QUEUE);
        let dropped = Arc::new(AtomicU64::new(0));
        let lost = Arc::clone(&dropped);
        let writer = thread::Builder::new().name("log".into()).spawn(move || write_all(&messages, output, &lost));
        // Without a thread there is no log; that is no reason not to serve.
        drop(writer);
        Self { level, queue, dropped }
    }

    /// Writes `event` with numbers and fixed words.
    pub fn event(&self, level: Level, event: &'static str, fields: &[(&'static str, Value)]) {
        if level > self.level {
            return;
        }
        // Written as it is: a request has two of these, and a map of their members takes several times as long. No name needs escaping,
        // and writing to a string cannot fail.
        let mut line = String::with_capacity(LINE);
        let (time, level) = (SystemClock.wall_ms(), level.as_str());
        let _ = write!(line, r#"{{"time_ms":{time},"level":"{level}","event":"{event}""#);
        for (name, value) in fields {
            let _ = write!(line, r#","{name}":{value}"#);
        }
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            let _ = write!(line, r#","dropped":{dropped}"#);
        }
        line.push_str("}\n");
        let lost = dropped.saturating_add(1);
        if self.queue.try_send(Message::Line(line, lost)).is_err() {
            self.dropped.fetch_add(lost, Ordering::Relaxed);
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

    /// Waits, at most [`FLUSH`], until everything so far is written, and how many lines were lost. To be called from no asynchronous thread.
    pub fn flush(&self) {
        let end = Instant::now().checked_add(FLUSH);
        let left = || end.map_or(Duration::ZERO, |end| end.saturating_duration_since(Instant::now()));
        self.drain(left);
        if self.dropped.load(Ordering::Relaxed) > 0 {
            self.event(Level::Error, "log.lost", &[]);
            self.drain(left);
        }
    }

    fn drain(&self, left: impl Fn() -> Duration) {
        let (written, done) = sync_channel(1);
        let mut message = Message::Flush(written);
        // A full queue takes it as soon as the writer has made room.
        while let Err(TrySendError::Full(back)) = self.queue.try_send(message) {
            if left().is_zero() {
                return;
            }
            message = back;
            thread::sleep(PAUSE);
        }
        let _ = done.recv_timeout(left());
    }
}

/// Writes what is there at once, then lets more gather.
fn write_all(messages: &Receiver<Message>, mut output: impl Write, lost: &AtomicU64) {
    while let Ok(first) = messages.recv() {
        let (mut lines, mut count) = (String::new(), 0_u64);
        let mut flushed = Vec::new();
        for message in std::iter::once(first).chain(messages.try_iter().take(QUEUE)) {
            match message {
                Message::Line(line, lost) => {
                    lines.push_str(&line);
                    count = count.saturating_add(lost);
                }
                Message::Flush(written) => flushed.push(written),
            }
        }
        // A log that nobody reads any more, or whose disk is full, is no reason to stop serving. Of lines that were written in part
        // the next one that can be written tells too.
        if output.write_all(lines.as_bytes()).and_then(|()| output.flush()).is_err() {
            lost.fetch_add(count, Ordering::Relaxed);
        }
        for written in flushed {
            let _ = written.try_send(());
        }
        thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;
    use std::sync::atomic::AtomicBool;

    use super::*;

    /// An output that can be broken or held up.
    #[derive(Clone, Default)]
    struct Output {
        written: Arc<Mutex<Vec<u8>>>,
        broken: Arc<AtomicBool>,
        held: Arc<Mutex<()>>,
        reached: Arc<AtomicBool>,
    }

    impl Write for Output {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.reached.store(true, Ordering::Relaxed);
            let _go = self.held.lock().unwrap();
            if self.broken.load(Ordering::Relaxed) {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.written.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Output {
        fn lines(&self) -> Vec<Value> {
            let written = String::from_utf8(self.written.lock().unwrap().clone()).unwrap();
            written.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        }

        fn told(&self) -> u64 {
            self.lines().iter().filter_map(|line| line["dropped"].as_u64()).sum()
        }
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted() {
        let output = Output::default();
        let log = Log::to(Level::Info, output.clone());
        output.broken.store(true, Ordering::Relaxed);
        for _ in 0..3 {
            log.event(Level::Info, "request", &[]);
        }
        log.flush();
        output.broken.store(false, Ordering::Relaxed);
        log.event(Level::Info, "request", &[]);
        log.flush();
        // The first flush lost its own line as well.
        assert_eq!((output.lines().len(), output.told()), (1, 4));
    }

    #[test]
    fn lines_beyond_the_queue_are_counted_also_when_none_follows() {
        let output = Output::default();
        let log = Log::to(Level::Info, output.clone());
        let all = (QUEUE * 3) as u64;
        let held = output.held.lock().unwrap();
        for line in 0..all {
            log.event(Level::Info, "request", &[]);
            // A writer that has not begun yet would make room for the last ones.
            while line == 0 && !output.reached.load(Ordering::Relaxed) {
                thread::yield_now();
            }
        }
        drop(held);
        log.flush();
        let lines = output.lines();
        assert_eq!(lines.last().map(|line| line["event"].clone()), Some("log.lost".into()));
        assert_eq!(lines.len() as u64 - 1 + output.told(), all);
        assert!(output.told() > 0);
    }
}
