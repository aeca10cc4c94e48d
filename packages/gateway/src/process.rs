//! What the kernel is asked to do for the secrets in memory.

use std::io;

use blindllama_verifier::Code;
use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};
use rustix::thread::{CapabilitySet, capabilities};

use crate::failure::Failure;

/// Lets no crash write the memory to a file or a pipe, and no process of the same user read it (`prctl(2)`, `PR_SET_DUMPABLE`).
///
/// # Errors
/// `gateway.internal` where the kernel refuses, as a filter of system calls may make it.
pub fn forbid_dumps() -> Result<(), Failure> {
    let failed = |error: rustix::io::Errno| {
        let error = io::Error::from(error);
        Failure::with(Code::GATEWAY_INTERNAL, format!("core dumps cannot be turned off (prctl, setrlimit): {error}"))
    };
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(failed)?;
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }).map_err(failed)
}

/// Keeps all memory out of swap space, as it comes into use; returns whether it does. It is left alone where its size is limited: memory
/// that cannot be locked would then not be had at all.
#[must_use]
pub fn lock_memory() -> bool {
    may_lock_all() && mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT).is_ok()
}

fn may_lock_all() -> bool {
    let unlimited = Rlimit { current: None, maximum: None };
    setrlimit(Resource::Memlock, unlimited).is_ok()
        || getrlimit(Resource::Memlock).current.is_none()
        || capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::IPC_LOCK))
}
