//! Clients that keep their connection and ask one question after the other.

use bytes::Bytes;
use futures::future::join_all;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;

use crate::support::http::connect;
use crate::target::{PreparedRequest, Target};

/// Clients at once.
pub const CLIENTS: usize = 8;

/// `count` questions for each of [`CLIENTS`]. They are sealed before the run: a client that seals while it asks takes longer than the
/// gateway, which would then pay for falling asleep and for waking others with each request, and the plain proxy would not.
pub fn questions(target: &Target, count: usize) -> Vec<Vec<PreparedRequest>> {
    (0..CLIENTS).map(|_| (0..count).map(|_| target.ask()).collect()).collect()
}

/// Lets each client ask its `questions`; every answer must have the `bytes` of content that the model server gave.
pub async fn run(target: &Target, questions: Vec<Vec<PreparedRequest>>, bytes: usize) {
    join_all(questions.into_iter().enumerate().map(|(client, questions)| async move {
        let mut sender = connect(target.address()).await;
        for (index, question) in questions.into_iter().enumerate() {
            // One answer of a run is opened; the others are only counted, since the clients share the machine with what is measured.
            let got = ask(&mut sender, question, client + index == 0).await;
            assert!(got >= bytes, "{got} of {bytes} bytes");
        }
    }))
    .await;
}

async fn ask(sender: &mut SendRequest<Full<Bytes>>, prepared: PreparedRequest, open: bool) -> usize {
    sender.ready().await.unwrap();
    let response = sender.send_request(prepared.request).await.unwrap();
    assert_eq!(response.status(), 200);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let Some(sealed) = prepared.sealed.filter(|_| open) else { return body.len() };
    let mut opener = sealed.opener();
    let mut message = opener.push(&body).concat();
    message.extend(opener.finish().expect("a final chunk"));
    let message = bhttp::Message::read_bhttp(&mut std::io::Cursor::new(message)).unwrap();
    assert_eq!(message.control().status().unwrap().code(), 200);
    message.content().len()
}
