//! A process that confines itself and then becomes the program of its role.

mod landlock;
mod privileges;
mod role;
mod root;
mod system_calls;

use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};
use rustix::process::{Resource, Rlimit, getpid, setrlimit, umask};
use rustix::stdio::stdin;

pub(crate) use role::{
    ATTESTER, ATTESTER_SOCKET, ATTESTER_USER, CONNECTOR, CONNECTOR_SOCKET, DOCUMENTS_USER, EGRESS, FOLLOW_DOCUMENTS,
    GATEWAY, GATEWAY_USER, MEASURE, MODEL, MODEL_USER, READ_DOCUMENTS, Role,
};

use crate::failure::{Doing, Failure};
use crate::profile::Profile;
use crate::{connector, namespaces, supervise};

/// Bytes of the answer of a worker.
const MOST: u64 = 4096;

/// Starts this program again as a worker of `role`. `input` becomes its standard input: the listening socket of one that serves.
///
/// # Errors
/// Where the process cannot be made.
pub(crate) fn spawn(role: &Role, profile: &Profile, input: Stdio) -> Result<Child, Failure> {
    let mut command = command(role, profile, input);
    if !role.speaks {
        command.stdout(Stdio::null()).stderr(Stdio::null());
    }
    command.spawn().doing(format!("starting the {}", role.name))
}

/// What a worker prints that ends by itself within `limit`, at most 4 KiB: less than a pipe holds while nobody reads.
///
/// # Errors
/// Where it fails, is too slow, or says too much.
pub(crate) fn ask(role: &Role, profile: &Profile, limit: Duration) -> Result<String, Failure> {
    let mut command = command(role, profile, Stdio::null());
    let mut child = command.stdout(Stdio::piped()).spawn().doing(format!("starting the {}", role.name))?;
    let output = child.stdout.take();
    supervise::finish(child, role.name, limit)?;
    let mut said = String::new();
    if let Some(output) = output {
        output.take(MOST).read_to_string(&mut said).doing(role.name)?;
    }
    Ok(said)
}

fn command(role: &Role, profile: &Profile, input: Stdio) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.args(["worker", role.name]).args(profile.words()).env_clear().stdin(input);
    command
}

/// Confines this process and becomes the program of the role; returns only why that failed.
pub(crate) fn become_worker(name: &str, words: &[String]) -> Failure {
    let role = role::named(name).ok_or_else(|| Failure::new("the worker", format!("there is no role {name}")));
    let become_role = |role: &Role| -> Result<Failure, Failure> {
        let profile = Profile::of(words.iter().map(String::as_str))?;
        if !role.keeps_network {
            let mut command = role.command(&profile)?;
            confine(role, &profile, Some(&mut command))?;
            return Ok(Failure::new(format!("becoming the {}", role.name), command.exec()));
        }
        let listener: OwnedFd = fcntl_dupfd_cloexec(stdin(), 3).doing("the connector's socket")?;
        confine(role, &profile, None)?;
        Ok(connector::serve(&listener, profile.addresses(), GATEWAY_USER))
    };
    role.and_then(become_role).unwrap_or_else(|failure| failure)
}

/// Everything that is taken from the process, in an order in which the earlier steps still have the rights that they need.
fn confine(role: &Role, profile: &Profile, program: Option<&mut Command>) -> Result<(), Failure> {
    let doing = |what: &str| format!("the {}: {what}", role.name);
    if let Some(program) = program.filter(|_| role.serves) {
        hand_over_socket(program).doing(doing("the listening socket"))?;
    }
    namespaces::leave_all(role.keeps_network).doing(doing("namespaces"))?;
    root::enter(role.files).doing(doing("its root"))?;
    umask(rustix::fs::Mode::from_raw_mode(role.umask));
    let limit = |value| Rlimit { current: value, maximum: value };
    setrlimit(Resource::Core, limit(Some(0))).doing(doing("core dumps"))?;
    setrlimit(Resource::Memlock, limit(None)).doing(doing("locked memory"))?;
    setrlimit(Resource::Nofile, limit(Some(role.open_files))).doing(doing("open files"))?;
    privileges::drop(role.user, role.group).doing(doing("privileges"))?;
    let reached = profile.addresses().iter().filter(|_| role.keeps_network);
    landlock::restrict(reached.map(|address| address.port())).doing(doing("Landlock"))?;
    system_calls::restrict(role.system_calls, role.ioctls).doing(doing("system calls"))
}

/// Moves the socket from standard input to file 3, as `sd_listen_fds(3)` has it.
fn hand_over_socket(command: &mut Command) -> Result<(), String> {
    let socket = fcntl_dupfd_cloexec(stdin(), 3).map_err(|error| error.to_string())?;
    if std::os::fd::AsRawFd::as_raw_fd(&socket) != 3 {
        return Err("file 3 is in use".into());
    }
    fcntl_setfd(&socket, FdFlags::empty()).map_err(|error| error.to_string())?;
    // The file stays open for the program that this process becomes.
    std::mem::forget(socket);
    command.stdin(Stdio::null());
    command.env("LISTEN_FDS", "1").env("LISTEN_PID", getpid().as_raw_nonzero().to_string());
    Ok(())
}
