//! What a message begins with: the control data of a request or of a response (RFC 9292 §3.4, §3.5).

use blindllama_verifier::Code;
use http::{HeaderMap, StatusCode};

use super::input::Input;
use super::malformed;
use crate::bhttp::{RequestHead, ResponseHead};
use crate::failure::Failure;

/// A kind of message.
pub trait Head: Sized {
    /// Framing indicator of the form of known length (RFC 9292 §3.3).
    const KNOWN_LENGTH: u64;
    /// Framing indicator of the form of indeterminate length.
    const INDETERMINATE_LENGTH: u64;
    /// The control data so far.
    type Control: Default;

    /// Reads one part of the control data. Returns whether it was the last, or None until more bytes are there.
    ///
    /// # Errors
    /// `channel.message`, `request.too_large`.
    fn control(input: &mut Input, control: &mut Self::Control) -> Result<Option<bool>, Failure>;

    /// Control data and header section, complete; None for those of an informational response, behind which another head stands.
    ///
    /// # Errors
    /// `channel.message`.
    fn of(control: Self::Control, fields: HeaderMap) -> Result<Option<Self>, Failure>;
}

impl Head for RequestHead {
    const KNOWN_LENGTH: u64 = 0;
    const INDETERMINATE_LENGTH: u64 = 2;
    type Control = Vec<String>;

    fn control(input: &mut Input, control: &mut Vec<String>) -> Result<Option<bool>, Failure> {
        let Some(text) = input.vector()? else { return Ok(None) };
        control.push(String::from_utf8(text.into()).map_err(|_| malformed())?);
        Ok(Some(control.len() == 4))
    }

    fn of(control: Vec<String>, fields: HeaderMap) -> Result<Option<Self>, Failure> {
        let [method, scheme, authority, path] = <[String; 4]>::try_from(control).map_err(|_| malformed())?;
        Ok(Some(Self { method, scheme, authority, path, fields }))
    }
}

impl Head for ResponseHead {
    const KNOWN_LENGTH: u64 = 1;
    const INDETERMINATE_LENGTH: u64 = 3;
    type Control = Option<StatusCode>;

    fn control(input: &mut Input, control: &mut Option<StatusCode>) -> Result<Option<bool>, Failure> {
        let Some(status) = input.number()? else { return Ok(None) };
        let status = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok());
        *control = Some(status.filter(|status| status.as_u16() < 600).ok_or_else(malformed)?);
        Ok(Some(true))
    }

    fn of(control: Option<StatusCode>, fields: HeaderMap) -> Result<Option<Self>, Failure> {
        let status = control.ok_or(Failure::new(Code::CHANNEL_MESSAGE))?;
        Ok(Some(Self { status, fields }).filter(|head| !head.status.is_informational()))
    }
}
