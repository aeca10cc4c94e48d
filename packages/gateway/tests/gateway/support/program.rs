//! The program under test.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{PATIENCE, Swtpm, Upstream, in_time};

pub const AUDIENCE: &str = "https://chat.example";
pub const PCRS: [u8; 4] = [0, 4, 7, 12];

/// A configuration in the making: the required members, and what a test adds.
pub struct Setup {
    pub members: toml::Table,
    /// Soft and hard limit of open files, where they are not those of the test.
    open_files: Option<(u64, u64)>,
}

impl Setup {
    pub fn new(swtpm: &Swtpm, upstream: &Upstream) -> Self {
        Self::to(swtpm, &upstream.url())
    }

    /// For a model server at `url`.
    pub fn to(swtpm: &Swtpm, url: &str) -> Self {
        let text = format!(
            "listen = '127.0.0.1:0'\naudiences = ['{AUDIENCE}']\n[tpm]\ntcti = '{}'\n[attestation]\npcrs = {PCRS:?}\n\
             [upstream]\nurl = '{url}'\nkind = 'in-image'",
            swtpm.tcti(),
        );
        Self { members: toml::from_str(&text).unwrap(), open_files: None }
    }

    /// Sets `section.member` (or a member of the top level).
    pub fn with(mut self, path: &str, value: impl Into<toml::Value>) -> Self {
        let value = value.into();
        match path.split_once('.') {
            Some((section, member)) => {
                let table = self.members.entry(section).or_insert_with(|| toml::Table::new().into());
                table.as_table_mut().unwrap().insert(member.into(), value);
            }
            None => drop(self.members.insert(path.into(), value)),
        }
        self
    }

    /// Lets the program open only so many files.
    pub const fn with_open_files(mut self, soft: u64, hard: u64) -> Self {
        self.open_files = Some((soft, hard));
        self
    }

    pub fn write(&self, folder: &TempDir) -> PathBuf {
        let path = folder.path().join("gateway.toml");
        std::fs::write(&path, toml::to_string(&self.members).unwrap()).unwrap();
        path
    }

    /// Runs a command of the program to its end.
    pub async fn run(&self, command: &str) -> std::process::Output {
        self.run_with(&[command]).await
    }

    /// The same with further arguments.
    pub async fn run_with(&self, arguments: &[&str]) -> std::process::Output {
        let folder = tempfile::tempdir().unwrap();
        let output = program().args(arguments).arg("--config").arg(self.write(&folder)).output();
        in_time("the end of the program", output).await.unwrap()
    }

    pub async fn start(self) -> Gateway {
        self.start_as(program()).await
    }

    /// Starts it with `passed` as file 3 and the variables of `sd_listen_fds(3)`, as an init does that opened the socket.
    pub async fn start_with_socket(self, passed: impl Into<Stdio>) -> Gateway {
        self.start_as(handed(&program(), passed, 1)).await
    }

    /// Runs it with `passed` as file 3, said to be the first of `count`, to its end.
    pub async fn run_with_socket(self, passed: impl Into<Stdio>, count: u8) -> std::process::Output {
        let folder = tempfile::tempdir().unwrap();
        let mut command = handed(&program(), passed, count);
        in_time("the end of the program", command.arg("--config").arg(self.write(&folder)).output()).await.unwrap()
    }

    /// Starts it so that this process may read its memory. The program forbids that to all but those with rights over its user
    /// namespace: root, or who made the namespace.
    pub async fn start_readable(self) -> Gateway {
        if rustix::process::geteuid().is_root() {
            return self.start().await;
        }
        let program = program();
        let mut command = clean("unshare".into());
        command.args(["--user", "--map-root-user"]).arg(program.as_std().get_program());
        self.start_as(command).await
    }

    async fn start_as(self, mut command: Command) -> Gateway {
        let folder = tempfile::tempdir().unwrap();
        let path = self.write(&folder);
        if let Some((soft, hard)) = self.open_files {
            command = limited(&command, soft, hard);
        }
        let mut process = command.arg("--config").arg(path).stdout(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(EventLog::default());
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let writer = Arc::clone(&log);
        let reader = tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                writer.push(&line);
            }
        });
        let start = log.wait("start", 1).await;
        Gateway { process, address: start["address"].as_str().unwrap().into(), start, log, reader, _folder: folder }
    }
}

