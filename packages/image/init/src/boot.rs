//! The start of the machine, in the order that PROTOCOL.md §24.3 needs: what is measured is measured before anything uses it.

use std::fs::{self, File, Permissions};
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::net::UnixStream;
use std::process::{Child, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::stdio::dup2_stdin;
use rustix::system::{RebootCommand, reboot};

use crate::failure::{Doing, Failure};
use crate::worker::{
    self, DOCUMENTS_USER, FOLLOW_DOCUMENTS, GATEWAY, GATEWAY_USER, MEASURE, MODEL, MODEL_USER, READ_DOCUMENTS,
};
use crate::{
    command_line, configuration, devices, documents, kernel, modules, mounts, namespaces, network, supervise, verity,
};

const MEASURE_LIMIT: Duration = Duration::from_secs(60);
const DOCUMENTS_LIMIT: Duration = Duration::from_secs(60);
const MODEL_LIMIT: Duration = Duration::from_secs(300);

/// Runs the machine until it ends. Never returns while the kernel can power off.
pub(crate) fn boot() -> ExitCode {
    let failure = match start() {
        Ok(failure) | Err(failure) => failure,
    };
    eprintln!("init: {failure}. The machine powers off.");
    let _ = reboot(RebootCommand::PowerOff);
    // The kernel panics when its first process ends, which ends the machine as well.
    ExitCode::FAILURE
}

/// Returns why the running machine ends; fails where it cannot start.
fn start() -> Result<Failure, Failure> {
    mounts::mount_all()?;
    let null = File::open("/dev/null").doing("/dev/null")?;
    // Nothing reads the console.
    dup2_stdin(&null).doing("standard input")?;
    kernel::require_lockdown()?;
    kernel::restrict()?;
    modules::load()?;
    kernel::forbid_modules()?;

    let line = command_line::read(&fs::read_to_string("/proc/cmdline").doing("/proc/cmdline")?)?;
    let socket = network::listen(line.address, line.prefix)?;
    // The interface stays behind: no process, this one included, can send a packet of its own from here on.
    namespaces::leave_network().doing("leaving the network")?;
    verity::open(&devices::disk("blindllama-model")?, &line.model)?;
    prepare_files(&configuration::read(&devices::disk("blindllama-config")?)?)?;
    let documents = devices::optional_disk("blindllama-documents")?;
    mounts::seal_root()?;

    let measurement = worker::spawn(&MEASURE, Stdio::null())?;
    supervise::finish(measurement, MEASURE.name, MEASURE_LIMIT)?;
    let mut model = worker::spawn(&MODEL, Stdio::null())?;
    wait_for_model(&mut model)?;
    let mut workers = vec![(MODEL.name, model)];
    if let Some(disk) = documents {
        // The gateway finds the first documents when it starts.
        let first = worker::spawn(&READ_DOCUMENTS, documents::open(&disk)?.into())?;
        supervise::finish(first, READ_DOCUMENTS.name, DOCUMENTS_LIMIT)?;
        workers.push((FOLLOW_DOCUMENTS.name, worker::spawn(&FOLLOW_DOCUMENTS, documents::open(&disk)?.into())?));
    }
    workers.push((GATEWAY.name, worker::spawn(&GATEWAY, Stdio::from(OwnedFd::from(socket)))?));
    Ok(supervise::reap(&workers))
}

/// Files of the workers below `/run`, and the TPM's device, which belongs to the gateway's user alone.
fn prepare_files(configuration: &str) -> Result<(), Failure> {
    let folder = |path: &str, user: u32, mode: u32| -> Result<(), Failure> {
        fs::create_dir(path).doing(path)?;
        chown(path, Some(user), Some(GATEWAY_USER)).doing(path)?;
        fs::set_permissions(path, Permissions::from_mode(mode)).doing(path)
    };
    folder("/run/root", 0, 0o700)?;
    folder("/run/gateway", 0, 0o750)?;
    // The group of the folder is that of the socket in it: the gateway may connect.
    folder("/run/model", MODEL_USER, 0o2750)?;
    // The same for what the gateway reads there.
    folder(documents::FOLDER, DOCUMENTS_USER, 0o2750)?;
    let log = format!("{}/tpm0/binary_bios_measurements", mounts::SECURITY);
    let log = fs::read(&log).doing(log)?;
    for (name, content) in [("gateway.toml", configuration.as_bytes()), ("event.log", log.as_slice())] {
        let path = format!("/run/gateway/{name}");
        fs::write(&path, content).doing(&path)?;
        chown(&path, Some(0), Some(GATEWAY_USER)).doing(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o440)).doing(&path)?;
    }
    let tpm = "/dev/tpmrm0";
    chown(tpm, Some(GATEWAY_USER), Some(GATEWAY_USER)).doing(tpm)?;
    fs::set_permissions(tpm, Permissions::from_mode(0o600)).doing(tpm)
}

/// Waits until the model is loaded: the server answers its health check with 200 from then on.
fn wait_for_model(model: &mut Child) -> Result<(), Failure> {
    let end = Instant::now().checked_add(MODEL_LIMIT);
    while end.is_some_and(|end| Instant::now() < end) {
        if is_model_ready().unwrap_or(false) {
            return Ok(());
        }
        if let Some(status) = model.try_wait().doing(MODEL.name)? {
            return Err(Failure::new("the model server ended before it was ready", status));
        }
        sleep(Duration::from_millis(100));
    }
    Err(Failure::new("the model server", format!("not ready after {} s", MODEL_LIMIT.as_secs())))
}

fn is_model_ready() -> std::io::Result<bool> {
    let mut stream = UnixStream::connect("/run/model/server.sock")?;
    let limit = Some(Duration::from_secs(5));
    stream.set_read_timeout(limit)?;
    stream.set_write_timeout(limit)?;
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: model\r\nConnection: close\r\n\r\n")?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    Ok(&head == b"HTTP/1.1 200")
}
