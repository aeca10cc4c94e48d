//! A software TPM of the test's own, on free ports of loopback.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::sleep;

use super::in_time;
use super::ports::pair_of_ports;
use super::shared::{TpmFaults, share};

pub struct Swtpm {
    process: Child,
    pub port: u16,
    state: TempDir,
}

/// Every byte of what every TPM of the tests measured into PCR 0 at its start, in each bank.
pub const MEASURED: u8 = 0x11;

impl Swtpm {
    /// A TPM with PCR 0 extended once, by [`MEASURED`].
    pub async fn start() -> Self {
        let swtpm = Self::start_untouched().await;
        swtpm.measure_start().await;
        swtpm
    }

    /// What the firmware of a machine would do after each restart.
    pub async fn measure_start(&self) {
        self.tool("tpm2_pcrextend", &[&format!("0:sha256={},sha384={}", "11".repeat(32), "11".repeat(48))]).await;
    }

    async fn start_untouched() -> Self {
        // Between finding ports and taking them another program may take them.
        for _ in 0..20 {
            if let Some(swtpm) = Self::try_start(pair_of_ports()).await {
                return swtpm;
            }
        }
        panic!("swtpm does not start");
    }

    async fn try_start(port: u16) -> Option<Self> {
        let state = tempfile::tempdir().unwrap();
        let process = spawn(port, &state).await?;
        Some(Self { process, port, state })
    }

    /// Lets several programs use it at once from here on; returns how it can be made to lie to them.
    pub async fn share(&mut self) -> TpmFaults {
        let faults = TpmFaults::default();
        self.port = share(self.port, faults.clone()).await;
        faults
    }

    /// Starts it again on the same ports, as after a restart of the machine: its keys are the same.
    pub async fn restart(&mut self) {
        for _ in 0..20 {
            if let Some(process) = spawn(self.port, &self.state).await {
                self.process = process;
                return;
            }
        }
        panic!("swtpm does not start again");
    }

    /// Throws its state away while it does not run: started again, it is another TPM.
    pub fn forget(&mut self) {
        self.state = tempfile::tempdir().unwrap();
    }

    pub fn tcti(&self) -> String {
        format!("swtpm:host=127.0.0.1,port={}", self.port)
    }

    /// Extends a PCR of the SHA-256 bank with tpm2-tools, which must be installed. The TPM serves one connection at a time, so no
    /// gateway may hold it unless it is shared.
    pub async fn extend(&self, index: u8, digest: &str) {
        self.tool("tpm2_pcrextend", &[&format!("{index}:sha256={digest}")]).await;
    }

    /// The value of a PCR of the SHA-256 bank, in lower-case hexadecimal, as tpm2-tools reads it.
    pub async fn read(&self, index: u8) -> String {
        self.read_of("sha256", index).await
    }

    /// The same of any bank.
    pub async fn read_of(&self, bank: &str, index: u8) -> String {
        let text = self.tool("tpm2_pcrread", &[&format!("{bank}:{index}")]).await;
        text.split("0x").nth(1).expect("a value").trim().to_ascii_lowercase()
    }

    pub async fn tool(&self, name: &str, arguments: &[&str]) -> String {
        let output = self.output(name, arguments).await;
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a tool says that must fail.
    pub async fn failing_tool(&self, name: &str, arguments: &[&str]) -> String {
        let output = self.output(name, arguments).await;
        assert!(!output.status.success(), "{name} does not fail");
        String::from_utf8(output.stderr).unwrap()
    }

    async fn output(&self, name: &str, arguments: &[&str]) -> std::process::Output {
        let output = Command::new(name).args(["-T", &self.tcti()]).args(arguments).kill_on_drop(true).output();
        in_time(name, output).await.expect("tpm2-tools must be installed")
    }

    pub fn signal(&self, signal: Signal) {
        let pid = self.process.id().and_then(|pid| Pid::from_raw(pid.try_into().unwrap()));
        kill_process(pid.expect("still running"), signal).unwrap();
    }

    pub async fn kill(&mut self) {
        self.process.kill().await.unwrap();
    }
}

async fn spawn(port: u16, state: &TempDir) -> Option<Child> {
    let mut process = Command::new("swtpm")
        .args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear"])
        .args(["--tpmstate", &format!("dir={}", state.path().display())])
        .args(["--server", &format!("type=tcp,port={port}")])
        .args(["--ctrl", &format!("type=tcp,port={}", port + 1)])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("swtpm must be installed");
    for _ in 0..200 {
        if process.try_wait().unwrap().is_some() {
            return None;
        }
        // The control port: a connection to the other one would count as the TPM's user.
        if TcpStream::connect(("127.0.0.1", port + 1)).await.is_ok() {
            return Some(process);
        }
        sleep(Duration::from_millis(10)).await;
    }
    None
}