/// The program that cargo built for the test; `GATEWAY_PROGRAM` names another build of it, such as the one to be measured.
pub fn program() -> Command {
    let built = option_env!("CARGO_BIN_EXE_blindllama-gateway").map(Into::into);
    let named = std::env::var_os("GATEWAY_PROGRAM").or(built);
    clean(named.expect("GATEWAY_PROGRAM names the program"))
}

/// A command without the settings of whoever runs the tests.
fn clean(program: OsString) -> Command {
    let mut command = Command::new(program);
    command.kill_on_drop(true).env("TSS2_LOG", "all+none");
    // Settings come from the test alone; the repository's own tools have variables of this prefix, which the gateway refuses.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"BLINDLLAMA_")) {
        command.env_remove(name);
    }
    command
}

/// The same command under limits of open files, by `prlimit` of util-linux, which becomes the program itself.
fn limited(command: &Command, soft: u64, hard: u64) -> Command {
    let command = command.as_std();
    let mut limited = Command::new("prlimit");
    limited.arg(format!("--nofile={soft}:{hard}")).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    limited.kill_on_drop(true);
    limited
}

/// The same command with `passed` as file 3. The shell sets LISTEN_PID, which is known only then, and becomes the program itself.
fn handed(command: &Command, passed: impl Into<Stdio>, count: u8) -> Command {
    let mut handed = Command::new("sh");
    let script = format!("LISTEN_PID=$$ LISTEN_FDS={count} exec \"$0\" \"$@\" 3<&0 </dev/null");
    handed.arg("-c").arg(script).arg(command.as_std().get_program()).stdin(passed).kill_on_drop(true);
    for (name, value) in command.as_std().get_envs() {
        match value {
            Some(value) => handed.env(name, value),
            None => handed.env_remove(name),
        };
    }
    handed
}

/// What the program wrote.
#[derive(Default)]
pub struct EventLog {
    text: Mutex<String>,
    events: Mutex<Vec<Value>>,
    more: Notify,
}

impl EventLog {
    pub fn push(&self, line: &str) {
        writeln!(self.text.lock().unwrap(), "{line}").unwrap();
        self.events.lock().unwrap().push(serde_json::from_str(line).expect("each line is JSON"));
        self.more.notify_waiters();
    }

    pub fn count(&self, event: &str) -> usize {
        self.named(event).len()
    }

    pub fn named(&self, event: &str) -> Vec<Value> {
        self.events.lock().unwrap().iter().filter(|line| line["event"] == event).cloned().collect()
    }

    /// Every event, in order.
    pub fn all(&self) -> Vec<Value> {
        self.events.lock().unwrap().clone()
    }

    pub fn text(&self) -> String {
        self.text.lock().unwrap().clone()
    }

    /// Waits until `event` was written `count` times; returns the last of them.
    pub async fn wait(&self, event: &str, count: usize) -> Value {
        let waiting = async {
            loop {
                let more = self.more.notified();
                let mut more = std::pin::pin!(more);
                more.as_mut().enable();
                if let Some(line) = self.named(event).get(count - 1) {
                    return line.clone();
                }
                more.await;
            }
        };
        timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("no {event}; log:\n{}", self.text()))
    }
}

/// The running program; it is killed when dropped.
pub struct Gateway {
    process: Child,
    /// `address:port`.
    pub address: String,
    /// The event `start`.
    pub start: Value,
    pub log: Arc<EventLog>,
    /// Ends with the program's output.
    reader: JoinHandle<()>,
    _folder: TempDir,
}

impl Gateway {
    pub fn start_text(&self, member: &str) -> &str {
        self.start[member].as_str().unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.pid().try_into().unwrap());
        kill_process(pid.unwrap(), signal).unwrap();
    }

    pub async fn exit(&mut self) -> ExitStatus {
        in_time("the end of the program", self.process.wait()).await.unwrap()
    }

    pub fn is_running(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }

    pub fn pid(&self) -> u32 {
        self.process.id().expect("still running")
    }

    /// Stops it and waits for its end, so that its TPM is free.
    pub async fn stop(mut self) {
        self.signal(Signal::INT);
        assert!(self.exit().await.success());
    }

    /// Stops it; returns everything that it wrote.
    pub async fn whole_log(mut self) -> Arc<EventLog> {
        self.signal(Signal::INT);
        assert!(self.exit().await.success());
        in_time("the end of the log", self.reader).await.unwrap();
        self.log
    }
}
