//! Who runs in the image, and what each may have.

use std::fs;
use std::process::Command;

use super::root::Entry;
use super::system_calls::{DOCUMENTS_CALLS, GATEWAY_CALLS, MODEL_CALLS};
use crate::documents;
use crate::failure::{Doing, Failure};

/// A program of the image.
#[derive(Debug)]
pub(crate) struct Role {
    pub(crate) name: &'static str,
    pub(super) user: u32,
    pub(super) group: u32,
    /// What it sees; all else does not exist for it.
    pub(super) files: &'static [Entry],
    pub(super) umask: u32,
    pub(super) open_files: u64,
    pub(super) system_calls: &'static [&'static [i64]],
    /// Whether it gets the listening socket.
    pub(super) serves: bool,
    /// Whether what it prints reaches the console. The model server's log may have content.
    pub(super) speaks: bool,
}

/// Users and groups: numbers alone, since the image has no `/etc/passwd`.
pub(crate) const GATEWAY_USER: u32 = 990;
pub(crate) const MODEL_USER: u32 = 991;
pub(crate) const DOCUMENTS_USER: u32 = 992;

const GATEWAY_FILES: &[Entry] = &[
    Entry::read_only("/usr"),
    Entry::link("/lib", "usr/lib"),
    Entry::link("/lib64", "usr/lib64"),
    Entry::device("/dev/null"),
    Entry::device("/dev/tpmrm0"),
    Entry::data("/run/gateway"),
    Entry::data("/run/model"),
];

/// Serves. It alone reaches the TPM and the network's one socket.
pub(crate) const GATEWAY: Role = Role {
    name: "gateway",
    user: GATEWAY_USER,
    group: GATEWAY_USER,
    files: GATEWAY_FILES,
    umask: 0o077,
    open_files: 65_536,
    system_calls: GATEWAY_CALLS,
    serves: true,
    speaks: true,
};

/// Measures the configuration into PCR 14 and ends.
pub(crate) const MEASURE: Role = Role { name: "measurement of the configuration", serves: false, ..GATEWAY };

/// The model server: no network, no TPM, no disk to write to.
pub(crate) const MODEL: Role = Role {
    name: "model server",
    user: MODEL_USER,
    group: MODEL_USER,
    files: &[Entry::program("/model"), Entry::device("/dev/null"), Entry::writable("/run/model")],
    // Its socket is for the group of the folder, which is the gateway's.
    umask: 0o007,
    open_files: 4096,
    system_calls: MODEL_CALLS,
    serves: false,
    speaks: false,
};

/// Reads the disk of documents, which is its standard input, once. It parses what the host writes, and sees nothing but its folder.
pub(crate) const READ_DOCUMENTS: Role = Role {
    name: "documents at the start",
    user: DOCUMENTS_USER,
    group: GATEWAY_USER,
    files: &[Entry::program_file("/init"), Entry::writable(documents::FOLDER)],
    umask: 0o027,
    open_files: 16,
    system_calls: DOCUMENTS_CALLS,
    serves: false,
    speaks: true,
};

/// Reads it again and again.
pub(crate) const FOLLOW_DOCUMENTS: Role = Role { name: "documents", ..READ_DOCUMENTS };

pub(super) fn named(name: &str) -> Option<&'static Role> {
    const ALL: [&Role; 5] = [&GATEWAY, &MEASURE, &MODEL, &READ_DOCUMENTS, &FOLLOW_DOCUMENTS];
    ALL.into_iter().find(|role| role.name == name)
}

/// Settings that the image decides. The gateway prefers the environment to its file: the configuration disk cannot change them.
const SETTINGS: &[(&str, &str)] = &[
    ("TPM_TCTI", "device:/dev/tpmrm0"),
    ("ATTESTATION_BANK", "sha256"),
    ("ATTESTATION_PCRS", "0,1,2,3,4,5,6,7,9,11,12,13,14,15"),
    ("ATTESTATION_EXTEND_INSTANCE", "true"),
    ("ATTESTATION_EVENT_LOGS", "/run/gateway/event.log"),
    ("UPSTREAM_URL", "unix:/run/model/server.sock"),
    ("UPSTREAM_KIND", "in-image"),
    ("UPSTREAM_PROMPT_CACHE", "none"),
];

impl Role {
    /// The program with its arguments and its whole environment.
    pub(super) fn command(&self) -> Result<Command, Failure> {
        if self.name == MODEL.name {
            let arguments = fs::read_to_string("/model/arguments").doing("the arguments of the model server")?;
            let mut command = Command::new("/model/llama-server");
            command.args(arguments.lines()).env_clear();
            return Ok(command);
        }
        if self.user == DOCUMENTS_USER {
            let verb = if self.name == FOLLOW_DOCUMENTS.name { "follow" } else { "read" };
            let mut command = Command::new("/init");
            command.args(["documents", verb]).env_clear();
            return Ok(command);
        }
        let mut command = Command::new("/usr/bin/blindllama-gateway");
        let verb = if self.serves { "serve" } else { "extend-config" };
        command.args([verb, "--config", "/run/gateway/gateway.toml"]).env_clear().env("TSS2_LOG", "all+none");
        command.envs(SETTINGS.iter().map(|(name, value)| (format!("BLINDLLAMA_{name}"), value)));
        Ok(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_gateway_has_the_tpm_and_the_socket_and_users_differ() {
        let has_tpm = |role: &Role| role.files.iter().any(|entry| entry.target() == "/dev/tpmrm0");
        assert!(has_tpm(&GATEWAY) && has_tpm(&MEASURE));
        assert!(![&MODEL, &READ_DOCUMENTS, &FOLLOW_DOCUMENTS].into_iter().any(has_tpm));
        let serving = [&GATEWAY, &MEASURE, &MODEL, &READ_DOCUMENTS, &FOLLOW_DOCUMENTS].map(|role| role.serves);
        assert_eq!(serving, [true, false, false, false, false]);
        let mut users = [0, GATEWAY.user, MODEL.user, READ_DOCUMENTS.user].to_vec();
        users.dedup();
        assert_eq!(users.len(), 4, "none is root, nor another one");
    }

    #[test]
    fn nothing_that_can_be_written_can_be_executed() {
        for role in [&GATEWAY, &MEASURE, &MODEL, &READ_DOCUMENTS] {
            assert!(!role.files.iter().any(Entry::is_writable_and_executable), "{}", role.name);
        }
    }
}
