//! UEFI variables as measured: UEFI_VARIABLE_DATA (PFP §10.2.6).

use alloc::string::String;

use super::{
    event_type::{
        EV_EFI_VARIABLE_AUTHORITY, EV_EFI_VARIABLE_BOOT, EV_EFI_VARIABLE_BOOT2, EV_EFI_VARIABLE_DRIVER_CONFIG,
    },
    firmware, signature_list,
    text::{hex, join, text, text_or_bytes},
};
use crate::{Code, little_endian::Reader};

/// EFI_GLOBAL_VARIABLE (UEFI 2.10 §3.3).
const GLOBAL: &[u8] = b"\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c";
/// EFI_IMAGE_SECURITY_DATABASE_GUID (UEFI 2.10 §32.4.1).
const SECURITY_DATABASE: &[u8] = b"\xcb\xb2\x19\xd7\x3a\x3d\x96\x45\xa3\xbc\xda\xd0\x0e\x67\x65\x6f";

pub(super) const SECURE_BOOT: &str = "secure-boot";
const BOOT_ORDER: &str = "boot-order";
const BOOT_OPTION: &str = "boot-option";
const VARIABLE: &str = "variable";

/// Vendor and name of the variables that mean something here, and the word for it.
const KNOWN: [(&[u8], &str, &str); 6] = [
    (GLOBAL, "SecureBoot", SECURE_BOOT),
    (GLOBAL, "PK", "pk"),
    (GLOBAL, "KEK", "kek"),
    (SECURITY_DATABASE, "db", "db"),
    (SECURITY_DATABASE, "dbx", "dbx"),
    (GLOBAL, "BootOrder", BOOT_ORDER),
];

/// A variable, and the bytes of the structure that it was read from.
pub(super) struct Variable<'a> {
    pub(super) subject: &'static str,
    /// EFI_GUID
    pub(super) vendor: &'a [u8],
    /// UTF-16
    name: &'a [u8],
    pub(super) content: &'a [u8],
    pub(super) structure: &'a [u8],
}

/// Whether events of the type carry a variable.
pub(super) fn is_variable(kind: u32) -> bool {
    matches!(
        kind,
        EV_EFI_VARIABLE_DRIVER_CONFIG | EV_EFI_VARIABLE_BOOT | EV_EFI_VARIABLE_BOOT2 | EV_EFI_VARIABLE_AUTHORITY
    )
}

impl<'a> Variable<'a> {
    /// None where a length reaches beyond the data. Bytes may follow the structure.
    #[inline(never)]
    pub(super) fn read(data: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(data);
        let vendor = reader.guid();
        let (name_units, content_length) = (reader.size(8), reader.size(8));
        let name = reader.bytes(name_units.saturating_mul(2));
        let content = reader.bytes(content_length);
        let structure = data.get(..data.len().checked_sub(reader.rest().len())?)?;
        let known = KNOWN.iter().find(|(of, called, _)| *of == vendor && is_utf16_of(name, called));
        let is_option = name.starts_with(b"B\0o\0o\0t\0") && name.len() == 16;
        let subject = known.map_or(if is_option { BOOT_OPTION } else { VARIABLE }, |(.., subject)| subject);
        reader.read(Self { subject, vendor, name, content, structure })
    }

    /// None where bytes follow the structure.
    pub(super) fn read_whole(data: &'a [u8]) -> Option<Self> {
        Self::read(data).filter(|variable| variable.structure.len() == data.len())
    }

    pub(super) fn is_called(&self, name: &str) -> bool {
        is_utf16_of(self.name, name)
    }

    /// Keys that Secure Boot goes by. In other events the content is the one entry that allowed an image.
    fn is_database(&self, kind: u32) -> bool {
        kind == EV_EFI_VARIABLE_DRIVER_CONFIG && matches!(self.subject, "pk" | "kek" | "db" | "dbx")
    }

    /// The code of what is malformed in it.
    fn fault(&self, kind: u32) -> Option<Code> {
        let is_switch = matches!(self.content, [] | [0 | 1]);
        if self.subject == SECURE_BOOT && !is_switch {
            Some(Code::EVENTLOG_VARIABLE)
        } else if self.is_database(kind) && signature_list::count(self.content).is_none() {
            Some(Code::EVENTLOG_SIGNATURE_LIST)
        } else {
            None
        }
    }

    /// Its name and what it says.
    pub(super) fn describe(&self, kind: u32) -> String {
        let says = match (self.subject, self.content) {
            (SECURE_BOOT, []) => "not set".into(),
            (SECURE_BOOT, [0]) => "off".into(),
            (SECURE_BOOT, [1]) => "on".into(),
            (BOOT_OPTION, content) => boot_option(content),
            (BOOT_ORDER, content) => hex(content),
            (_, content) => match signature_list::count(content) {
                Some(counts) if self.is_database(kind) => counts.describe(),
                _ => text_or_bytes(content),
            },
        };
        join(text_or_bytes(self.name), ": ", &says)
    }
}

/// The code of what is malformed in the data of an event that carries a variable: every byte belongs to it.
pub(super) fn fault(kind: u32, data: &[u8]) -> Option<Code> {
    Variable::read_whole(data).map_or(Some(Code::EVENTLOG_VARIABLE), |variable| variable.fault(kind))
}

fn is_utf16_of(name: &[u8], text: &str) -> bool {
    let (units, odd) = name.as_chunks::<2>();
    odd.is_empty() && units.iter().map(|unit| u16::from_le_bytes(*unit)).eq(text.encode_utf16())
}

/// EFI_LOAD_OPTION (UEFI 2.10 §3.1.3): its name and the file that it starts; what does not read as one as it is.
pub(super) fn boot_option(content: &[u8]) -> String {
    load_option(content).unwrap_or_else(|| text_or_bytes(content))
}

fn load_option(content: &[u8]) -> Option<String> {
    let mut reader = Reader::new(content);
    let (_attributes, path_length) = (reader.u32(), reader.size(2));
    let start = reader.rest();
    let mut length = 0_usize;
    while reader.u16() != 0 {
        length = length.checked_add(2)?;
    }
    let path = reader.bytes(path_length);
    let path = firmware::device_path(reader.read(path)?)?;
    Some(join(text(start.get(..length)?).unwrap_or_default(), " ", &path))
}
