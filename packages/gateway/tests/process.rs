//! What the program asks of the kernel for its own process: a test of its own, since it cannot be taken back.
#![allow(clippy::unwrap_used, missing_docs)]

use blindllama_gateway::process::forbid_dumps;
use rustix::process::{DumpableBehavior, Resource, Rlimit, dumpable_behavior, getrlimit};

#[test]
fn a_process_that_forbids_dumps_is_not_dumpable_and_has_no_core_file() {
    assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::Dumpable);
    forbid_dumps().unwrap();
    assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    assert_eq!(getrlimit(Resource::Core), Rlimit { current: Some(0), maximum: Some(0) });
}
