//! The gateway as a program: arguments, signals, exit codes.

use std::alloc::System;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use blindllama_gateway::config::{self, Config};
use blindllama_gateway::failure::Failure;
use blindllama_gateway::files;
use blindllama_gateway::hex::hex;
use blindllama_gateway::log::{Level, Log};
use blindllama_gateway::process;
use blindllama_gateway::scrub::overwrite;
use blindllama_gateway::server::{Server, Stop};
use blindllama_gateway::tpm::attester_server::Server as Attester;
use blindllama_gateway::tpm::measure::{MeasuredPcr, measure};
use blindllama_gateway::tpm::worker::Tpm;
use blindllama_verifier::Code;
use blindllama_verifier::evidence::instance::config_event;
use blindllama_zeroing::Zeroing;
use lexopt::{Arg, ValueExt as _};
use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Prompts, answers and credentials are gone from memory once they are freed, whichever library held them.
#[global_allocator]
static ALLOCATOR: Zeroing<System> = Zeroing(System);

const HELP: &str = "\
blindllama-gateway: opens encrypted requests in front of a model server and proves with a TPM what runs here

Usage: blindllama-gateway [COMMAND] [--config FILE]

Commands:
  serve          Serve until SIGTERM, which gives proxies notice, or SIGINT (the default); a second one ends at once.
                 SIGHUP reads certificates, release and status again
  config-digest  Check the configuration, without touching a TPM, and print its digest in hexadecimal
  check          The same as config-digest
  extend-config  Measure the configuration digest into PCR 14, once after the machine started and before the gateway does
                 (docs/PROTOCOL.md §24); prints the digest
  egress         Print what machine.egress of the file names, one address a line, without touching a TPM: for an image, which
                 then decides its profile (docs/PROTOCOL.md §24.6)
  ak             Print the attestation key as JSON: name, public, qualifiedName
  attester       Own the TPM and answer one gateway, which names this process by its setting
                 tpm.tcti, attester:PATH (docs/PROTOCOL.md §24.5), until SIGTERM or SIGINT

Options:
  --config FILE  Settings in TOML; gateway.example.toml documents each. The environment (BLINDLLAMA_…) wins.
  --socket PATH  Of the attester: where it listens; left out where the parent passes the socket (LISTEN_FDS)
  --peer UID     Of the attester: the user of the gateway's process, as a number
  --help         Print this text
  --version      Print the version

Exit codes: 0 done or stopped, 1 failed (standard error says why, with a code), 2 wrong arguments
";

enum Command {
    Serve,
    ConfigDigest,
    ExtendConfig,
    Ak,
    Egress,
    Attester,
    Help,
    Version,
}

/// What was asked for.
struct Arguments {
    command: Command,
    config: Option<PathBuf>,
    /// Of the attester.
    socket: Option<PathBuf>,
    peer: Option<u32>,
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("{error}; see --help");
            return ExitCode::from(2);
        }
    };
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<Arguments, lexopt::Error> {
    let only = |command| Ok(Arguments { command, config: None, socket: None, peer: None });
    let (mut command, mut config, mut socket, mut peer) = (None, None, None, None);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("help") | Arg::Short('h') => return only(Command::Help),
            Arg::Long("version") | Arg::Short('V') => return only(Command::Version),
            Arg::Long("config") => config = Some(parser.value()?.into()),
            Arg::Long("socket") => socket = Some(parser.value()?.into()),
            Arg::Long("peer") => peer = Some(parser.value()?.parse()?),
            Arg::Value(ref name) if command.is_none() => {
                command = Some(match name.to_str() {
                    Some("serve") => Command::Serve,
                    Some("config-digest" | "check") => Command::ConfigDigest,
                    Some("extend-config") => Command::ExtendConfig,
                    Some("ak") => Command::Ak,
                    Some("egress") => Command::Egress,
                    Some("attester") => Command::Attester,
                    _ => return Err(argument.unexpected()),
                });
            }
            _ => return Err(argument.unexpected()),
        }
    }
    let command = command.unwrap_or(Command::Serve);
    match (&command, &socket, peer) {
        (Command::Attester, _, None) => Err("the attester needs --peer UID".into()),
        (Command::Attester, ..) | (_, None, None) => Ok(Arguments { command, config, socket, peer }),
        _ => Err("--socket and --peer are of the attester alone".into()),
    }
}

