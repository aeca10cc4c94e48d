//! A model server in a process of its own, which a test can kill.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::in_time;
use super::ports::dead_address;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gateway/support/model_process.py");

pub struct ModelProcess {
    name: String,
    /// `host:port`.
    pub address: String,
    notes: PathBuf,
    process: Option<Child>,
}

impl ModelProcess {
    /// Starts one with notes in `folder`.
    pub async fn start(folder: &TempDir, name: &str) -> Self {
        let mut model =
            Self { name: name.into(), address: dead_address(), notes: folder.path().join(name), process: None };
        model.restart().await;
        model
    }

    /// Starts it at its address.
    pub async fn restart(&mut self) {
        let port = self.address.rsplit_once(':').unwrap().1;
        let mut command = Command::new("python3");
        command.arg(PROGRAM).arg(port).arg(&self.name).arg(&self.notes).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let ready = in_time("the start of a model server", lines.next_line()).await.unwrap();
        assert_eq!(ready.as_deref(), Some("ready"));
        self.process = Some(process);
    }

    /// SIGKILL, and its end.
    pub async fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        in_time("the end of a model server", process.kill()).await.unwrap();
    }

    /// Lets it answer what is slow.
    pub fn go_on(&self) {
        std::fs::write(self.notes.with_extension("go"), "").unwrap();
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// How often each request was run, by its content, at all servers with notes in `folder`.
pub fn runs(folder: &TempDir) -> BTreeMap<String, usize> {
    let mut runs = BTreeMap::new();
    for entry in folder.path().read_dir().unwrap() {
        for line in std::fs::read_to_string(entry.unwrap().path()).unwrap().lines() {
            *runs.entry(line.to_owned()).or_default() += 1;
        }
    }
    runs
}
