//! The words behind the program's name.

use std::path::PathBuf;

use blindllama_gateway::tpm::cloud::Cloud;
use lexopt::{Arg, Error, Parser, ValueExt as _};

pub(crate) const HELP: &str = "\
blindllama-gateway: opens encrypted requests in front of a model server and proves with a TPM what runs here

Usage: blindllama-gateway [COMMAND] [--config FILE]

Commands:
  serve          Serve until SIGTERM, which gives proxies notice, or SIGINT (the default); a second one ends at once.
                 SIGHUP reads certificates, release and status again
  config-digest  Check the configuration, without touching a TPM, and print its digest in hexadecimal
  check          The same as config-digest
  extend-config  Measure the configuration digest into PCR 14, once after the machine started and before the gateway does
                 (docs/PROTOCOL.md §24); prints the digest
  egress         Print what machine.egress of the file names, one address a line, and behind them a line with `via` and
                 machine.next_hop, without touching a TPM: for an image, which then decides its profile
                 (docs/PROTOCOL.md §24.6)
  ak             Print the attestation key as JSON: name, public, qualifiedName
  attester       Own the TPM and answer one gateway, which names this process by its setting
                 tpm.tcti, attester:PATH (docs/PROTOCOL.md §24.5), until SIGTERM or SIGINT
  enrol          Write the certificate of the attestation key that a cloud left in the TPM, and on Azure the report of a
                 confidential machine, into the folder OUT; print the lines of the configuration that name them. On
                 Google's cloud the key is made of its template and kept under tpm.handle. No request is made:
                 `blindllama enrol chain` fetches the other certificates, where there is a network

Options:
  --azure, --gcp Whose virtual TPM it is, for enrol
  --out OUT      Folder of the files of enrol
  --config FILE  Settings in TOML; gateway.example.toml documents each. The environment (BLINDLLAMA_…) wins.
  --socket PATH  Of the attester: where it listens; left out where the parent passes the socket (LISTEN_FDS)
  --peer UID     Of the attester: the user of the gateway's process, as a number
  --help         Print this text
  --version      Print the version

Exit codes: 0 done or stopped, 1 failed (standard error says why, with a code), 2 wrong arguments
";

/// What was asked for.
pub(crate) struct Arguments {
    pub(crate) command: Command,
    pub(crate) config: Option<PathBuf>,
}

pub(crate) enum Command {
    Serve,
    ConfigDigest,
    ExtendConfig,
    Egress,
    Ak,
    /// `socket`: None where the parent passes it. `peer`: the user of the gateway's process.
    Attester {
        socket: Option<PathBuf>,
        peer: u32,
    },
    Enrol {
        cloud: Cloud,
        out: PathBuf,
    },
    Help,
    Version,
}

const COMMANDS: [&str; 8] = ["serve", "config-digest", "check", "extend-config", "egress", "ak", "attester", "enrol"];

/// Options of single commands.
#[derive(Default)]
struct Options {
    socket: Option<PathBuf>,
    peer: Option<u32>,
    cloud: Option<Cloud>,
    out: Option<PathBuf>,
}

impl Arguments {
    /// Reads the arguments of this process.
    ///
    /// # Errors
    /// A word or an option that is unknown, missing, there twice, or of another command.
    pub(crate) fn read() -> Result<Self, Error> {
        let only = |command| Ok(Self { command, config: None });
        let (mut command, mut config, mut options) = (None, None, Options::default());
        let mut parser = Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Long("help") | Arg::Short('h') => return only(Command::Help),
                Arg::Long("version") | Arg::Short('V') => return only(Command::Version),
                Arg::Long("config") => config = Some(parser.value()?.into()),
                Arg::Long("socket") => options.socket = Some(parser.value()?.into()),
                Arg::Long("peer") => options.peer = Some(parser.value()?.parse()?),
                Arg::Long("azure") if options.cloud.is_none() => options.cloud = Some(Cloud::Azure),
                Arg::Long("gcp") if options.cloud.is_none() => options.cloud = Some(Cloud::Gcp),
                Arg::Long("out") => options.out = Some(parser.value()?.into()),
                Arg::Value(ref name) if command.is_none() => {
                    command = match name.to_str() {
                        Some(name) if COMMANDS.contains(&name) => Some(name.to_owned()),
                        _ => return Err(argument.unexpected()),
                    };
                }
                _ => return Err(argument.unexpected()),
            }
        }
        let command = options.command(command.as_deref().unwrap_or("serve"))?;
        Ok(Self { command, config })
    }
}

impl Options {
    /// The command `name` with its options, where no other one is there.
    fn command(self, name: &str) -> Result<Command, Error> {
        match (name, self) {
            ("attester", Self { socket, peer: Some(peer), cloud: None, out: None }) => {
                Ok(Command::Attester { socket, peer })
            }
            ("enrol", Self { socket: None, peer: None, cloud: Some(cloud), out: Some(out) }) => {
                Ok(Command::Enrol { cloud, out })
            }
            ("attester", _) => Err("the attester needs --peer UID".into()),
            ("enrol", _) => Err("enrol needs --azure or --gcp, and --out".into()),
            (_, Self { socket: None, peer: None, cloud: None, out: None }) => Ok(match name {
                "config-digest" | "check" => Command::ConfigDigest,
                "extend-config" => Command::ExtendConfig,
                "egress" => Command::Egress,
                "ak" => Command::Ak,
                _ => Command::Serve,
            }),
            _ => {
                Err("--socket and --peer are options of attester; --azure, --gcp and --out are options of enrol".into())
            }
        }
    }
}
