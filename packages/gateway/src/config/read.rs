//! From file and environment to the checked value.

use std::path::Path;

use blindllama_verifier::Code;
use serde::Deserialize;
use toml::{Table, Value};

use super::file::File;
use super::service_variables::is_of_a_service;
use super::{Config, Egress};
use crate::failure::Failure;

const PREFIX: &str = "BLINDLLAMA";
const PREFIX_OF_SETTINGS: &str = "BLINDLLAMA_";

/// Reads the file, where there is one, lets `environment` override it, and checks the result.
///
/// # Errors
/// `config.read`, also where there is neither a file nor a variable; `config.syntax` with the line or the variable; `config.invalid` with
/// the member.
pub fn load(path: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> Result<Config, Failure> {
    let settings: Vec<_> = environment.filter(|(name, _)| is_setting(name)).collect();
    if path.is_none() && settings.iter().all(|(name, value)| is_of_a_service(name, value)) {
        let detail = "no configuration was given: there is neither --config FILE nor a setting in a variable BLINDLLAMA_…. Start with --config \
                      FILE; gateway.example.toml documents each setting, and at least audiences, attestation.pcrs and upstream.url are needed";
        return Err(Failure::with(Code::CONFIG_READ, detail));
    }
    parse(&text(path)?, settings.into_iter())
}

/// What the file lets an image connect to, before the image decides what else it sets.
///
/// # Errors
/// As [`load`]. In the profile `closed`, whose list is empty, the image decides the upstream: another one is `config.invalid`.
pub fn egress(path: Option<&Path>) -> Result<Egress, Failure> {
    egress_of(&text(path)?)
}

pub(super) fn egress_of(text: &str) -> Result<Egress, Failure> {
    let file = toml::from_str::<File>(text).map_err(|error| at_line(text, &error))?;
    let egress = Egress::of(&file.machine)?;
    if egress.addresses.is_empty() && !file.upstream.url.is_empty() {
        let detail = "upstream.url: without machine.egress the upstream is the model server of the image; leave it out";
        return Err(Failure::with(Code::CONFIG_INVALID, detail));
    }
    Ok(egress)
}

fn is_setting(name: &str) -> bool {
    name.starts_with(PREFIX_OF_SETTINGS)
}

fn text(path: Option<&Path>) -> Result<String, Failure> {
    let Some(path) = path else { return Ok(String::new()) };
    let failed = |error| Failure::with(Code::CONFIG_READ, format!("{}: {error}", path.display()));
    std::fs::read_to_string(path).map_err(failed)
}

pub(super) fn parse(text: &str, environment: impl Iterator<Item = (String, String)>) -> Result<Config, Failure> {
    // Read once for its own sake, so that an error names a line of the file.
    toml::from_str::<File>(text).map_err(|error| at_line(text, &error))?;
    let mut table = toml::from_str::<Table>(text).map_err(|error| at_line(text, &error))?;
    let shape = shape()?;
    for (name, value) in environment.filter(|(name, _)| is_setting(name)) {
        override_member(&mut table, &shape, &name, &value)?;
    }
    let file = File::deserialize(table)
        .map_err(|error| Failure::with(Code::CONFIG_SYNTAX, without_value(error.message()).to_owned()))?;
    file.check()
}

fn at_line(text: &str, error: &toml::de::Error) -> Failure {
    let line = error.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count());
    // Only the message: the error's own text quotes the line, which may hold a secret.
    let message = without_value(error.message());
    let detail = match line {
        Some(line) => format!("line {}: {message}", line.saturating_add(1)),
        None => message.to_owned(),
    };
    Failure::with(Code::CONFIG_SYNTAX, detail)
}

/// A message of serde without the value, which may be a secret in the wrong place: what was expected is enough beside the line.
fn without_value(message: &str) -> &str {
    let is_about_a_value = message.starts_with("invalid type") || message.starts_with("invalid value");
    let at = message.rfind("expected ").filter(|_| is_about_a_value);
    at.and_then(|at| message.get(at..)).unwrap_or(message)
}

/// Every member with a value of its type.
fn shape() -> Result<Table, Failure> {
    let mut file = File::default();
    file.attestation.pcrs = vec![0];
    file.upstream.weights = vec![0];
    file.attestation.more_chains = vec![Vec::new()];
    Table::try_from(file).map_err(|error| Failure::with(Code::GATEWAY_INTERNAL, error.to_string()))
}

/// Sets the member that the variable `name` stands for.
fn override_member(table: &mut Table, shape: &Table, name: &str, text: &str) -> Result<(), Failure> {
    let variable = |section: Option<&str>, member: &str| {
        [Some(PREFIX), section, Some(member)].into_iter().flatten().collect::<Vec<_>>().join("_").to_ascii_uppercase()
    };
    for (member, value) in shape {
        if let Value::Table(section) = value {
            for (inner, value) in section {
                if variable(Some(member), inner) == name {
                    let value = value_like(value, name, text)?;
                    let section = table.entry(member).or_insert_with(|| Table::new().into());
                    section.as_table_mut().map(|section| section.insert(inner.clone(), value));
                    return Ok(());
                }
            }
        } else if variable(None, member) == name {
            table.insert(member.clone(), value_like(value, name, text)?);
            return Ok(());
        }
    }
    if is_of_a_service(name, text) {
        return Ok(());
    }
    Err(Failure::with(Code::CONFIG_SYNTAX, format!("{name}: no such setting; gateway.example.toml lists all")))
}

/// Reads `text` as a value of the type of `model`.
fn value_like(model: &Value, name: &str, text: &str) -> Result<Value, Failure> {
    match model {
        Value::Integer(_) => text
            .trim()
            .parse()
            .map(Value::Integer)
            .map_err(|_| Failure::with(Code::CONFIG_SYNTAX, format!("{name}: not an integer"))),
        Value::Boolean(_) => text
            .trim()
            .parse()
            .map(Value::Boolean)
            .map_err(|_| Failure::with(Code::CONFIG_SYNTAX, format!("{name}: neither true nor false"))),
        Value::Array(models) => {
            let text_model = Value::String(String::new());
            let model = models.first().unwrap_or(&text_model);
            // Lists in a list are told apart by another separator.
            let separator = if model.is_array() { ';' } else { ',' };
            let items = text.split(separator).map(str::trim).filter(|item| !item.is_empty());
            items.map(|item| value_like(model, name, item)).collect::<Result<_, _>>().map(Value::Array)
        }
        _ => Ok(Value::String(text.to_owned())),
    }
}
