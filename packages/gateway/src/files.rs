//! Open files: each connection is one, to a client or to the model server. A gateway that runs out of them refuses visitors, and would
//! seem to have a dead model server behind it.

use std::io;

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Limits;
use crate::upstream::client::STREAMS;

/// For what is open beside connections: the TPM, the log, files of the evidence, the runtime.
const RESERVE: u64 = 64;

/// Raises the soft limit of this process to its hard limit, as far as the system lets it. Shells and supervisors set the soft one to
/// 1024 for the sake of programs that use `select`, which this one does not.
pub fn raise() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

/// Files that this process may have open at once.
#[must_use]
pub fn limit() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Whether a call failed because this process, or the whole system, has too many files open.
#[must_use]
pub fn ran_out(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
}

/// What to do about it, for a log.
pub const RAN_OUT: &str = "EMFILE: no more files can be opened; raise the limit of open files (LimitNOFILE, ulimit -n)";

/// Streams and connections that fit into `files` open files, where those of `limits` do not. `shared`: whether requests to the `servers`
/// of the model share connections. Each server beside the first costs one more, and one for the question whether it is well.
#[must_use]
pub fn fit(limits: &Limits, files: u64, shared: bool, servers: usize) -> Option<(usize, usize)> {
    let (streams, connections) = (limits.streams as u64, limits.connections as u64);
    let upstream = if shared { streams.div_ceil(STREAMS as u64) } else { streams };
    let more = (servers as u64).saturating_sub(1).saturating_mul(2);
    let room = files.saturating_sub(RESERVE).saturating_sub(more);
    if connections.saturating_add(upstream) <= room {
        return None;
    }
    let upstream = upstream.min(room / 2);
    let connections = connections.min(room.saturating_sub(upstream)).max(1);
    let streams = if shared { streams } else { upstream.max(1) };
    Some((usize::try_from(streams).ok()?, usize::try_from(connections).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load;

    #[test]
    fn defaults_fit_into_what_servers_allow_and_shrink_where_they_do_not() {
        let required = [("AUDIENCES", "a"), ("ATTESTATION_PCRS", "0"), ("UPSTREAM_URL", "unix:/m.sock")];
        let environment = required.map(|(name, value)| (format!("BLINDLLAMA_{name}"), value.to_owned()));
        let defaults = load(None, environment.into_iter()).unwrap().limits;
        assert_eq!((defaults.streams, defaults.connections), (1024, 4096));
        assert_eq!(fit(&defaults, 65_536, false, 1), None);
        assert_eq!(fit(&defaults, 1024 + 4096 + 64, false, 1), None, "to the last file");
        assert_eq!(fit(&defaults, 1024 + 4096 + 63, false, 1), Some((1024, 4095)));
        assert_eq!(fit(&defaults, 1024 + 4096 + 64, false, 2), Some((1024, 4094)), "two for the second server");
        assert_eq!(fit(&defaults, 1024, false, 1), Some((480, 480)));
        assert_eq!(fit(&defaults, 1024, true, 1), Some((1024, 949)), "streams over HTTP/2 share connections");
        assert_eq!(fit(&defaults, 10, false, 1), Some((1, 1)));
    }

    #[test]
    fn a_lack_of_files_is_told_from_other_failures() {
        assert!(ran_out(&io::Error::from_raw_os_error(24)) && ran_out(&io::Error::from_raw_os_error(23)));
        assert!(!ran_out(&io::Error::from_raw_os_error(111)) && !ran_out(&io::ErrorKind::NotFound.into()));
    }
}
