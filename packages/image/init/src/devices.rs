//! Disks, found by the serial number that the host gives them. The number only finds them: what they hold is verified or measured.

use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::failure::{Doing, Failure};

/// How long a disk may take to appear.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

/// The block device with this serial number.
///
/// # Errors
/// Where none appears in time, or two have the number.
pub(crate) fn disk(serial: &str) -> Result<PathBuf, Failure> {
    let end = Instant::now().checked_add(PATIENCE);
    loop {
        let found = with_serial(serial)?;
        match found.as_slice() {
            [one] if one.exists() => return Ok(one.clone()),
            [] | [_] => {}
            _ => return Err(Failure::new(format!("the disk {serial}"), "two disks have this serial number")),
        }
        if end.is_none_or(|end| Instant::now() > end) {
            return Err(Failure::new(format!("the disk {serial}"), "no disk has this serial number"));
        }
        sleep(PAUSE);
    }
}

/// The block device with this serial number, where the host has attached one. All of its disks are there once a first one was found.
///
/// # Errors
/// Where two have the number.
pub(crate) fn optional_disk(serial: &str) -> Result<Option<PathBuf>, Failure> {
    match with_serial(serial)?.as_slice() {
        [] => Ok(None),
        _ => disk(serial).map(Some),
    }
}

fn with_serial(serial: &str) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/sys/block").doing("/sys/block")? {
        let entry = entry.doing("/sys/block")?;
        let has = fs::read_to_string(entry.path().join("serial")).is_ok_and(|text| text.trim_end() == serial);
        if has {
            found.push(PathBuf::from("/dev").join(entry.file_name()));
        }
    }
    Ok(found)
}
