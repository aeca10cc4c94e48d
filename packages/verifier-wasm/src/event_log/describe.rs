//! What an event is about, and what it says.

use alloc::string::String;

use super::{
    event_type::{
        EV_EFI_BOOT_SERVICES_APPLICATION, EV_EFI_BOOT_SERVICES_DRIVER, EV_EFI_GPT_EVENT, EV_EFI_GPT_EVENT2,
        EV_EFI_HANDOFF_TABLES2, EV_EFI_PLATFORM_FIRMWARE_BLOB, EV_EFI_PLATFORM_FIRMWARE_BLOB2,
        EV_EFI_RUNTIME_SERVICES_DRIVER, EV_EFI_VARIABLE_AUTHORITY, EV_EFI_VARIABLE_BOOT, EV_EFI_VARIABLE_BOOT2,
        EV_EFI_VARIABLE_DRIVER_CONFIG, EV_EVENT_TAG, EV_IPL, EV_NO_ACTION, EV_SEPARATOR,
    },
    firmware,
    measured::Measured,
    parse::Event,
    text::{text, text_or_size},
    variable::{Subject, Variable, boot_option},
};
use crate::Code;

/// For people and for screens.
pub(super) struct Description {
    pub(super) subject: &'static str,
    pub(super) text: String,
    /// What is malformed in it.
    pub(super) malformed: Option<Code>,
}

pub(super) fn describe(event: &Event<'_>, measured: Option<Measured<'_>>) -> Description {
    let (label, data) = match measured {
        Some(Measured::VariableContent(content)) => {
            let text = boot_option(content).unwrap_or_else(|| text_or_size(content));
            return Description { subject: "boot-option", text, malformed: None };
        }
        Some(Measured::Structure(structure)) => (&[][..], structure),
        Some(Measured::Labelled { label, text }) => (label, text),
        None => (event.data, event.data),
    };
    let (subject, said) = match event.kind {
        EV_NO_ACTION => {
            let end = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
            ("remark", data.get(..end).and_then(text))
        }
        EV_SEPARATOR => ("separator", None),
        EV_EFI_VARIABLE_DRIVER_CONFIG | EV_EFI_VARIABLE_BOOT | EV_EFI_VARIABLE_BOOT2 | EV_EFI_VARIABLE_AUTHORITY => {
            return variable(event.kind, data);
        }
        EV_EFI_BOOT_SERVICES_APPLICATION => ("boot-application", firmware::image(data)),
        EV_EFI_BOOT_SERVICES_DRIVER | EV_EFI_RUNTIME_SERVICES_DRIVER => ("driver", firmware::image(data)),
        EV_EFI_GPT_EVENT | EV_EFI_GPT_EVENT2 => ("partition-table", firmware::partition_table(data)),
        EV_EFI_PLATFORM_FIRMWARE_BLOB => ("firmware", firmware::blob(data)),
        EV_EFI_PLATFORM_FIRMWARE_BLOB2 => ("firmware", firmware::named(data)),
        EV_EFI_HANDOFF_TABLES2 => ("tables", firmware::named(data)),
        EV_EVENT_TAG => (loaded(data, "tagged"), firmware::tagged(data)),
        EV_IPL => (by_loader(label, data), None),
        _ => ("other", None),
    };
    Description { subject, text: said.unwrap_or_else(|| text_or_size(data)), malformed: None }
}

fn variable(kind: u32, data: &[u8]) -> Description {
    let read = Variable::read(data).filter(|variable| variable.structure.len() == data.len());
    let Some(variable) = read else {
        return Description { subject: "variable", text: text_or_size(data), malformed: Some(Code::EVENTLOG_VARIABLE) };
    };
    let subject = match variable.subject() {
        Subject::SecureBoot(_) => "secure-boot",
        Subject::Named(_) if kind == EV_EFI_VARIABLE_AUTHORITY => "authority",
        Subject::Named(name) => name,
    };
    match variable.describe(kind) {
        Ok(text) => Description { subject, text, malformed: None },
        Err(code) => Description { subject, text: text_or_size(data), malformed: Some(code) },
    }
}

/// Of EV_IPL, by the loader's label or by the name of what it loaded.
fn by_loader(label: &[u8], data: &[u8]) -> &'static str {
    if contains(label, b"cmdline:") || label.starts_with(b"grub_kernel_cmdline") {
        "command-line"
    } else if label.starts_with(b"grub_cmd") {
        "boot-command"
    } else if data.starts_with(b".\0") {
        loaded(data, "section")
    } else if matches!(data, [_, 0, ..]) {
        "command-line"
    } else {
        loaded(data, "file")
    }
}

/// Kernel, initrd or command line by the names that shim, GRUB, systemd-stub and Linux give them.
fn loaded(data: &[u8], otherwise: &'static str) -> &'static str {
    let named = |names: &[&[u8]]| names.iter().any(|name| contains(data, name));
    if named(&[b"initr", b"Initrd", b".\0i\0n\0i\0t\0r\0d"]) {
        "initrd"
    } else if named(&[b"vmlinu", b"Kernel", b".\0l\0i\0n\0u\0x"]) {
        "kernel"
    } else if named(&[b"LoadOptions", b".\0c\0m\0d\0l\0i\0n\0e"]) {
        "command-line"
    } else {
        otherwise
    }
}

fn contains(data: &[u8], part: &[u8]) -> bool {
    data.windows(part.len()).any(|window| window == part)
}
