//! The file systems of the first process. The root is the kernel's own memory file system, unpacked from the measured image.

use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change, mount_remount};

use crate::failure::{Doing, Failure};

/// Where processes other than the first find nothing, and the first finds the TPM's event log.
pub(crate) const SECURITY: &str = "/sys/kernel/security";

/// Mounts what the kernel offers and a small writable `/run`.
///
/// # Errors
/// Names the folder.
pub(crate) fn mount_all() -> Result<(), Failure> {
    let quiet = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    let of_kernel: [(&str, &str, MountFlags, Option<&std::ffi::CStr>); 5] = [
        ("proc", "/proc", quiet, None),
        ("sysfs", "/sys", quiet, None),
        ("devtmpfs", "/dev", MountFlags::NOSUID | MountFlags::NOEXEC, None),
        ("securityfs", SECURITY, quiet | MountFlags::RDONLY, None),
        ("tmpfs", "/run", quiet, Some(c"size=4m,mode=0755")),
    ];
    for (kind, target, flags, data) in of_kernel {
        mount(kind, target, kind, flags, data).doing(format!("mounting {target}"))?;
    }
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC).doing("making mounts private")
}

/// Forbids writes to what the image brought.
///
/// # Errors
/// Where the kernel refuses.
pub(crate) fn seal_root() -> Result<(), Failure> {
    mount_remount("/", MountFlags::RDONLY, c"").doing("making the root read-only")
}
