//! PID 1 of the image. It prepares the machine, measures the configuration, starts attester, model server and gateway in confinement,
//! and powers the machine off when one of them ends (PROTOCOL.md §24).
//!
//! The same program is started again as `init worker ROLE`: that process confines itself and then becomes the program of its role. So no
//! code runs between fork and exec, and no `unsafe` is needed for it. The reader of documents is this program too: `init documents VERB`.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::arithmetic_side_effects))]

mod boot;
mod command_line;
mod configuration;
mod connector;
mod devices;
mod documents;
mod failure;
mod kernel;
mod modules;
mod mounts;
mod namespaces;
mod netlink;
mod network;
mod processor;
mod profile;
mod routes;
mod supervise;
mod verity;
mod worker;

use std::process::ExitCode;

use rustix::process::{Pid, getpid};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    // A kernel passes words of the command line that it does not know to its first process: none of them is an order.
    if getpid() == Pid::INIT {
        return boot::boot();
    }
    let failure = match (arguments.next().as_deref(), arguments.next()) {
        (Some("worker"), Some(role)) => worker::become_worker(&role, &arguments.collect::<Vec<_>>()),
        (Some("documents"), Some(verb)) if arguments.next().is_none() => return documents::run(&verb),
        _ => failure::Failure::new("this program is the first process of an image", "it was started by hand"),
    };
    eprintln!("init: {failure}");
    ExitCode::FAILURE
}
