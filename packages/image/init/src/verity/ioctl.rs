//! The ioctls of the device mapper (linux/dm-ioctl.h). They have no other interface, so this is the one file with `unsafe`.
#![allow(unsafe_code)]

use std::fs::File;

use rustix::io;
use rustix::ioctl::{Opcode, Updater, ioctl, opcode};

/// `struct dm_ioctl` has 312 bytes; the target and its parameters follow in the same buffer.
const HEADER: usize = 312;
const BUFFER: usize = 4096;
const READ_ONLY: u32 = 1;

const DEV_CREATE: Opcode = opcode::read_write::<[u8; HEADER]>(0xfd, 3);
const DEV_SUSPEND: Opcode = opcode::read_write::<[u8; HEADER]>(0xfd, 6);
const TABLE_LOAD: Opcode = opcode::read_write::<[u8; HEADER]>(0xfd, 9);

/// Creates the read-only device `name`, loads one target "verity" of `length` sectors and starts it.
///
/// Returns the minor number of the device.
///
/// # Errors
/// What the kernel answers; [`io::Errno::INVAL`] for names and parameters that do not fit.
pub(super) fn activate(control: &File, name: &str, length: u64, parameters: &str) -> io::Result<u32> {
    let mut created = message(name, 0, None)?;
    call::<DEV_CREATE>(control, &mut created)?;
    call::<TABLE_LOAD>(control, &mut message(name, READ_ONLY, Some((length, parameters)))?)?;
    // Without the flag DM_SUSPEND_FLAG the ioctl resumes, which makes the loaded table the active one.
    call::<DEV_SUSPEND>(control, &mut message(name, READ_ONLY, None)?)?;
    let number = created.get(40..44).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_ne_bytes);
    // new_encode_dev of the kernel: the minor number has bits 0-7 and 20-31.
    Ok((number & 0xff) | ((number >> 12) & 0xf_ff00))
}

fn message(name: &str, flags: u32, target: Option<(u64, &str)>) -> io::Result<[u8; BUFFER]> {
    const SIZES: [u32; 2] = [4096, 312];
    let mut message = [0; BUFFER];
    let mut put = |at: usize, bytes: &[u8]| -> io::Result<()> {
        let end = at.checked_add(bytes.len()).ok_or(io::Errno::INVAL)?;
        message.get_mut(at..end).ok_or(io::Errno::INVAL)?.copy_from_slice(bytes);
        Ok(())
    };
    // DM_VERSION_MAJOR 4; data_size; data_start; target_count; flags; name.
    put(0, &4u32.to_ne_bytes())?;
    put(12, &SIZES[0].to_ne_bytes())?;
    put(16, &SIZES[1].to_ne_bytes())?;
    put(20, &u32::from(target.is_some()).to_ne_bytes())?;
    put(28, &flags.to_ne_bytes())?;
    if name.len() >= 128 {
        return Err(io::Errno::INVAL);
    }
    put(48, name.as_bytes())?;
    if let Some((length, parameters)) = target {
        // struct dm_target_spec: sector_start, length, status, next, target_type[16]; the parameters end with a zero byte.
        put(HEADER.saturating_add(8), &length.to_ne_bytes())?;
        put(HEADER.saturating_add(24), b"verity")?;
        put(HEADER.saturating_add(40), parameters.as_bytes())?;
        // Room for that zero byte.
        put(HEADER.saturating_add(40).saturating_add(parameters.len()), &[0])?;
    }
    Ok(message)
}

fn call<const OPCODE: Opcode>(control: &File, message: &mut [u8; BUFFER]) -> io::Result<()> {
    // SAFETY: these ioctls read and write `data_size` bytes from the pointer on, and `message` has written its own length there.
    unsafe { ioctl(control, Updater::<OPCODE, [u8; BUFFER]>::new(message)) }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_the_layout_of_the_kernel() {
        let message = message("model", READ_ONLY, Some((800, "1 a b"))).expect("it fits");
        assert_eq!(message[..4], 4u32.to_ne_bytes(), "major version");
        assert_eq!(message[12..24], [0, 16, 0, 0, 0x38, 1, 0, 0, 1, 0, 0, 0], "data_size, data_start, target_count");
        assert_eq!(message[28..32], 1u32.to_ne_bytes(), "read-only");
        assert_eq!(&message[48..54], b"model\0");
        assert_eq!(message[320..328], 800u64.to_ne_bytes(), "length in sectors");
        assert_eq!(&message[336..343], b"verity\0");
        assert_eq!(&message[352..358], b"1 a b\0");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(message(&"n".repeat(128), 0, None).is_err());
        assert!(message("model", 0, Some((1, &"p".repeat(BUFFER - HEADER - 40)))).is_err());
        assert!(message("model", 0, Some((1, &"p".repeat(BUFFER - HEADER - 41)))).is_ok());
    }
}
