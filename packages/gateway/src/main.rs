//! The gateway as a program: arguments, signals, exit codes.

use std::alloc::System;
use std::path::PathBuf;
use std::process::ExitCode;

use blindllama_gateway::config::{self, Config};
use blindllama_gateway::enrolment::cloud::write_files;
use blindllama_gateway::failure::Failure;
use blindllama_gateway::files;
use blindllama_gateway::hex::hex;
use blindllama_gateway::log::{Level, Log};
use blindllama_gateway::process;
use blindllama_gateway::scrub::overwrite;
use blindllama_gateway::server::{Server, Stop};
use blindllama_gateway::tpm::cloud::Cloud;
use blindllama_gateway::tpm::measure::{MeasuredPcr, measure};
use blindllama_gateway::tpm::worker::Tpm;
use blindllama_verifier::Code;
use blindllama_verifier::evidence::instance::config_event;
use blindllama_zeroing::Zeroing;
use lexopt::Arg;
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
  ak             Print the attestation key as JSON: name, public, qualifiedName
  enrol          Write the certificate of the attestation key that a cloud left in the TPM, and on Azure the report of a
                 confidential machine, into the folder OUT; print the lines of the configuration that name them. On
                 Google's cloud the key is made of its template and kept under tpm.handle. No request is made:
                 `blindllama enrol chain` fetches the other certificates, where there is a network

Options:
  --azure, --gcp Whose virtual TPM it is, for enrol
  --out OUT      Folder of the files of enrol
  --config FILE  Settings in TOML; gateway.example.toml documents each. The environment (BLINDLLAMA_…) wins.
  --help         Print this text
  --version      Print the version

Exit codes: 0 done or stopped, 1 failed (standard error says why, with a code), 2 wrong arguments
";

const COMMANDS: [&str; 6] = ["serve", "config-digest", "check", "extend-config", "ak", "enrol"];

enum Command {
    Serve,
    ConfigDigest,
    ExtendConfig,
    Ak,
    Enrol(Cloud, PathBuf),
    Help,
    Version,
}

fn main() -> ExitCode {
    let (command, path) = match arguments() {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("{error}; see --help");
            return ExitCode::from(2);
        }
    };
    match run(&command, path) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<(Command, Option<PathBuf>), lexopt::Error> {
    let mut command = None;
    let mut path = None;
    let (mut cloud, mut out) = (None, None);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("help") | Arg::Short('h') => return Ok((Command::Help, None)),
            Arg::Long("version") | Arg::Short('V') => return Ok((Command::Version, None)),
            Arg::Long("config") => path = Some(parser.value()?.into()),
            Arg::Long("azure") if cloud.is_none() => cloud = Some(Cloud::Azure),
            Arg::Long("gcp") if cloud.is_none() => cloud = Some(Cloud::Gcp),
            Arg::Long("out") => out = Some(parser.value()?.into()),
            Arg::Value(ref name) if command.is_none() => {
                command = match name.to_str() {
                    Some(name) if COMMANDS.contains(&name) => Some(name.to_owned()),
                    _ => return Err(argument.unexpected()),
                };
            }
            _ => return Err(argument.unexpected()),
        }
    }
    let command = match (command.as_deref().unwrap_or("serve"), cloud, out) {
        ("enrol", Some(cloud), Some(out)) => Command::Enrol(cloud, out),
        ("enrol", ..) => return Err("enrol needs --azure or --gcp, and --out".into()),
        (_, Some(_), _) | (_, _, Some(_)) => return Err("--azure, --gcp and --out are options of enrol".into()),
        ("config-digest" | "check", ..) => Command::ConfigDigest,
        ("extend-config", ..) => Command::ExtendConfig,
        ("ak", ..) => Command::Ak,
        _ => Command::Serve,
    };
    Ok((command, path))
}

fn run(command: &Command, path: Option<PathBuf>) -> Result<(), Failure> {
    // Before the configuration is read: it may hold a key of the upstream.
    process::forbid_dumps()?;
    let load = || config::load(path.as_deref(), environment());
    match command {
        Command::Help => print!("{HELP}"),
        Command::Version => println!("blindllama-gateway {}", env!("CARGO_PKG_VERSION")),
        Command::ConfigDigest => println!("{}", hex(&load()?.digest())),
        Command::ExtendConfig => extend_config(&load()?)?,
        Command::Ak => ak(load()?)?,
        Command::Enrol(cloud, out) => print!("{}", write_files(&load()?, *cloud, out)?),
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
