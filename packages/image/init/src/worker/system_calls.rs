//! Which system calls each program may make. Any other one ends the process, and with it the machine.

use std::collections::BTreeMap;

use libc::*;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter,
};

/// Memory, threads, time and files: of any program.
const COMMON: &[i64] = &[
    SYS_arch_prctl,
    SYS_brk,
    SYS_clock_getres,
    SYS_clock_gettime,
    SYS_clock_nanosleep,
    SYS_clone,
    SYS_clone3,
    SYS_close,
    SYS_dup,
    SYS_dup2,
    SYS_execve,
    SYS_exit,
    SYS_exit_group,
    SYS_fcntl,
    SYS_fstat,
    SYS_futex,
    SYS_getdents64,
    SYS_getegid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getpid,
    SYS_getrandom,
    SYS_gettid,
    SYS_gettimeofday,
    SYS_getuid,
    SYS_lseek,
    SYS_madvise,
    SYS_mmap,
    SYS_mprotect,
    SYS_mremap,
    SYS_munmap,
    SYS_nanosleep,
    SYS_newfstatat,
    SYS_open,
    SYS_openat,
    SYS_poll,
    SYS_ppoll,
    SYS_pread64,
    SYS_prlimit64,
    SYS_read,
    SYS_readlink,
    SYS_readlinkat,
    SYS_readv,
    SYS_restart_syscall,
    SYS_rseq,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_sched_getaffinity,
    SYS_sched_yield,
    SYS_set_robust_list,
    SYS_set_tid_address,
    SYS_sigaltstack,
    SYS_stat,
    SYS_statx,
    SYS_tgkill,
    SYS_uname,
    SYS_write,
    SYS_writev,
    SYS_access,
    SYS_faccessat,
    SYS_faccessat2,
    SYS_prctl,
];

/// Connections that are accepted, and connections to a UNIX socket. A network namespace without interfaces leaves nothing else to reach.
const SERVER: &[i64] = &[
    SYS_accept4,
    SYS_connect,
    SYS_epoll_create1,
    SYS_epoll_ctl,
    SYS_epoll_pwait,
    SYS_epoll_wait,
    SYS_eventfd2,
    SYS_getpeername,
    SYS_getsockname,
    SYS_getsockopt,
    SYS_recvfrom,
    SYS_recvmsg,
    SYS_sendmsg,
    SYS_sendto,
    SYS_setsockopt,
    SYS_shutdown,
    SYS_socket,
    SYS_socketpair,
];

/// Memory that is locked, capabilities that are read, the watch over them.
const GATEWAY_OWN: &[i64] = &[SYS_capget, SYS_mlock, SYS_mlockall, SYS_munlock, SYS_sysinfo, SYS_pipe2];

/// Connections of the gateway, which are accepted. It makes no socket and connects nowhere; the pair is for the signals that it awaits.
const ATTESTER_OWN: &[i64] = &[
    SYS_accept4,
    SYS_capget,
    SYS_epoll_create1,
    SYS_epoll_ctl,
    SYS_epoll_pwait,
    SYS_epoll_wait,
    SYS_eventfd2,
    SYS_getsockname,
    SYS_getsockopt,
    SYS_mlockall,
    SYS_recvfrom,
    SYS_sendto,
    SYS_socketpair,
];

/// A socket of its own, and how the model's file is mapped.
const MODEL_OWN: &[i64] = &[
    SYS_accept,
    SYS_bind,
    SYS_chmod,
    SYS_fadvise64,
    SYS_getcwd,
    SYS_listen,
    SYS_mbind,
    SYS_mincore,
    SYS_pselect6,
    SYS_sched_getparam,
    SYS_sched_getscheduler,
    SYS_select,
    SYS_setpriority,
    SYS_sysinfo,
    SYS_unlink,
];

/// Files that are replaced whole, and removed.
const DOCUMENTS_OWN: &[i64] = &[SYS_rename, SYS_renameat, SYS_renameat2, SYS_unlink, SYS_unlinkat];

