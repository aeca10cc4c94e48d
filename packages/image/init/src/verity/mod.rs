//! The disk of the model, behind dm-verity: the kernel verifies each block when it reads it.

mod ioctl;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use rustix::mount::{MountFlags, mount};

use crate::command_line::Verity;
use crate::failure::{Doing, Failure};

/// Where the model and its server are mounted.
pub(crate) const MOUNTED: &str = "/model";

const SECTORS_PER_BLOCK: u64 = 8;

/// Opens the verified device over `disk` and mounts it.
///
/// # Errors
/// Names the step that failed.
pub(crate) fn open(disk: &Path, verity: &Verity) -> Result<(), Failure> {
    let control = File::options().read(true).write(true).open("/dev/mapper/control").doing("the device mapper")?;
    let length = verity.blocks.checked_mul(SECTORS_PER_BLOCK).ok_or_else(|| Failure::new("dm-verity", "too long"))?;
    let number = ioctl::activate(&control, "model", length, &parameters(disk, verity)).doing("dm-verity")?;
    let device = device(number)?;
    let flags = MountFlags::RDONLY | MountFlags::NODEV | MountFlags::NOSUID;
    mount(&device, MOUNTED, "erofs", flags, None).doing("mounting the model's disk")
}

/// Parameters of the target "verity" (kernel documentation, admin-guide/device-mapper/verity). A block that is not the measured one ends
/// the machine: no reader sees it, and no reader decides what to do about it.
fn parameters(disk: &Path, Verity { root, blocks, salt }: &Verity) -> String {
    let disk = disk.display();
    format!("1 {disk} {disk} 4096 4096 {blocks} {blocks} sha256 {root} {salt} 1 panic_on_corruption")
}

/// The kernel makes the file of a new device a moment later.
fn device(number: u32) -> Result<PathBuf, Failure> {
    let path = PathBuf::from(format!("/dev/dm-{number}"));
    for _ in 0..500 {
        if path.exists() {
            return Ok(path);
        }
        sleep(Duration::from_millis(10));
    }
    Err(Failure::new("dm-verity", format!("{} does not appear", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_verifies_every_block_and_ignores_no_corruption() {
        let verity = Verity { root: "ab".repeat(32), blocks: 7, salt: "cd".repeat(32) };
        let (root, salt) = ("ab".repeat(32), "cd".repeat(32));
        assert_eq!(
            parameters(Path::new("/dev/vdb"), &verity),
            format!("1 /dev/vdb /dev/vdb 4096 4096 7 7 sha256 {root} {salt} 1 panic_on_corruption"),
        );
    }
}
