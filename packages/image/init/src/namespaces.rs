//! Namespaces of a process. The system call is unsafe in general, since it can part threads from the files that they share.
#![allow(unsafe_code)]

use rustix::io;
use rustix::thread::{UnshareFlags, unshare_unsafe};

/// Leaves the network: afterwards there is no interface, not even loopback.
///
/// # Errors
/// What the kernel answers.
pub(crate) fn leave_network() -> io::Result<()> {
    // SAFETY: file descriptors stay shared (no CLONE_FILES).
    unsafe { unshare_unsafe(UnshareFlags::NEWNET) }
}

/// Leaves every namespace that a worker shares with the first process, but that of process numbers, and that of the network where
/// `keeps_network`.
///
/// # Errors
/// What the kernel answers.
pub(crate) fn leave_all(keeps_network: bool) -> io::Result<()> {
    const ALL: UnshareFlags =
        UnshareFlags::NEWNS.union(UnshareFlags::NEWIPC).union(UnshareFlags::NEWUTS).union(UnshareFlags::NEWCGROUP);
    let left = if keeps_network { ALL } else { ALL.union(UnshareFlags::NEWNET) };
    // SAFETY: file descriptors stay shared (no CLONE_FILES).
    unsafe { unshare_unsafe(left) }
}
