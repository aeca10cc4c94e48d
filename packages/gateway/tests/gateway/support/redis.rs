//! A Redis of the test's own, on a free port of loopback and a UNIX socket.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use blindllama_testkit::tls::{pem, server_key_pem};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::sleep;

use super::in_time;
use super::ports::dead_address;

pub const PASSWORD: &str = "password-of-the-counter";

/// Of the user of the gateways: what docs/OPERATING.md gives them.
pub const RIGHTS: &str = "on >PASSWORD resetkeys ~blindllama:* -@all +eval +get +incr +incrby +set +expire";

/// Of a user that is not the default one.
pub const USER: &str = "gateways-of-the-fleet";

const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";

pub struct Redis {
    process: Child,
    port: String,
    folder: TempDir,
}

impl Redis {
    pub async fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap()).await
    }

    /// Its one port speaks TLS, with this certificate of [`server_key_pem`] in DER. Only [`USER`] has rights there.
    pub async fn start_with_tls(certificate: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(CERTIFICATE), pem(certificate)).unwrap();
        fs::write(folder.path().join(KEY), server_key_pem()).unwrap();
        Self::start_in(folder).await
    }

    async fn start_in(folder: TempDir) -> Self {
        // Between finding a port and taking it another program may take it.
        for _ in 0..20 {
            let port = dead_address().rsplit_once(':').unwrap().1.to_owned();
            if let Some(process) = spawn(&port, &folder).await {
                return Self { process, port, folder };
            }
        }
        panic!("redis-server does not start");
    }

    /// Starts it again at the same places, empty.
    pub async fn restart(&mut self) {
        for _ in 0..20 {
            if let Some(process) = spawn(&self.port, &self.folder).await {
                self.process = process;
                return;
            }
        }
        panic!("redis-server does not start again");
    }

    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// The same port, to be asked over TLS.
    pub fn tls_url(&self) -> String {
        format!("rediss://{}", self.address())
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn socket(&self) -> PathBuf {
        socket(&self.folder)
    }

    pub async fn kill(&mut self) {
        self.process.kill().await.unwrap();
    }

    pub fn signal(&self, signal: Signal) {
        let pid = self.process.id().and_then(|pid| Pid::from_raw(pid.try_into().unwrap()));
        kill_process(pid.expect("still running"), signal).unwrap();
    }

    /// The lines of the answer to a command.
    pub async fn ask(&self, command: &[&str]) -> Vec<String> {
        let output = in_time("redis-cli", client(&self.folder).args(command).output()).await.unwrap();
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    /// Every counter with what it holds.
    pub async fn counters(&self) -> Vec<(String, i64)> {
        let mut counters = Vec::new();
        for name in self.ask(&["KEYS", "*"]).await.into_iter().filter(|name| !name.is_empty()) {
            let value = self.ask(&["GET", &name]).await[0].parse().expect("a number");
            counters.push((name, value));
        }
        counters
    }

    /// Whatever it is told from here on.
    pub async fn monitor(&self) -> Arc<Mutex<String>> {
        let mut watcher =
            client(&self.folder).arg("MONITOR").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(watcher.stdout.take().unwrap()).lines();
        assert_eq!(in_time("the monitor", lines.next_line()).await.unwrap().as_deref(), Some("OK"));
        let told = Arc::new(Mutex::new(String::new()));
        let writer = Arc::clone(&told);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                writer.lock().unwrap().push_str(&line);
            }
            drop(watcher);
        });
        told
    }
}

fn socket(folder: &TempDir) -> PathBuf {
    folder.path().join("redis.sock")
}

fn client(folder: &TempDir) -> Command {
    let mut command = Command::new("redis-cli");
    command
        .arg("-s")
        .arg(socket(folder))
        .args(["--user", "tests", "--no-auth-warning", "-a", PASSWORD])
        .kill_on_drop(true);
    command
}

async fn spawn(port: &str, folder: &TempDir) -> Option<Child> {
    let certificate = folder.path().join(CERTIFICATE);
    let mut process = Command::new("redis-server");
    let users = if certificate.exists() {
        process.args(["--port", "0", "--tls-port", port, "--tls-auth-clients", "no", "--tls-cert-file"]);
        process.arg(certificate).arg("--tls-key-file").arg(folder.path().join(KEY));
        format!("--user default off --user {USER} {RIGHTS}")
    } else {
        process.args(["--port", port]);
        format!("--user default {RIGHTS}")
    };
    let users = format!("{users} --user tests on >PASSWORD ~* +@all").replace("PASSWORD", PASSWORD);
    let mut process = process
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .args(users.split(' '))
        .arg("--dir")
        .arg(folder.path())
        .arg("--unixsocket")
        .arg(socket(folder))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("redis-server must be installed");
    for _ in 0..500 {
        if process.try_wait().unwrap().is_some() {
            return None;
        }
        let pong =
            client(folder).arg("PING").stderr(Stdio::null()).output().await.expect("redis-cli must be installed");
        if pong.stdout.starts_with(b"PONG") {
            return Some(process);
        }
        sleep(Duration::from_millis(20)).await;
    }
    None
}
