//! Why a TPM cannot be opened, in the words of whoever has to repair it: which file, which permission, which group.

use std::fs::{self, OpenOptions};
use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::unix::fs::MetadataExt;
use std::str::FromStr;
use std::time::Duration;

use blindllama_verifier::Code;
use rustix::io::Errno;
use tss_esapi::tcti_ldr::TctiNameConf;
use tss_esapi::{Context, Error};

use crate::failure::Failure;

/// For an attempt to reach a software TPM.
const LIMIT: Duration = Duration::from_secs(2);

/// Whether `tcti` names a TPM in the words of tpm2-tss.
#[must_use]
pub fn is_tcti(tcti: &str) -> bool {
    TctiNameConf::from_str(tcti).is_ok()
}

/// Opens the TPM at `tcti`.
///
/// # Errors
/// `tpm.unreachable`.
pub(super) fn open(tcti: &str) -> Result<Context, Failure> {
    let unreachable = |error: Error| {
        let detail = match obstacle(tcti) {
            none if none.is_empty() => format!("tpm.tcti = {tcti:?}: {error}"),
            obstacle => format!("tpm.tcti = {tcti:?}: {obstacle}"),
        };
        Failure::with(Code::TPM_UNREACHABLE, detail)
    };
    let name = TctiNameConf::from_str(tcti).map_err(unreachable)?;
    Context::new(name).map_err(unreachable)
}

/// Why the TPM at `tcti` cannot be opened; empty where nothing is known.
fn obstacle(tcti: &str) -> String {
    let (kind, place) = tcti.split_once(':').unwrap_or((tcti, ""));
    match kind {
        "device" => device(if place.is_empty() { "/dev/tpm0" } else { place }),
        "swtpm" | "mssim" => network(place),
        _ => String::new(),
    }
}

fn device(path: &str) -> String {
    let Err(error) = OpenOptions::new().read(true).write(true).open(path) else { return String::new() };
    match (error.kind(), Errno::from_io_error(&error)) {
        (io::ErrorKind::NotFound, _) => format!(
            "{path} does not exist: the machine has no TPM, its driver is not loaded, or the container was not given the device"
        ),
        (io::ErrorKind::PermissionDenied, _) => {
            let (mode, group) = fs::metadata(path).map_or((0, String::new()), |meta| (meta.mode(), group(meta.gid())));
            format!(
                "{path} must be readable and writable for user {}: its mode is {:04o} and its group {group}; add the user to this group",
                rustix::process::geteuid().as_raw(),
                mode & 0o7777
            )
        }
        (_, Some(Errno::BUSY)) => format!(
            "{path} is held by another program; use the kernel's resource manager, tpm.tcti = \"device:/dev/tpmrm0\""
        ),
        _ => format!("{path}: {error}"),
    }
}

/// The name of a group, or its number where it has none.
fn group(number: u32) -> String {
    let groups = fs::read_to_string("/etc/group").unwrap_or_default();
    let mut named = groups.lines().map(|line| line.split(':').collect::<Vec<_>>());
    named
        .find(|fields| fields.get(2).is_some_and(|id| *id == number.to_string()))
        .and_then(|fields| fields.first().map(|name| (*name).to_owned()))
        .unwrap_or_else(|| number.to_string())
}

fn network(place: &str) -> String {
    let member = |name: &str| {
        place.split(',').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value))
    };
    let (host, port) = (member("host").unwrap_or("localhost"), member("port").unwrap_or("2321"));
    let address: Option<SocketAddr> =
        port.parse().ok().and_then(|port: u16| (host, port).to_socket_addrs().ok()?.next());
    let Some(address) = address else { return format!("{host} does not resolve") };
    match TcpStream::connect_timeout(&address, LIMIT) {
        Ok(_) => String::new(),
        Err(error) => format!("no software TPM listens on {host}:{port}: {}", error.kind()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_that_is_missing_or_closed_to_us_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tpmrm0").display().to_string();
        let missing = obstacle(&format!("device:{path}"));
        assert!(missing.starts_with(&format!("{path} does not exist")), "{missing}");
        fs::write(&path, "").unwrap();
        assert_eq!(obstacle(&format!("device:{path}")), "", "a file that opens is no obstacle");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o040)).unwrap();
        if rustix::process::geteuid().is_root() {
            return;
        }
        let closed = obstacle(&format!("device:{path}"));
        assert!(closed.contains("its mode is 0040 and its group "), "{closed}");
    }

    #[test]
    fn groups_have_their_names() {
        assert_eq!(group(0), "root");
        assert_eq!(group(u32::MAX - 1), (u32::MAX - 1).to_string());
    }

    #[test]
    fn a_port_without_a_tpm_is_named() {
        // tcpmux (RFC 1078), below the ports that anything is given by chance.
        let free = 1;
        let refused = obstacle(&format!("swtpm:host=127.0.0.1,port={free}"));
        assert!(refused.starts_with(&format!("no software TPM listens on 127.0.0.1:{free}: ")), "{refused}");
    }

    #[test]
    fn words_of_tpm2_tss_are_told_from_others() {
        for good in ["device:/dev/tpmrm0", "device", "swtpm:host=127.0.0.1,port=2321", "mssim", "tabrmd"] {
            assert!(is_tcti(good), "{good}");
        }
        for bad in ["", "/dev/tpmrm0", "devcie:/dev/tpmrm0", "swtpm:port=x"] {
            assert!(!is_tcti(bad), "{bad}");
        }
    }
}
