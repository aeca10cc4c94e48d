//! What the kernel is told to refuse from here on. Each setting is read back: one that the kernel ignored is a failure.

use std::fs;
use std::path::Path;

use crate::failure::{Doing, Failure};

/// Settings below `/proc/sys`, and their values. `optional` ones belong to features that the kernel may be built without.
struct Setting {
    name: &'static str,
    value: &'static str,
    optional: bool,
}

const fn required(name: &'static str, value: &'static str) -> Setting {
    Setting { name, value, optional: false }
}

const fn optional(name: &'static str, value: &'static str) -> Setting {
    Setting { name, value, optional: true }
}

const SETTINGS: &[Setting] = &[
    required("kernel/sysrq", "0"),
    required("kernel/ctrl-alt-del", "0"),
    required("kernel/core_pattern", ""),
    required("kernel/core_pipe_limit", "0"),
    required("kernel/dmesg_restrict", "1"),
    required("kernel/kptr_restrict", "2"),
    required("kernel/perf_event_paranoid", "3"),
    required("fs/suid_dumpable", "0"),
    required("user/max_user_namespaces", "0"),
    required("vm/overcommit_memory", "0"),
    required("net/ipv4/ip_forward", "0"),
    required("net/ipv4/icmp_echo_ignore_all", "1"),
    // Data in a SYN would be a connection without connect(2), which Landlock watches.
    required("net/ipv4/tcp_fastopen", "0"),
    required("net/ipv4/conf/all/accept_redirects", "0"),
    required("net/ipv4/conf/all/accept_source_route", "0"),
    optional("kernel/kexec_load_disabled", "1"),
    optional("kernel/unprivileged_bpf_disabled", "1"),
    optional("kernel/yama/ptrace_scope", "3"),
    optional("kernel/io_uring_disabled", "2"),
    optional("vm/unprivileged_userfaultfd", "0"),
    optional("dev/tty/ldisc_autoload", "0"),
];

/// Settings of an interface that are off, below `/proc/sys/net/ipv4/conf/NAME`. A host obeys a redirect where its interface **or** all of
/// them allow it (linux/inetdevice.h, IN_DEV_RX_REDIRECTS), and a new interface allows it: the settings of all are not enough.
const INTERFACE_SETTINGS: &[&str] = &["accept_redirects", "accept_source_route"];

/// Applies the settings of an interface, which has to be there and down.
///
/// # Errors
/// As [`restrict`].
pub(crate) fn restrict_interface(name: &str) -> Result<(), Failure> {
    INTERFACE_SETTINGS.iter().try_for_each(|setting| set(&format!("/proc/sys/net/ipv4/conf/{name}/{setting}"), "0"))
}

/// Applies the settings.
///
/// # Errors
/// Names the setting that the kernel does not have or does not keep.
pub(crate) fn restrict() -> Result<(), Failure> {
    for Setting { name, value, optional } in SETTINGS {
        let path = format!("/proc/sys/{name}");
        if *optional && !Path::new(&path).exists() {
            continue;
        }
        set(&path, value)?;
    }
    Ok(())
}

/// Loads no further module until the machine starts again (`kernel.modules_disabled` cannot be set back).
///
/// # Errors
/// Where the kernel does not keep it.
pub(crate) fn forbid_modules() -> Result<(), Failure> {
    set("/proc/sys/kernel/modules_disabled", "1")
}

/// Demands that the kernel is locked down, so that the first process cannot read or change its memory either.
///
/// # Errors
/// Names the mode that was found.
pub(crate) fn require_lockdown() -> Result<(), Failure> {
    let path = format!("{}/lockdown", crate::mounts::SECURITY);
    let found = fs::read_to_string(&path).doing(&path)?;
    if found.contains("[confidentiality]") {
        return Ok(());
    }
    Err(Failure::new("the kernel's lockdown", format!("{}, expected confidentiality", found.trim())))
}

fn set(path: &str, value: &str) -> Result<(), Failure> {
    // An empty text writes nothing: the line end does.
    fs::write(path, format!("{value}\n")).doing(path)?;
    let kept = fs::read_to_string(path).doing(path)?;
    if kept.trim() == value {
        return Ok(());
    }
    Err(Failure::new(path, format!("the kernel keeps {}, expected {value}", kept.trim())))
}
