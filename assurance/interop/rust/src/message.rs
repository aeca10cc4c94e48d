//! Binary HTTP, RFC 9292.

use std::io::Cursor;

use bhttp::{ControlData, FieldSection, Message, Mode, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Answer, Hex};

/// A response to encode.
#[derive(Deserialize)]
pub(crate) struct Response {
    known_length: bool,
    status: u16,
    fields: Vec<(String, String)>,
    content: Hex,
    trailers: Vec<(String, String)>,
}

pub(crate) fn encode(response: Response) -> Answer {
    let mut message = Message::response(StatusCode::try_from(response.status)?);
    for (name, value) in response.fields {
        message.put_header(name, value);
    }
    message.write_content(&response.content.0);
    for (name, value) in response.trailers {
        message.put_trailer(name, value);
    }
    let mode = if response.known_length { Mode::KnownLength } else { Mode::IndeterminateLength };
    let mut encoded = Vec::new();
    message.write_bhttp(mode, &mut encoded)?;
    Ok(json!({ "message": hex::encode(encoded) }))
}

pub(crate) fn decode(message: &[u8]) -> Answer {
    let message = Message::read_bhttp(&mut Cursor::new(message))?;
    Ok(json!({
        "control": control(message.control()),
        "fields": fields(message.header()),
        "content": hex::encode(message.content()),
        "trailers": fields(message.trailer()),
    }))
}

fn control(control: &ControlData) -> Value {
    match control {
        ControlData::Request { method, scheme, authority, path } => {
            json!({ "method": text(method), "scheme": text(scheme), "authority": text(authority), "path": text(path) })
        }
        ControlData::Response(status) => json!({ "status": status.code() }),
    }
}

fn fields(section: &FieldSection) -> Vec<(String, String)> {
    section.iter().map(|field| (text(field.name()), text(field.value()))).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
