//! What an event is about, and what it says.

use alloc::string::String;

use super::{
    event_type::{
        EV_EFI_ACTION, EV_EFI_BOOT_SERVICES_APPLICATION, EV_EFI_BOOT_SERVICES_DRIVER, EV_EFI_GPT_EVENT,
        EV_EFI_HCRTM_EVENT, EV_EFI_PLATFORM_FIRMWARE_BLOB, EV_EFI_PLATFORM_FIRMWARE_BLOB2,
        EV_EFI_RUNTIME_SERVICES_DRIVER, EV_EFI_VARIABLE_AUTHORITY, EV_EVENT_TAG, EV_IPL, EV_NO_ACTION, EV_POST_CODE,
        EV_S_CRTM_CONTENTS, EV_S_CRTM_VERSION, EV_SEPARATOR,
    },
    firmware,
    measured::Measured,
    parse::Event,
    text::{hex, join, text, text_or_bytes},
    variable::{Variable, boot_option, is_variable},
};
const COMMAND_LINE: &str = "command-line";

/// What loaders call what they load: a part of their label, file name or section name, and the word for it.
const LOADED: [(&[u8], &str); 9] = [
    (b"cmdline", COMMAND_LINE),
    (b".\0c\0m\0d\0l\0i\0n\0e", COMMAND_LINE),
    (b"LoadOptions", COMMAND_LINE),
    (b"initr", "initrd"),
    (b"Initrd", "initrd"),
    (b".\0i\0n\0i\0t\0r\0d", "initrd"),
    (b"vmlinu", "kernel"),
    (b"Kernel", "kernel"),
    (b".\0l\0i\0n\0u\0x", "kernel"),
];

/// What it is about, and what it says where `measured` tells which part of it the digest covers.
pub(super) fn describe(event: &Event<'_>, measured: Option<Measured<'_>>) -> (&'static str, String) {
    let (label, data) = match measured {
        Some(Measured::VariableContent(content)) => return ("boot-option", boot_option(content)),
        Some(Measured::Structure(structure)) => (structure, structure),
        Some(Measured::Labelled { label: [], text }) => (text, text),
        Some(Measured::Labelled { label, text }) => (label, text),
        None => (event.data, event.data),
    };
    let (subject, said) = match event.kind {
        EV_NO_ACTION => ("remark", remark(data)),
        EV_SEPARATOR => ("separator", None),
        EV_EFI_ACTION => ("action", None),
        EV_POST_CODE
        | EV_EFI_HCRTM_EVENT
        | EV_S_CRTM_CONTENTS
        | EV_S_CRTM_VERSION
        | EV_EFI_PLATFORM_FIRMWARE_BLOB
        | EV_EFI_PLATFORM_FIRMWARE_BLOB2 => ("firmware", None),
        EV_EFI_GPT_EVENT => ("partition-table", None),
        kind if is_variable(kind) => match Variable::read(data) {
            Some(variable) if kind == EV_EFI_VARIABLE_AUTHORITY => ("authority", Some(variable.describe(kind))),
            Some(variable) => (variable.subject, Some(variable.describe(kind))),
            None => ("variable", None),
        },
        EV_EFI_BOOT_SERVICES_APPLICATION => ("boot-application", firmware::image(data)),
        EV_EFI_BOOT_SERVICES_DRIVER | EV_EFI_RUNTIME_SERVICES_DRIVER => ("driver", firmware::image(data)),
        EV_EVENT_TAG => (loaded(data, "tagged"), firmware::tagged(data)),
        EV_IPL if label.starts_with(b"grub_cmd") => ("boot-command", None),
        // systemd-boot and systemd-stub log the command line itself, in UTF-16; the names of sections begin with a dot.
        EV_IPL if matches!(data, [1..=b'-' | b'/'..=b'~', 0, ..]) => (COMMAND_LINE, None),
        EV_IPL => (loaded(label, "file"), None),
        _ => ("other", None),
    };
    (subject, said.unwrap_or_else(|| text_or_bytes(data)))
}

/// Its signature, a text with a closing zero, and what follows where that is short.
fn remark(data: &[u8]) -> Option<String> {
    let (signature, rest) = data.split_at_checked(data.iter().position(|byte| *byte == 0)?)?;
    let signature = text(signature)?;
    Some(if let [0, rest] = rest { join(signature, " ", &hex(&[*rest])) } else { signature })
}

fn loaded(data: &[u8], otherwise: &'static str) -> &'static str {
    let is_part = |part: &[u8]| data.windows(part.len()).any(|window| window == part);
    LOADED.iter().find(|(part, _)| is_part(part)).map_or(otherwise, |(_, subject)| subject)
}
