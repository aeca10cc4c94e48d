//! The public crates `ohttp` and `bhttp` behind stdin and stdout: a peer that shares no line with the SDK or the gateway, so
//! that what both sides understand is the standard and not a common mistake.
//!
//! One JSON object a line in, one a line out: [`Command`] gives the operations. Byte strings are hex. What the crates refuse
//! comes back as `{"error": "…"}`.

mod client;
mod message;
mod pipe;
mod server;

use std::{
    error::Error,
    io::{BufRead, Write, stdin, stdout},
};

use serde::Deserialize;
use serde_json::{Value, json};

/// A byte string on the wire of this program: hex.
#[derive(Deserialize)]
#[serde(transparent)]
struct Hex(#[serde(with = "hex::serde")] Vec<u8>);

type Answer = Result<Value, Box<dyn Error>>;

/// What the peer can be asked to do.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
enum Command {
    /// As client: encapsulate, each of `chunks` in a chunk of its own, then an empty final chunk.
    ClientSeal { config: Hex, chunks: Vec<Hex> },
    /// As client: open the response to `session`; its bytes arrive in pieces of the lengths in `splits`, over and over.
    ClientOpen { session: usize, body: Hex, splits: Vec<usize> },
    /// As server: make a key, of MLKEM768-X25519 where it is `hybrid`, else of X25519.
    ServerKey { key_id: u8, hybrid: bool },
    /// As server: open a request to `key`.
    ServerOpen { key: usize, body: Hex, splits: Vec<usize> },
    /// As server: encapsulate one chunk of the response to `session`.
    ServerSeal { session: usize, chunk: Hex },
    /// As server: the final chunk.
    ServerFinish { session: usize },
    /// Binary HTTP to its parts.
    MessageDecode { message: Hex },
    /// Parts of a response to Binary HTTP.
    MessageEncode { response: message::Response },
}

#[derive(Default)]
struct Peer {
    client: client::Client,
    server: server::Server,
}

impl Peer {
    fn run(&mut self, command: Command) -> Answer {
        match command {
            Command::ClientSeal { config, chunks } => self.client.seal(&config.0, &chunks),
            Command::ClientOpen { session, body, splits } => self.client.open(session, body.0, splits),
            Command::ServerKey { key_id, hybrid } => self.server.key(key_id, hybrid),
            Command::ServerOpen { key, body, splits } => self.server.open(key, body.0, splits),
            Command::ServerSeal { session, chunk } => self.server.seal(session, &chunk.0),
            Command::ServerFinish { session } => self.server.finish(session),
            Command::MessageDecode { message } => message::decode(&message.0),
            Command::MessageEncode { response } => message::encode(response),
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    ohttp::init();
    let mut peer = Peer::default();
    let mut output = stdout().lock();
    for line in stdin().lock().lines() {
        let answer = serde_json::from_str(&line?).map_err(Into::into).and_then(|command| peer.run(command));
        let answer = answer.unwrap_or_else(|error| json!({ "error": error.to_string() }));
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
    Ok(())
}
