//! An attester as a process of its own, and one that forges answers.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, accept, bind, connect, listen, recv,
    send, socket_with,
};
use rustix::process::geteuid;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;

use super::program::{EventLog, Setup, program};
use super::{PATIENCE, Swtpm, Upstream, in_time};

pub struct Attester {
    process: Child,
    pub log: Arc<EventLog>,
    folder: TempDir,
}

impl Attester {
    /// One that serves processes of the test's own user.
    pub async fn start(swtpm: &Swtpm) -> Self {
        Self::configured(Setup::new(swtpm, &Upstream::fixed("{}"))).await
    }

    pub async fn configured(setup: Setup) -> Self {
        Self::for_user(setup, geteuid().as_raw(), tempfile::tempdir().unwrap()).await
    }

    pub async fn for_user(setup: Setup, user: u32, folder: TempDir) -> Self {
        let (config, socket) = (setup.write(&folder), folder.path().join("socket"));
        let mut command = program();
        command.arg("attester").arg("--socket").arg(socket).args(["--peer", &user.to_string()]);
        let mut process = command.arg("--config").arg(config).stdout(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(EventLog::default());
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let writer = Arc::clone(&log);
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                writer.push(&line);
            }
        });
        log.wait("attester.start", 1).await;
        Self { process, log, folder }
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// The setting of a gateway that asks it.
    pub fn tcti(&self) -> String {
        tcti(&self.socket())
    }

    /// Kills it; returns the folder with the socket that it left behind.
    pub async fn kill(mut self) -> TempDir {
        self.process.kill().await.unwrap();
        self.folder
    }

    /// Ends it by the signal of a supervisor.
    pub async fn stop(mut self) {
        let pid = rustix::process::Pid::from_raw(self.process.id().unwrap().try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(in_time("the attester's end", self.process.wait()).await.unwrap().success());
    }
}

pub fn tcti(socket: &Path) -> String {
    format!("attester:{}", socket.display())
}

/// One side of a connection to an attester, message by message.
pub struct Raw(OwnedFd);

impl Raw {
    pub fn connect(path: &Path) -> Self {
        let socket = socket();
        set_socket_timeout(&socket, Timeout::Recv, Some(Duration::from_secs(20))).unwrap();
        connect(&socket, &SocketAddrUnix::new(path).unwrap()).unwrap();
        Self(socket)
    }

    /// One that is served. Whoever comes after another one is refused until the attester has noticed that one's end.
    pub fn served(path: &Path) -> Self {
        let begin = Instant::now();
        loop {
            let connection = Self::connect(path);
            if connection.ask(&[1]).first() == Some(&0) {
                return connection;
            }
            assert!(begin.elapsed() < PATIENCE, "nobody is served");
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn send(&self, message: &[u8]) {
        // The other side may have ended the connection already.
        let _ = send(&self.0, message, SendFlags::NOSIGNAL);
    }

    /// The next message; empty at the end of the connection.
    pub fn receive(&self) -> Vec<u8> {
        receive(&self.0).unwrap()
    }

    pub fn ask(&self, message: &[u8]) -> Vec<u8> {
        self.send(message);
        self.receive()
    }
}

fn socket() -> OwnedFd {
    socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap()
}

fn receive(socket: &OwnedFd) -> io::Result<Vec<u8>> {
    let mut message = vec![0; 1 << 17];
    let received = match recv(socket, message.as_mut_slice(), RecvFlags::empty()) {
        Ok((received, _)) => received,
        Err(rustix::io::Errno::CONNRESET | rustix::io::Errno::PIPE) => 0,
        Err(error) => return Err(error.into()),
    };
    message.truncate(received);
    Ok(message)
}

/// Stands between a gateway and its attester, and changes answers to quotes by `forgery` as long as `forges` is set.
pub struct Forger {
    pub forges: Arc<AtomicBool>,
    folder: TempDir,
}

impl Forger {
    pub fn before(attester: &Attester, forgery: fn(Vec<u8>) -> Vec<u8>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = socket();
        bind(&listener, &SocketAddrUnix::new(folder.path().join("socket")).unwrap()).unwrap();
        listen(&listener, 4).unwrap();
        let (forges, genuine) = (Arc::new(AtomicBool::new(false)), attester.socket());
        let flag = Arc::clone(&forges);
        thread::spawn(move || {
            while let Ok(gateway) = accept(&listener) {
                let attester = Raw::connect(&genuine);
                while let Ok(request) = receive(&gateway) {
                    if request.is_empty() {
                        break;
                    }
                    let mut answer = attester.ask(&request);
                    if request[0] == 2 && flag.load(Ordering::Relaxed) {
                        answer = forgery(answer);
                    }
                    send(&gateway, &answer, SendFlags::NOSIGNAL).unwrap();
                }
            }
        });
        Self { forges, folder }
    }

    pub fn tcti(&self) -> String {
        tcti(&self.folder.path().join("socket"))
    }
}
