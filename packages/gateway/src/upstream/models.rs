//! The models that a gateway lets its clients see and use (PROTOCOL.md §11.4).

use std::sync::Arc;

use blindllama_verifier::Code;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde_json::{Value, json};

use super::json_scan::{JsonScan, Place};
use super::routes::{ModelPlace, decoded_id};
use crate::failure::Failure;

/// Longest spelling of a name in JSON, in bytes: one of 255 bytes, each escaped, and its quotes.
const LONGEST: usize = 255 * 6 + 2;

/// Media types under which no server reads anything but JSON, without blanks. As a form, an object may be the field `model` of another model.
const JSON: [&str; 5] = [
    "application/json",
    "application/json;charset=utf-8",
    "text/plain",
    // Of `fetch` with a text.
    "text/plain;charset=utf-8",
    "application/json;charset=\"utf-8\"",
];

/// Names of models, compared byte by byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Models(Arc<[String]>);

impl Models {
    /// The models with these names.
    #[must_use]
    pub fn new(names: Vec<String>) -> Self {
        Self(names.into())
    }

    /// The names, as they were given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    fn has(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }

    /// Checks a request before its content: the id in a path is that of a model; a model in JSON is checked by what is returned.
    ///
    /// # Errors
    /// `request.model` for an id that is not on the list, and for content that `fields` do not tell to be JSON.
    pub fn check(&self, place: ModelPlace, path: &str, fields: &HeaderMap) -> Result<Option<ModelCheck>, Failure> {
        match place {
            ModelPlace::Json if !is_json(fields) => Err(unknown("The content is no JSON by its content-type.")),
            ModelPlace::Json => Ok(Some(ModelCheck::new(self.clone()))),
            ModelPlace::Path if !decoded_id(path).is_some_and(|id| self.has(&id)) => {
                Err(unknown("The path names another one."))
            }
            // The configuration has no such route.
            ModelPlace::Hidden => Err(unknown("Here it cannot be seen.")),
            ModelPlace::Path | ModelPlace::List | ModelPlace::None => Ok(None),
        }
    }

    /// The list of models that a client gets for the server's `answer`: those that are on this list too.
    #[must_use]
    pub fn filtered(&self, answer: &[u8]) -> Option<Vec<u8>> {
        let mut answer: Value = serde_json::from_slice(answer).ok()?;
        let mut data = std::mem::take(answer.get_mut("data")?.as_array_mut()?);
        data.retain(|model| model.get("id").and_then(Value::as_str).is_some_and(|id| self.has(id)));
        serde_json::to_vec(&json!({ "object": "list", "data": data })).ok()
    }
}

/// Checks the member `model` of a JSON object that streams by.
#[derive(Clone, Debug)]
pub struct ModelCheck {
    models: Models,
    scan: JsonScan,
    /// The value that is read, while one is.
    value: Option<Vec<u8>>,
    is_named: bool,
}

impl ModelCheck {
    fn new(models: Models) -> Self {
        Self { models, scan: JsonScan::new("model"), value: None, is_named: false }
    }

    /// Reads the next `bytes` of the object.
    ///
    /// # Errors
    /// `request.model` where they are no object of JSON, or name another model.
    pub fn pass(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        for byte in bytes {
            let place = self.scan.step(*byte).map_err(|_| unknown("The content is no JSON object."))?;
            if self.scan.has_other_case() {
                // Beside `model`, servers that do not tell the cases apart take the last of both.
                return Err(unknown("The content names one by a member that is `model` in other letters."));
            }
            match (place, &mut self.value) {
                (Place::Colon, _) => self.value = Some(Vec::new()),
                (Place::Value, Some(value)) if value.len() < LONGEST => value.push(*byte),
                (Place::Value, Some(_)) => return Err(unknown("The content names one with a longer name.")),
                // Blanks before the colon.
                (Place::Value, None) => {}
                (Place::Elsewhere | Place::End, Some(value)) => {
                    // Of several, a server may take the first or the last.
                    let name: Option<String> = serde_json::from_slice(value).ok();
                    if !name.is_some_and(|name| self.models.has(&name)) {
                        return Err(unknown("The content names another one."));
                    }
                    (self.value, self.is_named) = (None, true);
                }
                (Place::Elsewhere | Place::End, None) => {}
            }
        }
        Ok(())
    }

    /// Checks that the object has ended and named a model.
    ///
    /// # Errors
    /// As [`Self::pass`].
    pub fn finish(&self) -> Result<(), Failure> {
        match (self.scan.is_whole(), self.is_named) {
            (true, true) => Ok(()),
            (true, false) => Err(unknown("The content names none.")),
            (false, _) => Err(unknown("The content is no JSON object.")),
        }
    }
}

/// Whether a server takes the content for JSON in UTF-8, as the check does. One that is told nothing does so too.
fn is_json(fields: &HeaderMap) -> bool {
    let mut types = fields.get_all(CONTENT_TYPE).iter();
    let is_one = match (types.next(), types.next()) {
        (None, _) => true,
        (Some(value), None) => value.to_str().is_ok_and(|text| {
            let plain: String = text.split([' ', '\t']).collect::<String>().to_ascii_lowercase();
            JSON.contains(&plain.as_str())
        }),
        _ => false,
    };
    is_one && !fields.contains_key(CONTENT_ENCODING)
}

fn unknown(told: &'static str) -> Failure {
    Failure::new(Code::REQUEST_MODEL).telling(told)
}

#[cfg(test)]
mod tests;
