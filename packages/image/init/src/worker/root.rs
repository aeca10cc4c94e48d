//! The root directory of a worker: a small read-only tree of what its role names.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;

use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_bind, mount_change, mount_move, mount_remount};
use rustix::process::{chdir, chroot};

/// Something that a worker sees, at the path that it has for the first process.
#[derive(Debug)]
pub(super) enum Entry {
    Mount { path: &'static str, flags: MountFlags, file: bool },
    Link { path: &'static str, to: &'static str },
}

const QUIET: MountFlags = MountFlags::NOSUID.union(MountFlags::NODEV);

impl Entry {
    /// Programs and libraries.
    pub(super) const fn read_only(path: &'static str) -> Self {
        Self::Mount { path, flags: QUIET.union(MountFlags::RDONLY), file: false }
    }

    /// A disk with a program.
    pub(super) const fn program(path: &'static str) -> Self {
        Self::read_only(path)
    }

    /// One program.
    pub(super) const fn program_file(path: &'static str) -> Self {
        Self::Mount { path, flags: QUIET.union(MountFlags::RDONLY), file: true }
    }

    /// Files that are read, or a socket that is connected to.
    pub(super) const fn data(path: &'static str) -> Self {
        Self::Mount { path, flags: QUIET.union(MountFlags::RDONLY).union(MountFlags::NOEXEC), file: false }
    }

    /// A folder to make a socket in.
    pub(super) const fn writable(path: &'static str) -> Self {
        Self::Mount { path, flags: QUIET.union(MountFlags::NOEXEC), file: false }
    }

    pub(super) const fn device(path: &'static str) -> Self {
        Self::Mount { path, flags: MountFlags::NOSUID.union(MountFlags::NOEXEC), file: true }
    }

    pub(super) const fn link(path: &'static str, to: &'static str) -> Self {
        Self::Link { path, to }
    }

    #[cfg(test)]
    pub(super) const fn target(&self) -> &'static str {
        match self {
            Self::Mount { path, .. } | Self::Link { path, .. } => path,
        }
    }

    #[cfg(test)]
    pub(super) const fn is_writable_and_executable(&self) -> bool {
        match self {
            Self::Mount { flags, .. } => !flags.intersects(MountFlags::RDONLY.union(MountFlags::NOEXEC)),
            Self::Link { .. } => false,
        }
    }
}

/// Where the tree is put together, in the worker's own mount namespace.
const NEW_ROOT: &str = "/run/root";

/// Makes the tree of `entries` the root directory. The process needs CAP_SYS_ADMIN and CAP_SYS_CHROOT, and loses the way back with the
/// second one.
pub(super) fn enter(entries: &[Entry]) -> Result<(), String> {
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .map_err(|error| error.to_string())?;
    let quiet = QUIET | MountFlags::NOEXEC;
    mount("tmpfs", NEW_ROOT, "tmpfs", quiet, c"size=64k,mode=0755").map_err(|error| error.to_string())?;
    for entry in entries {
        place(entry).map_err(|error| format!("{entry:?}: {error}"))?;
    }
    mount_remount(NEW_ROOT, quiet | MountFlags::RDONLY, c"").map_err(|error| error.to_string())?;
    chdir(NEW_ROOT).map_err(|error| error.to_string())?;
    mount_move(".", "/").map_err(|error| error.to_string())?;
    chroot(".").map_err(|error| error.to_string())?;
    chdir("/").map_err(|error| error.to_string())
}

fn place(entry: &Entry) -> std::io::Result<()> {
    let inside = |path: &str| Path::new(NEW_ROOT).join(path.trim_start_matches('/'));
    match entry {
        Entry::Link { path, to } => symlink(to, inside(path)),
        Entry::Mount { path, flags, file } => {
            let target = inside(path);
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent)?;
            }
            if *file {
                File::create(&target).map(drop)?
            } else {
                fs::create_dir_all(&target)?
            }
            mount_bind(*path, &target)?;
            Ok(mount_remount(&target, MountFlags::BIND | *flags, c"")?)
        }
    }
}
