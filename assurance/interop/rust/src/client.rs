//! The client's role.

use futures::{AsyncRead, AsyncReadExt, AsyncWriteExt, executor::block_on};
use ohttp::ClientRequest;
use serde_json::json;

use crate::{
    Answer, Hex,
    pipe::{Sink, Splits},
};

/// Opens a response; the crate does not let its own types be named.
type Opener = Box<dyn Fn(Splits) -> Result<Box<dyn AsyncRead + Unpin>, ohttp::Error>>;

/// The requests that were sealed, each to be answered.
#[derive(Default)]
pub(crate) struct Client {
    sessions: Vec<Opener>,
}

impl Client {
    pub(crate) fn seal(&mut self, config: &[u8], chunks: &[Hex]) -> Answer {
        let sink = Sink::default();
        let mut request = ClientRequest::from_encoded_config(config)?.encapsulate_stream(sink.clone())?;
        block_on(async {
            for chunk in chunks {
                request.write_all(&chunk.0).await?;
                request.flush().await?;
            }
            request.close().await
        })?;
        self.sessions.push(Box::new(move |source| Ok(Box::new(request.response(source)?))));
        Ok(json!({ "session": self.sessions.len().saturating_sub(1), "body": hex::encode(sink.take()) }))
    }

    pub(crate) fn open(&mut self, session: usize, body: Vec<u8>, splits: Vec<usize>) -> Answer {
        let open = self.sessions.get(session).ok_or("no such session")?;
        let mut plaintext = Vec::new();
        block_on(open(Splits::new(body, splits))?.read_to_end(&mut plaintext))?;
        Ok(json!({ "plaintext": hex::encode(plaintext) }))
    }
}
