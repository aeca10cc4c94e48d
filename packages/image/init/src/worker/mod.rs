//! A process that confines itself and then becomes the program of its role.

mod privileges;
mod role;
mod root;
mod system_calls;

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};
use rustix::process::{Resource, Rlimit, getpid, setrlimit, umask};
use rustix::stdio::stdin;

pub(crate) use role::{
    DOCUMENTS_USER, FOLLOW_DOCUMENTS, GATEWAY, GATEWAY_USER, MEASURE, MODEL, MODEL_USER, READ_DOCUMENTS, Role,
};

use crate::failure::{Doing, Failure};
use crate::namespaces;

/// Starts this program again as a worker of `role`. `input` becomes its standard input: the listening socket for the gateway.
///
/// # Errors
/// Where the process cannot be made.
pub(crate) fn spawn(role: &Role, input: Stdio) -> Result<Child, Failure> {
    let mut command = Command::new("/proc/self/exe");
    command.args(["worker", role.name]).env_clear().stdin(input);
    if !role.speaks {
        command.stdout(Stdio::null()).stderr(Stdio::null());
    }
    command.spawn().doing(format!("starting the {}", role.name))
}

/// Confines this process and becomes the program of the role; returns only why that failed.
pub(crate) fn become_worker(name: &str) -> Failure {
    let role = role::named(name).ok_or_else(|| Failure::new("the worker", format!("there is no role {name}")));
    match role.and_then(|role| confine(role).map(|command| (role, command))) {
        Ok((role, mut command)) => Failure::new(format!("becoming the {}", role.name), command.exec()),
        Err(failure) => failure,
    }
}

/// Everything that is taken from the process, in an order in which the earlier steps still have the rights that they need.
fn confine(role: &Role) -> Result<Command, Failure> {
    let doing = |what: &str| format!("the {}: {what}", role.name);
    let mut command = role.command()?;
    if role.serves {
        hand_over_socket(&mut command).doing(doing("the listening socket"))?;
    }
    namespaces::leave_all().doing(doing("namespaces"))?;
    root::enter(role.files).doing(doing("its root"))?;
    umask(rustix::fs::Mode::from_raw_mode(role.umask));
    let limit = |value| Rlimit { current: value, maximum: value };
    setrlimit(Resource::Core, limit(Some(0))).doing(doing("core dumps"))?;
    setrlimit(Resource::Memlock, limit(None)).doing(doing("locked memory"))?;
    setrlimit(Resource::Nofile, limit(Some(role.open_files))).doing(doing("open files"))?;
    privileges::drop(role.user, role.group).doing(doing("privileges"))?;
    system_calls::restrict(role.system_calls).doing(doing("system calls"))?;
    Ok(command)
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