fn run(Arguments { command, config, socket, peer }: Arguments) -> Result<(), Failure> {
    // Before the configuration is read: it may hold a key of the upstream.
    process::forbid_dumps()?;
    let load = || config::load(config.as_deref(), environment());
    match command {
        Command::Help => print!("{HELP}"),
        Command::Version => println!("blindllama-gateway {}", env!("CARGO_PKG_VERSION")),
        Command::ConfigDigest => println!("{}", hex(&load()?.digest())),
        Command::ExtendConfig => extend_config(&load()?)?,
        Command::Ak => ak(load()?)?,
        Command::Egress => config::egress(config.as_deref())?.iter().for_each(|address| println!("{address}")),
        Command::Attester => attester(load()?, socket.as_deref(), peer.unwrap_or(u32::MAX))?,
        Command::Serve => serve(load()?)?,
    }
    Ok(())
}

/// The variables that are text; others cannot be settings.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

fn runtime() -> Result<Runtime, Failure> {
    Builder::new_multi_thread()
        .enable_all()
        .on_thread_park(overwrite)
        .build()
        .map_err(|error| Failure::with(Code::GATEWAY_INTERNAL, error.to_string()))
}

fn extend_config(config: &Config) -> Result<(), Failure> {
    let digest = config.digest();
    measure(&config.tpm, MeasuredPcr::Config, config_event(&digest))?;
    println!("{}", hex(&digest));
    Ok(())
}

fn ak(config: Config) -> Result<(), Failure> {
    let key = runtime()?.block_on(async {
        let (tpm, key) = Tpm::start(config.tpm).await?;
        tpm.close().await;
        Ok::<_, Failure>(key)
    })?;
    let json = json!({
        "name": hex(&key.name),
        "public": hex(&key.public),
        "qualifiedName": hex(&key.qualified_name),
    });
    println!("{json}");
    Ok(())
}

fn attester(config: Config, socket: Option<&Path>, peer: u32) -> Result<(), Failure> {
    let log = Log::start(config.log_level);
    if !process::lock_memory() {
        log.event(Level::Warn, "memory.unlocked", &[]);
    }
    let runtime = runtime()?;
    let result = runtime.block_on(async {
        let failed = |error: std::io::Error| Failure::with(Code::GATEWAY_INTERNAL, error.to_string());
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let attester = Attester::start(config.tpm, config.extend_instance, (socket, peer), log.clone()).await?;
        attester
            .run(async {
                any(&mut terminate, &mut interrupt).await;
            })
            .await;
        Ok(())
    });
    runtime.shutdown_background();
    log.flush();
    result
}

fn serve(config: Config) -> Result<(), Failure> {
    files::raise();
    let log = Log::start(config.log_level);
    if !process::lock_memory() {
        log.event(Level::Warn, "memory.unlocked", &[]);
    }
    let runtime = runtime()?;
    let result = runtime.block_on(async {
        let failed = |error: std::io::Error| Failure::with(Code::GATEWAY_INTERNAL, error.to_string());
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        // Before the start, so that none of them kills the process from here on.
        let mut hangup = signal(SignalKind::hangup()).map_err(failed)?;
        let server = Server::start(config, log.clone()).await?;
        let reload = server.reload();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let signals = async {
            let _ = stop.send(any(&mut terminate, &mut interrupt).await);
            any(&mut terminate, &mut interrupt).await;
        };
        let reloads = async {
            while hangup.recv().await.is_some() {
                reload.notify_one();
            }
        };
        tokio::select! {
            () = server.run(async { stopped.await.unwrap_or(Stop::AtOnce) }) => {}
            () = signals => {}
            () = reloads => {}
        }
        Ok(())
    });
    if let Err(failure) = &result {
        log.failure(Level::Error, "start.failed", failure);
    }
    // A thread that hangs in the TPM must not keep the process.
    runtime.shutdown_background();
    log.flush();
    result
}

async fn any(terminate: &mut Signal, interrupt: &mut Signal) -> Stop {
    tokio::select! {
        _ = terminate.recv() => Stop::Announced,
        _ = interrupt.recv() => Stop::AtOnce,
    }
}
