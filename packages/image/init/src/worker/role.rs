//! Who runs in the image, and what each may have.

use std::fs;
use std::process::Command;

use libc::{FIONBIO, FIONREAD, TCGETS};

use super::root::Entry;
use super::system_calls::{ATTESTER_CALLS, CONNECTOR_CALLS, DOCUMENTS_CALLS, GATEWAY_CALLS, MODEL_CALLS};
use crate::documents;
use crate::failure::{Doing, Failure};
use crate::processor::{self, Build};
use crate::profile::Profile;

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
    /// The ioctls, by their second argument.
    pub(super) ioctls: &'static [u64],
    /// Whether it stays in the network of the machine, and is this program itself.
    pub(super) keeps_network: bool,
    /// Whether it gets a listening socket.
    pub(super) serves: bool,
    /// Whether what it prints reaches the console. The model server's log may have content.
    pub(super) speaks: bool,
}

/// Users and groups: numbers alone, since the image has no `/etc/passwd`.
pub(crate) const GATEWAY_USER: u32 = 990;
pub(crate) const MODEL_USER: u32 = 991;
pub(crate) const ATTESTER_USER: u32 = 992;
const CONNECTOR_USER: u32 = 993;
pub(crate) const DOCUMENTS_USER: u32 = 994;

/// The path of the attester's socket: in the gateway's folder, so that the gateway alone sees it.
pub(crate) const ATTESTER_SOCKET: &str = "/run/gateway/attester";

/// The path of the connector's socket, in the same place for the same reason.
pub(crate) const CONNECTOR_SOCKET: &str = "/run/gateway/connector";

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
    ioctls: &[FIONBIO],
    keeps_network: false,
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
    ioctls: &[FIONBIO],
    keeps_network: false,
    serves: true,
    speaks: true,
};

/// Measures the configuration into PCR 14 and ends, before the attester starts.
pub(crate) const MEASURE: Role = Role { name: "measurement of the configuration", serves: false, ..ATTESTER };

/// Reads from the configuration what the machine may connect to, before anything else reads it, and ends.
pub(crate) const EGRESS: Role = Role {
    name: "reading of the profile",
    serves: false,
    files: &[
        Entry::read_only("/usr"),
        Entry::link("/lib", "usr/lib"),
        Entry::link("/lib64", "usr/lib64"),
        Entry::device("/dev/null"),
        Entry::data("/run/attester"),
    ],
    ..ATTESTER
};

/// Connects to the addresses of the profile `router`, and passes the connections to the gateway. It alone keeps a network, and sees no file.
pub(crate) const CONNECTOR: Role = Role {
    name: "connector",
    user: CONNECTOR_USER,
    group: CONNECTOR_USER,
    files: &[],
    umask: 0o077,
    open_files: 512,
    system_calls: CONNECTOR_CALLS,
    ioctls: &[],
    keeps_network: true,
    serves: true,
    speaks: true,
};

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
    // A socket that does not block, bytes that wait, whether a file is a terminal.
    ioctls: &[FIONBIO, FIONREAD, TCGETS],
    keeps_network: false,
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
    ioctls: &[],
    keeps_network: false,
    serves: false,
    speaks: true,
};

/// Reads it again and again.
pub(crate) const FOLLOW_DOCUMENTS: Role = Role { name: "documents", ..READ_DOCUMENTS };

const ALL: [&Role; 8] =
    [&GATEWAY, &ATTESTER, &MEASURE, &MODEL, &EGRESS, &CONNECTOR, &READ_DOCUMENTS, &FOLLOW_DOCUMENTS];

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
    ("MACHINE_CONNECTOR", "/run/gateway/connector"),
];

/// Further ones in the profile `closed`. In `router` the configuration names the upstream.
const CLOSED_SETTINGS: &[(&str, &str)] = &[
    ("UPSTREAM_URL", "unix:/run/model/server.sock"),
    ("UPSTREAM_KIND", "in-image"),
    ("UPSTREAM_PROMPT_CACHE", "none"),
];

impl Role {
    /// The program with its arguments and its whole environment.
    pub(super) fn command(&self, profile: &Profile) -> Result<Command, Failure> {
        if self.name == MODEL.name {
            let arguments = fs::read_to_string("/model/arguments").doing("the arguments of the model server")?;
            return Ok(model_server(&arguments, processor::count()));
        }
        if self.user == DOCUMENTS_USER {
            let verb = if self.name == FOLLOW_DOCUMENTS.name { "follow" } else { "read" };
            let mut command = Command::new("/init");
            command.args(["documents", verb]).env_clear();
            return Ok(command);
        }
        let mut command = Command::new("/usr/bin/blindllama-gateway");
        let closed = CLOSED_SETTINGS.iter().filter(|_| profile.is_closed());
        let settings = SETTINGS.iter().chain(closed);
        command.env_clear().envs(settings.map(|(name, value)| (format!("BLINDLLAMA_{name}"), value)));
        if self.user == GATEWAY_USER {
            command.args(["serve", "--config", "/run/gateway/gateway.toml"]);
            return Ok(command);
        }
        let peer = GATEWAY_USER.to_string();
        let words: &[&str] = match self.name {
            name if name == ATTESTER.name => &["attester", "--peer", &peer],
            name if name == MEASURE.name => &["extend-config"],
            _ => &["egress"],
        };
        command.args(words).args(["--config", "/run/attester/gateway.toml"]);
        command.env("BLINDLLAMA_TPM_TCTI", format!("device:{TPM}")).env("TSS2_LOG", "all+none");
        Ok(command)
    }
}