pub(super) const GATEWAY_CALLS: &[&[i64]] = &[COMMON, SERVER, GATEWAY_OWN];
/// All of the connector, which is this program itself: sockets, memory for a list of them, and an end.
const CONNECTOR_OWN: &[i64] = &[
    SYS_accept4,
    SYS_brk,
    SYS_clock_gettime,
    SYS_close,
    SYS_connect,
    SYS_exit,
    SYS_exit_group,
    SYS_getsockopt,
    SYS_madvise,
    SYS_mmap,
    SYS_mremap,
    SYS_munmap,
    SYS_poll,
    SYS_ppoll,
    SYS_recvfrom,
    SYS_restart_syscall,
    SYS_rt_sigreturn,
    SYS_sendmsg,
    SYS_sigaltstack,
    SYS_socket,
    SYS_write,
];

pub(super) const CONNECTOR_CALLS: &[&[i64]] = &[CONNECTOR_OWN];
pub(super) const ATTESTER_CALLS: &[&[i64]] = &[COMMON, ATTESTER_OWN];
pub(super) const MODEL_CALLS: &[&[i64]] = &[COMMON, SERVER, MODEL_OWN];
pub(super) const DOCUMENTS_CALLS: &[&[i64]] = &[COMMON, DOCUMENTS_OWN];

/// Lets this process, and what it becomes, make these system calls alone.
pub(super) fn restrict(lists: &[&[i64]], ioctls: &[u64]) -> Result<(), String> {
    let program = filter(lists, ioctls).map_err(|error| error.to_string())?;
    apply_filter(&program).map_err(|error| error.to_string())
}

fn filter(lists: &[&[i64]], ioctls: &[u64]) -> Result<BpfProgram, seccompiler::BackendError> {
    let mut allowed: BTreeMap<_, _> =
        lists.iter().flat_map(|list| list.iter()).map(|number| (*number, vec![])).collect();
    let command = |value: &u64| {
        SeccompRule::new(vec![SeccompCondition::new(1, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, *value)?])
    };
    // No condition at all would allow every one of them.
    if !ioctls.is_empty() {
        allowed.insert(SYS_ioctl, ioctls.iter().map(command).collect::<Result<_, _>>()?);
    }
    SeccompFilter::new(allowed, SeccompAction::KillProcess, SeccompAction::Allow, TargetArch::x86_64)?.try_into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_list_has_a_call_that_changes_the_system() {
        let forbidden = [
            SYS_mount,
            SYS_umount2,
            SYS_unshare,
            SYS_setns,
            SYS_chroot,
            SYS_pivot_root,
            SYS_ptrace,
            SYS_bpf,
            SYS_init_module,
            SYS_finit_module,
            SYS_kexec_load,
            SYS_kexec_file_load,
            SYS_reboot,
            SYS_swapon,
            SYS_perf_event_open,
            SYS_io_uring_setup,
            SYS_userfaultfd,
            SYS_keyctl,
            SYS_add_key,
            SYS_process_vm_readv,
            SYS_process_vm_writev,
            SYS_setuid,
            SYS_setgid,
            SYS_capset,
            SYS_kill,
            SYS_mknod,
            SYS_open_by_handle_at,
            SYS_settimeofday,
            SYS_clock_settime,
            SYS_iopl,
            SYS_ioperm,
            SYS_memfd_create,
        ];
        for list in [GATEWAY_CALLS, ATTESTER_CALLS, MODEL_CALLS, CONNECTOR_CALLS, DOCUMENTS_CALLS] {
            assert!(!list.iter().flat_map(|list| list.iter()).any(|number| forbidden.contains(number)));
        }
        let has = |lists: &[&[i64]], numbers: &[i64]| lists.concat().iter().any(|number| numbers.contains(number));
        assert!(!has(GATEWAY_CALLS, &[SYS_bind, SYS_listen]));
        assert!(!has(ATTESTER_CALLS, &[SYS_bind, SYS_listen, SYS_socket, SYS_connect, SYS_sendmsg, SYS_recvmsg]));
        assert!(!has(
            CONNECTOR_CALLS,
            &[SYS_bind, SYS_listen, SYS_open, SYS_openat, SYS_execve, SYS_clone, SYS_clone3]
        ));
    }
}
