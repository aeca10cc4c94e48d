//! Tests whose data nobody can make or install: evidence of others, which may lie beside the repository.

use std::{env, fs::OpenOptions, io::Write, path::Path};

/// Says that `test` cannot run, since `missing` is not there: a line in the file that the variable `TEST_SKIPS` names, which the run
/// counts as skipped.
///
/// # Panics
///
/// Where `REQUIRE_EVIDENCE` is `1`: nothing may be skipped there.
pub(crate) fn skip(test: &str, missing: &Path) {
    let missing = missing.display();
    assert!(env::var_os("REQUIRE_EVIDENCE").is_none_or(|value| value != "1"), "{test}: {missing} is missing");
    let Some(file) = env::var_os("TEST_SKIPS") else { return };
    let mut file = OpenOptions::new().create(true).append(true).open(file).unwrap();
    // One write: tests of one program run side by side.
    file.write_all(format!("{} {test}: {missing}\n", env!("CARGO_PKG_NAME")).as_bytes()).unwrap();
}
