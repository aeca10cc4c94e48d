//! UEFI variables as measured: UEFI_VARIABLE_DATA (PFP §10.4.2.6).

use alloc::string::String;

use super::{
    event_type::EV_EFI_VARIABLE_DRIVER_CONFIG,
    firmware,
    reader::Reader,
    signature_list,
    text::{hex, join, text, text_or_size},
};
use crate::Code;

/// EFI_GLOBAL_VARIABLE (UEFI 2.10 §3.3).
const GLOBAL: [u8; 16] = *b"\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c";
/// EFI_IMAGE_SECURITY_DATABASE_GUID (UEFI 2.10 §32.4.1).
const SECURITY_DATABASE: [u8; 16] = *b"\xcb\xb2\x19\xd7\x3a\x3d\x96\x45\xa3\xbc\xda\xd0\x0e\x67\x65\x6f";

/// A variable, and the bytes of the structure that it was read from.
pub(super) struct Variable<'a> {
    vendor: [u8; 16],
    name: String,
    pub(super) content: &'a [u8],
    pub(super) structure: &'a [u8],
}

/// What a variable tells.
pub(super) enum Subject {
    /// Enforced or not.
    SecureBoot(bool),
    Named(&'static str),
}

impl<'a> Variable<'a> {
    /// None where a length reaches beyond the data or the name is no text. Bytes may follow the structure.
    pub(super) fn read(data: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(data);
        let vendor = reader.array()?;
        let (name_units, content_length) = (reader.size64()?, reader.size64()?);
        let name = reader.bytes(name_units.checked_mul(2)?)?;
        let content = reader.bytes(content_length)?;
        let structure = data.get(..data.len().checked_sub(reader.rest().len())?)?;
        Some(Self { vendor, name: text(name)?, content, structure })
    }

    /// The signature databases (UEFI 2.10 §32.4.1, §3.3) and what else is known by name.
    pub(super) fn subject(&self) -> Subject {
        let name = match (self.vendor, self.name.as_str()) {
            (GLOBAL, "SecureBoot") => return Subject::SecureBoot(self.content == [1]),
            (GLOBAL, "PK") => "pk",
            (GLOBAL, "KEK") => "kek",
            (SECURITY_DATABASE, "db") => "db",
            (SECURITY_DATABASE, "dbx") => "dbx",
            (SECURITY_DATABASE, "dbt" | "dbr") => "signature-database",
            (GLOBAL, "BootOrder") => "boot-order",
            (GLOBAL, name) if is_boot_option(name) => "boot-option",
            _ => "variable",
        };
        Subject::Named(name)
    }

    /// What it says, or the code of what is malformed in it.
    pub(super) fn describe(&self, kind: u32) -> Result<String, Code> {
        let says = match self.subject() {
            Subject::SecureBoot(_) => match self.content {
                [] => "not set",
                [0] => "off",
                [1] => "on",
                _ => return Err(Code::EVENTLOG_VARIABLE),
            }
            .into(),
            Subject::Named("boot-order") => {
                let (numbers, []) = self.content.as_chunks::<2>() else { return Err(Code::EVENTLOG_VARIABLE) };
                numbers.iter().fold(String::new(), |list, [low, high]| join(list, ", ", &hex(&[*high, *low])))
            }
            Subject::Named("boot-option") => boot_option(self.content).ok_or(Code::EVENTLOG_VARIABLE)?,
            // Elsewhere the content is the one entry that allowed an image (EV_EFI_VARIABLE_AUTHORITY).
            Subject::Named("pk" | "kek" | "db" | "dbx" | "signature-database")
                if kind == EV_EFI_VARIABLE_DRIVER_CONFIG =>
            {
                signature_list::describe(self.content).ok_or(Code::EVENTLOG_SIGNATURE_LIST)?
            }
            Subject::Named(_) => text_or_size(self.content),
        };
        Ok(join(self.name.clone(), ": ", &says))
    }
}

/// `Boot` and four hexadecimal digits.
fn is_boot_option(name: &str) -> bool {
    name.strip_prefix("Boot").is_some_and(|n| n.len() == 4 && n.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

/// EFI_LOAD_OPTION (UEFI 2.10 §3.1.3): its name and the file that it starts.
pub(super) fn boot_option(content: &[u8]) -> Option<String> {
    let mut reader = Reader::new(content);
    let (_attributes, path_length) = (reader.u32()?, reader.u16()?);
    let (units, _) = reader.rest().as_chunks::<2>();
    let name = reader.bytes(units.iter().position(|unit| *unit == [0; 2])?.checked_mul(2)?)?;
    let (_zero, path) = (reader.u16()?, reader.bytes(path_length.into())?);
    Some(join(text(name).unwrap_or_default(), " ", &firmware::device_path(path)?))
}
