//! Files of a machine that a cloud certified: written once before the first start, and again where the cloud renews a certificate. The
//! certificates above the leaf are fetched elsewhere (`blindllama enrol chain`): the gateway opens no connection.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use blindllama_verifier::Code;
use blindllama_verifier::attester::chain_end;

use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::failure::Failure;
use crate::hex::hex;
use crate::tpm::cloud::{Cloud, Found, collect};

/// Reads what the cloud left in the TPM of `config` and writes it into `folder`. Returns the lines of the configuration that name it, and
/// comments for a person. The same again changes nothing.
///
/// # Errors
/// As [`collect`]; `enrol.file` where a file cannot be written.
pub fn write_files(config: &Config, cloud: Cloud, folder: &Path) -> Result<String, Failure> {
    let found = collect(&config.tpm, cloud)?;
    let at = |error: &io::Error| Failure::with(Code::ENROL_FILE, format!("{}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(|error| at(&error))?;
    let folder = &folder.canonicalize().map_err(|error| at(&error))?;
    let leaf = replace(folder, "leaf.der", &found.leaf)?;
    let report = found.report.as_ref().map(|report| replace(folder, "hcl-report.bin", report)).transpose()?;
    Ok(told(cloud, folder, &found, leaf, report))
}

fn told(cloud: Cloud, folder: &Path, found: &Found, leaf: &str, report: Option<&str>) -> String {
    let now = i64::try_from(SystemClock.wall_ms() / 1000).unwrap_or(i64::MAX);
    let days = chain_end(&[&found.leaf]).map_or(0, |(_, end)| end.saturating_sub(now).div_euclid(86_400));
    let (name, path) = (hex(&found.name), folder.display());
    let option = match cloud {
        Cloud::Azure => "--azure",
        Cloud::Gcp => "--gcp",
    };
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "# key {name}{}", if found.is_new { ", made of the cloud's template" } else { "" });
    let _ = writeln!(text, "# {path}/leaf.der: its certificate, {leaf}; {days} days left");
    let _ = writeln!(text, "tpm.handle = {:#x}", found.handle);
    if let Some(report) = report {
        let _ = writeln!(text, "# {path}/hcl-report.bin: {report}; each start of the machine writes another");
        let _ = writeln!(text, "attestation.platform_report = {:?}", format!("{path}/hcl-report.bin"));
    }
    let _ = writeln!(text, "# No request was made. Where there is a network, this completes the chain:");
    let _ = writeln!(text, "#   blindllama enrol chain {option} --leaf {path}/leaf.der --out {path}");
    text
}

/// Writes a file in one step, so that a gateway that follows it never reads half of one, unless it is there already.
fn replace(folder: &Path, name: &str, content: &[u8]) -> Result<&'static str, Failure> {
    let (path, beside) = (folder.join(name), folder.join(format!(".{name}.{}.new", std::process::id())));
    if fs::read(&path).is_ok_and(|present| present == content) {
        return Ok("unchanged");
    }
    let written = (|| {
        // Nothing that stands there is followed or overwritten.
        let mut file = OpenOptions::new().write(true).create_new(true).open(&beside)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&beside, &path)?;
        File::open(folder)?.sync_all()
    })();
    written.map_err(|error| {
        let _ = fs::remove_file(&beside);
        Failure::with(Code::ENROL_FILE, format!("{}: {error}", path.display()))
    })?;
    Ok("written")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_in_one_step_and_only_where_it_differs() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(replace(folder.path(), "leaf.der", b"one"), Ok("written"));
        assert_eq!(replace(folder.path(), "leaf.der", b"one"), Ok("unchanged"));
        assert_eq!(replace(folder.path(), "leaf.der", b"two"), Ok("written"));
        assert_eq!(fs::read(folder.path().join("leaf.der")).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        fs::create_dir(folder.path().join("report")).unwrap();
        let failure = replace(folder.path(), "report", b"three").unwrap_err();
        assert_eq!(failure.code, Code::ENROL_FILE);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
