//! Who runs in the image, and what each may have.

use std::fs;
use std::process::Command;

use super::root::Entry;
use super::system_calls::{ATTESTER_CALLS, GATEWAY_CALLS, MODEL_CALLS};
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
    /// Whether it gets a listening socket.
    pub(super) serves: bool,
    /// Whether what it prints reaches the console. The model server's log may have content.
    pub(super) speaks: bool,
}

/// Users and groups: numbers alone, since the image has no `/etc/passwd`.
pub(crate) const GATEWAY_USER: u32 = 990;
pub(crate) const MODEL_USER: u32 = 991;
pub(crate) const ATTESTER_USER: u32 = 992;

/// The path of the attester's socket: in the gateway's folder, so that the gateway alone sees it.
pub(crate) const ATTESTER_SOCKET: &str = "/run/gateway/attester";

const TPM: &str = "/dev/tpmrm0";

/// Serves. It alone has the network's one socket.
pub(crate) const GATEWAY: Role = Role {
    name: "gateway",
    user: GATEWAY_USER,
    group: GATEWAY_USER,
    files: &[
        Entry::read_only("/usr"),
        Entry::link("/lib", "usr/lib"),
        Entry::link("/lib64", "usr/lib64"),
        Entry::device("/dev/null"),
        Entry::data("/run/gateway"),
        Entry::data("/run/model"),
    ],
    umask: 0o077,
    open_files: 65_536,
    system_calls: GATEWAY_CALLS,
    serves: true,
    speaks: true,
};

/// Answers the gateway with quotes. It alone reaches the TPM.
pub(crate) const ATTESTER: Role = Role {
    name: "attester",
    user: ATTESTER_USER,
    group: ATTESTER_USER,
    files: &[
        Entry::read_only("/usr"),
        Entry::link("/lib", "usr/lib"),
        Entry::link("/lib64", "usr/lib64"),
        Entry::device("/dev/null"),
        Entry::device(TPM),
        Entry::data("/run/attester"),
    ],
    umask: 0o077,
    open_files: 64,
    system_calls: ATTESTER_CALLS,
    serves: true,
    speaks: true,
};

/// Measures the configuration into PCR 14 and ends, before the attester starts.
pub(crate) const MEASURE: Role = Role { name: "measurement of the configuration", serves: false, ..ATTESTER };

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

const ALL: [&Role; 4] = [&GATEWAY, &ATTESTER, &MEASURE, &MODEL];

pub(super) fn named(name: &str) -> Option<&'static Role> {
    ALL.into_iter().find(|role| role.name == name)
}

/// Settings that the image decides. The gateway prefers the environment to its file: the configuration disk cannot change them.
const SETTINGS: &[(&str, &str)] = &[
    ("TPM_TCTI", "attester:/run/gateway/attester"),
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
        let mut command = Command::new("/usr/bin/blindllama-gateway");
        command.env_clear().envs(SETTINGS.iter().map(|(name, value)| (format!("BLINDLLAMA_{name}"), value)));
        if self.user == GATEWAY_USER {
            command.args(["serve", "--config", "/run/gateway/gateway.toml"]);
            return Ok(command);
        }
        let peer = GATEWAY_USER.to_string();
        let words: &[&str] = if self.serves { &["attester", "--peer", &peer] } else { &["extend-config"] };
        command.args(words).args(["--config", "/run/attester/gateway.toml"]);
        command.env("BLINDLLAMA_TPM_TCTI", format!("device:{TPM}")).env("TSS2_LOG", "all+none");
        Ok(command)
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, clippy::indexing_slicing)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::ffi::OsStr;
    use std::path::Path;

    use super::*;

    #[test]
    fn only_the_attester_has_the_tpm_only_the_gateway_its_socket_and_users_differ() {
        let sees = |role: &Role, path: &str| role.files.iter().any(|entry| Path::new(path).starts_with(entry.target()));
        assert_eq!(ALL.map(|role| sees(role, TPM)), [false, true, true, false]);
        assert_eq!(ALL.map(|role| sees(role, ATTESTER_SOCKET)), [true, false, false, false]);
        assert_eq!(ALL.map(|role| role.serves), [true, true, false, false]);
        let users: BTreeSet<u32> = [0, GATEWAY.user, ATTESTER.user, MODEL.user].into();
        assert_eq!(users.len(), 4, "nobody is root, or another");
        assert_eq!(MEASURE.user, ATTESTER.user);
    }

    /// What a process is told, and by which settings.
    fn told(role: &Role) -> (Vec<String>, BTreeMap<String, String>) {
        let text = |text: &OsStr| text.to_string_lossy().into_owned();
        let command = role.command().expect("its command");
        let settings = command.get_envs().filter_map(|(name, value)| Some((text(name), text(value?)))).collect();
        (command.get_args().map(text).collect(), settings)
    }

    #[test]
    fn the_gateway_asks_the_attester_and_the_attester_answers_the_gateway_alone() {
        let (words, settings) = told(&GATEWAY);
        assert_eq!(words, ["serve", "--config", "/run/gateway/gateway.toml"]);
        assert_eq!(settings["BLINDLLAMA_TPM_TCTI"], format!("attester:{ATTESTER_SOCKET}"));
        let (words, attesters) = told(&ATTESTER);
        assert_eq!(words, ["attester", "--peer", "990", "--config", "/run/attester/gateway.toml"]);
        let (words, measures) = told(&MEASURE);
        assert_eq!(words, ["extend-config", "--config", "/run/attester/gateway.toml"]);
        assert_eq!(attesters, measures, "both see the same TPM and the same configuration");
        for (name, value) in settings {
            let expected = if name == "BLINDLLAMA_TPM_TCTI" { "device:/dev/tpmrm0" } else { &value };
            assert_eq!(attesters[&name], expected, "{name}");
        }
    }

    #[test]
    fn nothing_that_can_be_written_can_be_executed() {
        for role in ALL {
            assert!(!role.files.iter().any(Entry::is_writable_and_executable), "{}", role.name);
        }
    }
}
