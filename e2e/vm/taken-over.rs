//! What stands in for a gateway of the image that was taken over: it has the gateway's user, files and system calls, and tries what
//! the gateway must not reach. It prints one line for each attempt: `taken over: WHAT: OUTCOME`. The other roles of the program go on
//! as they are, by the genuine program beside it; where the image has the file `usr/lib/attester-ends`, the attester ends instead.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddrV4, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
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
    // Another protocol, which Landlock leaves to the network: there is none.
    say("UDP to 10.0.2.3:53", unasked("10.0.2.3:53".parse().expect("an address")));
    // The listening socket, which is of the machine's own network.
    for address in ["10.0.2.2:8443", "10.0.2.3:53"] {
        say(&format!("turned to {address}"), turned(3, address.parse().expect("an address")));
    }
    for place in [0, 1] {
        say(&format!("place {place}"), asked(place));
    }
    println!("taken over: now a forbidden system call");
    // Nobody of the image may listen: seccomp ends this process.
    say("listening", UnixListener::bind("/run/gateway/own"));
}

fn say<T: std::fmt::Debug>(what: &str, outcome: io::Result<T>) {
    match outcome {
        Ok(reached) => println!("taken over: {what}: reached {reached:?}"),
        Err(error) => println!("taken over: {what}: {error}"),
    }
}

unsafe extern "C" {
    fn connect(socket: i32, address: *const u8, length: u32) -> i32;
    fn socket(family: i32, kind: i32, protocol: i32) -> i32;
}

const AF_INET: u8 = 2;
const SOCK_DGRAM: i32 = 2;

/// Connects a socket for datagrams, which needs a route.
fn unasked(to: SocketAddrV4) -> io::Result<()> {
    // SAFETY: three numbers.
    connected(unsafe { socket(AF_INET.into(), SOCK_DGRAM, 0) }, &bytes(to))
}

/// A sockaddr_in.
fn bytes(to: SocketAddrV4) -> [u8; 16] {
    let mut address = [0; 16];
    address[0] = AF_INET;
    address[2..4].copy_from_slice(&to.port().to_be_bytes());
    address[4..8].copy_from_slice(&to.ip().octets());
    address
}

/// Takes a socket from what it did, and connects it to another address.
fn turned(socket: i32, to: SocketAddrV4) -> io::Result<()> {
    // AF_UNSPEC
    connected(socket, &[0; 16])?;
    connected(socket, &bytes(to))
}

fn connected(socket: i32, address: &[u8; 16]) -> io::Result<()> {
    // SAFETY: the address has the length of a sockaddr_in.
    match unsafe { connect(socket, address.as_ptr(), 16) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// What the connector answers.
fn asked(place: u8) -> io::Result<u8> {
    let mut connector = UnixStream::connect("/run/gateway/connector")?;
    connector.write_all(&[place])?;
    let mut answer = [0xff];
    connector.read_exact(&mut answer)?;
    Ok(answer[0])
}

fn names(folder: &str) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
