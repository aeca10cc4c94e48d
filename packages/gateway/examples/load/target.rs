//! What is measured: the plain proxy or a gateway, each a process of its own.

use std::process::Stdio;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::model::Model;
use crate::support::client::{Attested, Sealed};
use crate::support::{Gateway, Message, Setup, Swtpm};

/// What a client asks, in the clear or sealed.
const QUESTION: &str = r#"{"messages":[{"role":"user","content":"hello"}]}"#;
const PATH: &str = "/v1/chat/completions";

pub enum Target {
    Plain { process: Child, address: String },
    Ours { gateway: Box<Gateway>, attested: Box<Attested>, _swtpm: Box<Swtpm> },
}

/// A request to a target, and what opens its answer.
pub struct PreparedRequest {
    pub request: Request<Full<Bytes>>,
    pub sealed: Option<Sealed>,
}

impl Target {
    /// The plain proxy; `http2` is how it speaks to the model server.
    pub async fn plain(model: &Model, http2: bool) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["proxy", &model.address, if http2 { "2" } else { "1" }])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = lines.next_line().await.unwrap().expect("the proxy listens");
        Self::Plain { process, address }
    }

    /// The gateway on a TPM of its own; `scheme` is how it speaks to the model server.
    pub async fn ours(model: &Model, scheme: &str, settings: &[(&str, i64)]) -> Self {
        let swtpm = Box::new(Swtpm::start().await);
        let mut setup = Setup::to(&swtpm, &format!("{scheme}://{}", model.address));
        for (path, value) in settings {
            setup = setup.with(path, *value);
        }
        let gateway = Box::new(setup.start().await);
        let attested = Box::new(Attested::with(&gateway, &json!(["x25519-sha256-aes128gcm"])).await);
        Self::Ours { gateway, attested, _swtpm: swtpm }
    }

    pub fn pid(&self) -> u32 {
        match self {
            Self::Plain { process, .. } => process.id().expect("still running"),
            Self::Ours { gateway, .. } => gateway.pid(),
        }
    }

    pub fn address(&self) -> &str {
        match self {
            Self::Plain { address, .. } => address,
            Self::Ours { gateway, .. } => &gateway.address,
        }
    }

    /// The same question to each, sealed where it has to be.
    pub fn ask(&self) -> PreparedRequest {
        match self {
            Self::Plain { address, .. } => {
                let request = Request::post(format!("http://{address}{PATH}"))
                    .header("host", address)
                    .header("content-type", "application/json");
                PreparedRequest { request: request.body(Full::from(QUESTION)).unwrap(), sealed: None }
            }
            Self::Ours { attested, .. } => {
                let message = Message::post(PATH, QUESTION).with("content-type", "application/json");
                let sealed = attested.seal(&[&message.encode()]);
                let request = attested.request(Full::from(sealed.body.clone()));
                PreparedRequest { request, sealed: Some(sealed) }
            }
        }
    }
}
