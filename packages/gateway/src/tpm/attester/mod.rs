//! The attester as a process of its own (PROTOCOL.md §24.5): it owns the TPM ([`super::attester_server`]), and [`client`] asks it over a
//! UNIX socket. What can be
//! asked is a closed list: no command of the TPM passes, so a gateway that was taken over can have claims quoted, and nothing else.

pub(super) mod client;
pub(super) mod message;
pub(super) mod seqpacket;

use std::path::Path;

/// The words of `tpm.tcti` before the path of the attester's socket.
const SCHEME: &str = "attester:";

/// The socket of the attester that `tcti` names; None where it names a TPM.
#[must_use]
pub fn socket_of(tcti: &str) -> Option<&Path> {
    tcti.strip_prefix(SCHEME).map(Path::new)
}
