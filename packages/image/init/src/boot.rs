//! The start of the machine, in the order that PROTOCOL.md §24.3 needs: what is measured is measured before anything uses it.

use std::fs::{self, File, Permissions};
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen, socket_with};
use rustix::stdio::dup2_stdin;
use rustix::system::{RebootCommand, reboot};

use crate::failure::{Doing, Failure};
use crate::processor::Build;
use crate::profile::Profile;
use crate::worker::{
    self, ATTESTER, ATTESTER_SOCKET, ATTESTER_USER, CONNECTOR, CONNECTOR_SOCKET, DOCUMENTS_USER, EGRESS,
    FOLLOW_DOCUMENTS, GATEWAY, GATEWAY_USER, MEASURE, MODEL, MODEL_USER, READ_DOCUMENTS,
};
use crate::{
    command_line, configuration, devices, documents, kernel, modules, mounts, namespaces, network, routes, supervise,
    verity,
};

const READ_LIMIT: Duration = Duration::from_secs(60);
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
    let socket = network::listen(line.network)?;
    prepare_files(&configuration::read(&devices::disk("blindllama-config")?)?)?;
    let documents = devices::optional_disk("blindllama-documents")?;
    mounts::seal_root()?;
    let profile = Profile::read(&worker::ask(&EGRESS, &Profile::read("")?, READ_LIMIT)?)?;
    let measurement = worker::spawn(&MEASURE, &profile, Stdio::null())?;
    supervise::finish(measurement, MEASURE.name, MEASURE_LIMIT)?;
    routes::add(&profile, line.network)?;
    let connector = (!profile.is_closed()).then(|| connector(&profile)).transpose()?;
    // The interface stays behind: no process but the connector, this one included, can send a packet of its own from here on.
    namespaces::leave_network().doing("leaving the network")?;
    verity::open(&devices::disk("blindllama-model")?, &line.model)?;

    let attester =
        worker::spawn(&ATTESTER, &profile, Stdio::from(local_socket(ATTESTER_SOCKET, SocketType::SEQPACKET)?))?;
    let model = profile.is_closed().then(|| model(&profile)).transpose()?;
    let documents = documents.map(|disk| follow_documents(&disk, &profile)).transpose()?;
    let gateway = worker::spawn(&GATEWAY, &profile, Stdio::from(OwnedFd::from(socket)))?;
    let optional = [(CONNECTOR.name, connector), (MODEL.name, model), (FOLLOW_DOCUMENTS.name, documents)].into_iter();
    let optional = optional.filter_map(|(name, child)| Some((name, child?)));
    let workers: Vec<_> = [(GATEWAY.name, gateway), (ATTESTER.name, attester)].into_iter().chain(optional).collect();
    Ok(supervise::reap(&workers))
}

/// The model server of the profile `closed`, with its model loaded.
fn model(profile: &Profile) -> Result<Child, Failure> {
    // The one line of an ordinary start: what the machine computes with decides its speed.
    eprintln!("init: the model server is the build for {}", Build::of_this_processor().name());
    let mut model = worker::spawn(&MODEL, profile, Stdio::null())?;
    wait_for_model(&mut model)?;
    Ok(model)
}

/// What follows the disk of documents. The gateway finds the first ones when it starts.
fn follow_documents(disk: &Path, profile: &Profile) -> Result<Child, Failure> {
    let first = worker::spawn(&READ_DOCUMENTS, profile, documents::open(disk)?.into())?;
    supervise::finish(first, READ_DOCUMENTS.name, DOCUMENTS_LIMIT)?;
    worker::spawn(&FOLLOW_DOCUMENTS, profile, documents::open(disk)?.into())
}

/// What connects to the addresses of the profile `router`.
fn connector(profile: &Profile) -> Result<Child, Failure> {
    worker::spawn(&CONNECTOR, profile, Stdio::from(local_socket(CONNECTOR_SOCKET, SocketType::STREAM)?))
}

/// Files of the workers below `/run`, and the TPM's device, which belongs to the attester's user alone.
fn prepare_files(configuration: &str) -> Result<(), Failure> {
    let folder = |path: &str, user: u32, group: u32, mode: u32| -> Result<(), Failure> {
        fs::create_dir(path).doing(path)?;
        own(path, user, group, mode)
    };
    folder("/run/root", 0, 0, 0o700)?;
    folder("/run/gateway", 0, GATEWAY_USER, 0o750)?;
    folder("/run/attester", 0, ATTESTER_USER, 0o750)?;
    // The group of the folder is that of the socket in it: the gateway may connect.
    folder("/run/model", MODEL_USER, GATEWAY_USER, 0o2750)?;
    // The same for what the gateway reads there.
    folder(documents::FOLDER, DOCUMENTS_USER, GATEWAY_USER, 0o2750)?;
    let log = format!("{}/tpm0/binary_bios_measurements", mounts::SECURITY);
    let log = fs::read(&log).doing(log)?;
    for (path, group, content) in [
        ("/run/gateway/gateway.toml", GATEWAY_USER, configuration.as_bytes()),
        ("/run/attester/gateway.toml", ATTESTER_USER, configuration.as_bytes()),
        ("/run/gateway/event.log", GATEWAY_USER, log.as_slice()),
    ] {
        fs::write(path, content).doing(path)?;
        own(path, 0, group, 0o440)?;
    }
    own("/dev/tpmrm0", ATTESTER_USER, ATTESTER_USER, 0o600)
}

fn own(path: &str, user: u32, group: u32, mode: u32) -> Result<(), Failure> {
    chown(path, Some(user), Some(group)).doing(path)?;
    fs::set_permissions(path, Permissions::from_mode(mode)).doing(path)
}

/// A listening socket that the gateway alone can reach, for a worker that can make none.
fn local_socket(path: &str, kind: SocketType) -> Result<OwnedFd, Failure> {
    const BACKLOG: i32 = 16;
    let socket = socket_with(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None).doing(path)?;
    bind(&socket, &SocketAddrUnix::new(path).doing(path)?).doing(path)?;
    own(path, 0, GATEWAY_USER, 0o660)?;
    listen(&socket, BACKLOG).doing(path)?;
    Ok(socket)
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
