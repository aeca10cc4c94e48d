//! The gateway as a program: arguments, signals, exit codes.

mod arguments;

use std::alloc::System;
use std::path::Path;
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
use blindllama_gateway::tpm::attester_server::Server as Attester;
use blindllama_gateway::tpm::measure::{MeasuredPcr, measure};
use blindllama_gateway::tpm::worker::Tpm;
use blindllama_verifier::Code;
use blindllama_verifier::evidence::instance::config_event;
use blindllama_zeroing::Zeroing;
use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::arguments::{Arguments, Command};

/// Prompts, answers and credentials are gone from memory once they are freed, whichever library held them.
#[global_allocator]
static ALLOCATOR: Zeroing<System> = Zeroing(System);

fn main() -> ExitCode {
    let arguments = match Arguments::read() {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("{error}; see --help");
            return ExitCode::from(2);
        }
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(Arguments { command, config }: &Arguments) -> Result<(), Failure> {
    // Before the configuration is read: it may hold a key of the upstream.
    process::forbid_dumps()?;
    let load = || config::load(config.as_deref(), environment());
    match command {
        Command::Help => print!("{}", arguments::HELP),
        Command::Version => println!("blindllama-gateway {}", env!("CARGO_PKG_VERSION")),
        Command::ConfigDigest => println!("{}", hex(&load()?.digest())),
        Command::ExtendConfig => extend_config(&load()?)?,
        Command::Ak => ak(load()?)?,
        Command::Egress => print!("{}", config::egress(config.as_deref())?),
        Command::Attester { socket, peer } => attester(load()?, socket.as_deref(), *peer)?,
        Command::Enrol { cloud, out } => print!("{}", write_files(&load()?, *cloud, out)?),
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

/// The log of a process that keeps secrets: its first line says where its memory could not be locked.
fn start_log(config: &Config) -> Log {
    let log = Log::start(config.log_level);
    if !process::lock_memory() {
        log.event(Level::Warn, "memory.unlocked", &[]);
    }
    log
}

fn attester(config: Config, socket: Option<&Path>, peer: u32) -> Result<(), Failure> {
    let log = start_log(&config);
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
    let log = start_log(&config);
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
