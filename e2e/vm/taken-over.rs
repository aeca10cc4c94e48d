//! What stands in for a gateway of the image that was taken over: it has the gateway's user, files and system calls, and tries what
//! the gateway must not reach. It prints one line for each attempt: `taken over: WHAT: OUTCOME`. The other roles of the program go on
//! as they are, by the genuine program beside it; where the image has the file `usr/lib/attester-ends`, the attester ends instead.

use std::fs::{self, File};
use std::io;
use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const GENUINE: &str = "/usr/bin/genuine-gateway";

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == "attester") && Path::new("/usr/lib/attester-ends").exists() {
        return;
    }
    if words.first().is_none_or(|word| word != "serve") {
        panic!("{}", Command::new(GENUINE).args(words).exec());
    }
    for path in ["/dev/tpmrm0", "/dev/tpm0"] {
        say(path, File::options().read(true).write(true).open(path));
    }
    for path in ["/run/attester/gateway.toml", "/proc/self/status", "/sys/class/tpm", "/init", "/model/model.gguf"] {
        say(path, File::open(path));
    }
    for path in ["/written", "/usr/written", "/run/gateway/written", "/run/model/written"] {
        say(path, fs::write(path, "written"));
    }
    say("all", names("/"));
    say("devices", names("/dev"));
    say("folder", names("/run/gateway"));
    for address in ["10.0.2.2:8443", "10.0.2.15:8787", "127.0.0.1:8787"] {
        let connected = TcpStream::connect_timeout(&address.parse().expect("an address"), Duration::from_secs(5));
        say(address, connected);
    }
    println!("taken over: now a forbidden system call");
    // Nobody of the image may listen: seccomp ends this process.
    say("listening", std::os::unix::net::UnixListener::bind("/run/gateway/own"));
}

fn say<T: std::fmt::Debug>(what: &str, outcome: io::Result<T>) {
    match outcome {
        Ok(reached) => println!("taken over: {what}: reached {reached:?}"),
        Err(error) => println!("taken over: {what}: {error}"),
    }
}

fn names(folder: &str) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