/// The model server with the arguments of the verified disk, a line each.
fn model_server(arguments: &str, processors: usize) -> Command {
    let mut command = Command::new(Build::of_this_processor().program());
    command.args(arguments.lines()).args(["--threads", &processors.to_string()]).env_clear();
    command
}

#[cfg(test)]
#[allow(clippy::expect_used, clippy::indexing_slicing)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::ffi::OsStr;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_model_server_computes_on_every_processor() {
        let command = model_server("--model\n/model/model.gguf\n", 2);
        assert_eq!(command.get_args().collect::<Vec<_>>(), ["--model", "/model/model.gguf", "--threads", "2"]);
        assert_eq!(command.get_envs().count(), 0);
    }

    #[test]
    fn only_the_attester_has_the_tpm_only_the_gateway_its_socket_and_users_differ() {
        let sees = |role: &Role, path: &str| role.files.iter().any(|entry| Path::new(path).starts_with(entry.target()));
        assert_eq!(ALL.map(|role| sees(role, TPM)), [false, true, true, false, false, false, false, false]);
        for socket in [ATTESTER_SOCKET, CONNECTOR_SOCKET] {
            assert_eq!(ALL.map(|role| sees(role, socket)), [true, false, false, false, false, false, false, false]);
        }
        assert_eq!(ALL.map(|role| role.serves), [true, true, false, false, false, true, false, false]);
        assert_eq!(ALL.map(|role| role.keeps_network), [false, false, false, false, false, true, false, false]);
        let users = [0, GATEWAY.user, ATTESTER.user, MODEL.user, CONNECTOR.user, READ_DOCUMENTS.user];
        assert_eq!(BTreeSet::from(users).len(), users.len(), "nobody is root, or another");
        assert_eq!(MEASURE.user, ATTESTER.user);
    }

    /// What a process is told, and by which settings.
    fn told(role: &Role, profile: &Profile) -> (Vec<String>, BTreeMap<String, String>) {
        let text = |text: &OsStr| text.to_string_lossy().into_owned();
        let command = role.command(profile).expect("its command");
        let settings = command.get_envs().filter_map(|(name, value)| Some((text(name), text(value?)))).collect();
        (command.get_args().map(text).collect(), settings)
    }

    #[test]
    fn the_gateway_asks_the_attester_and_the_attester_answers_the_gateway_alone() {
        let closed = Profile::read("").expect("a profile");
        let (words, settings) = told(&GATEWAY, &closed);
        assert_eq!(words, ["serve", "--config", "/run/gateway/gateway.toml"]);
        assert_eq!(settings["BLINDLLAMA_TPM_TCTI"], format!("attester:{ATTESTER_SOCKET}"));
        let (words, attesters) = told(&ATTESTER, &closed);
        assert_eq!(words, ["attester", "--peer", "990", "--config", "/run/attester/gateway.toml"]);
        let (words, measures) = told(&MEASURE, &closed);
        assert_eq!(words, ["extend-config", "--config", "/run/attester/gateway.toml"]);
        assert_eq!(attesters, measures, "both see the same TPM and the same configuration");
        for (name, value) in settings {
            let expected = if name == "BLINDLLAMA_TPM_TCTI" { "device:/dev/tpmrm0" } else { &value };
            assert_eq!(attesters[&name], expected, "{name}");
        }
    }

    #[test]
    fn the_profile_decides_whether_the_image_names_the_upstream() {
        let settings = |lines: &str| told(&GATEWAY, &Profile::read(lines).expect("a profile")).1;
        let (closed, router) = (settings(""), settings("192.0.2.1:80"));
        assert_eq!(closed["BLINDLLAMA_UPSTREAM_URL"], "unix:/run/model/server.sock");
        assert_eq!(closed["BLINDLLAMA_UPSTREAM_KIND"], "in-image");
        assert!(!router.keys().any(|name| name.starts_with("BLINDLLAMA_UPSTREAM_")));
        for settings in [closed, router] {
            assert_eq!(settings["BLINDLLAMA_MACHINE_CONNECTOR"], CONNECTOR_SOCKET);
        }
        assert_eq!(told(&EGRESS, &Profile::read("").expect("a profile")).0[0], "egress");
    }

    #[test]
    fn nothing_that_can_be_written_can_be_executed() {
        for role in ALL {
            assert!(!role.files.iter().any(Entry::is_writable_and_executable), "{}", role.name);
        }
    }
}
