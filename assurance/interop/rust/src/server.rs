//! The server's role.

use std::collections::HashMap;

use futures::{AsyncReadExt, AsyncWrite, AsyncWriteExt, executor::block_on};
use ohttp::{
    KeyConfig, Server as Gateway, SymmetricSuite,
    hpke::{Aead, Kdf, Kem},
};
use serde_json::json;

use crate::{
    Answer,
    pipe::{Sink, Splits},
};

/// The keys that were made and the requests that were opened, each being answered.
#[derive(Default)]
pub(crate) struct Server {
    keys: Vec<Gateway>,
    sessions: HashMap<usize, (Box<dyn AsyncWrite + Unpin>, Sink)>,
    opened: usize,
}

impl Server {
    pub(crate) fn key(&mut self, key_id: u8, hybrid: bool) -> Answer {
        let kem = if hybrid { Kem::XWing } else { Kem::X25519Sha256 };
        let suites = vec![SymmetricSuite::new(Kdf::HkdfSha256, Aead::Aes128Gcm)];
        let gateway = Gateway::new(KeyConfig::new(key_id, kem, suites)?)?;
        let config = hex::encode(gateway.config().encode()?);
        self.keys.push(gateway);
        Ok(json!({ "key": self.keys.len().saturating_sub(1), "config": config }))
    }

    pub(crate) fn open(&mut self, key: usize, body: Vec<u8>, splits: Vec<usize>) -> Answer {
        let gateway = self.keys.get(key).ok_or("no such key")?;
        let mut request = gateway.clone().decapsulate_stream(Splits::new(body, splits));
        let mut plaintext = Vec::new();
        block_on(request.read_to_end(&mut plaintext))?;
        let sink = Sink::default();
        self.sessions.insert(self.opened, (Box::new(request.response(sink.clone())?), sink));
        self.opened = self.opened.saturating_add(1);
        Ok(json!({ "session": self.opened.saturating_sub(1), "plaintext": hex::encode(plaintext) }))
    }

    pub(crate) fn seal(&mut self, session: usize, chunk: &[u8]) -> Answer {
        let (response, sink) = self.sessions.get_mut(&session).ok_or("no such session")?;
        block_on(async {
            response.write_all(chunk).await?;
            response.flush().await
        })?;
        Ok(json!({ "bytes": hex::encode(sink.take()) }))
    }

    pub(crate) fn finish(&mut self, session: usize) -> Answer {
        let (mut response, sink) = self.sessions.remove(&session).ok_or("no such session")?;
        block_on(response.close())?;
        Ok(json!({ "bytes": hex::encode(sink.take()) }))
    }
}
