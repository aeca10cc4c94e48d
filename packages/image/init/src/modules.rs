//! Kernel modules. The image names the few that it needs, in an order that satisfies each one's dependencies.

use std::fs::{self, File};

use rustix::io::Errno;
use rustix::system::finit_module;

use crate::failure::{Doing, Failure};

const ORDER: &str = "/modules/order";

/// Loads the modules of the image. The kernel's lockdown verifies their signatures by Debian's key.
///
/// # Errors
/// Names the module.
pub(crate) fn load() -> Result<(), Failure> {
    for name in fs::read_to_string(ORDER).doing(ORDER)?.lines() {
        let file = File::open(format!("/modules/{name}.ko")).doing(format!("module {name}"))?;
        match finit_module(file, c"", 0) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(Failure::new(format!("module {name}"), error)),
        }
    }
    Ok(())
}
