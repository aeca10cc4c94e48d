//! Which bytes a digest covers. Only these may be shown as verified.

use super::{
    event_type::{EV_EFI_VARIABLE_AUTHORITY, EV_EFI_VARIABLE_BOOT, EV_EFI_VARIABLE_DRIVER_CONFIG, EV_IPL},
    parse::Event,
    variable::Variable,
};
use alloc::vec::Vec;

/// The part of an event's data that its digest proves.
#[derive(Clone, Copy)]
pub(super) enum Measured<'a> {
    /// The data, or the structure that they begin with.
    Structure(&'a [u8]),
    /// The content of a variable without its name (before PFP 1.05).
    VariableContent(&'a [u8]),
    /// A text; the label before it is the loader's word for it and not measured.
    Labelled { label: &'a [u8], text: &'a [u8] },
}

/// None where the digest is of something else, such as a file of which the data are but the name.
pub(super) fn measured<'a>(event: &Event<'a>, is_digest_of: impl Fn(&[&[u8]]) -> bool) -> Option<Measured<'a>> {
    let data = event.data;
    if is_digest_of(&[data]) {
        return Some(Measured::Structure(data));
    }
    match event.kind {
        EV_EFI_VARIABLE_BOOT => {
            let content = Variable::read(data)?.content;
            is_digest_of(&[content]).then_some(Measured::VariableContent(content))
        }
        // shim before 15.5 logs one byte more than it measures.
        EV_EFI_VARIABLE_DRIVER_CONFIG | EV_EFI_VARIABLE_AUTHORITY => {
            let structure = Variable::read(data)?.structure;
            is_digest_of(&[structure]).then_some(Measured::Structure(structure))
        }
        EV_IPL => loader_text(data, is_digest_of),
        _ => None,
    }
}

fn loader_text<'a>(data: &'a [u8], is_digest_of: impl Fn(&[&[u8]]) -> bool) -> Option<Measured<'a>> {
    // GRUB logs "grub_cmd: set x=1\0" and measures "set x=1", in some builds with the zero.
    let space = data.iter().position(|byte| *byte == b' ').and_then(|at| at.checked_add(1));
    if let Some((label, text)) = space.and_then(|start| data.split_at_checked(start)) {
        let without_zero = text.strip_suffix(&[0]).unwrap_or(text);
        if let Some(text) = [without_zero, text].into_iter().find(|text| is_digest_of(&[text])) {
            return Some(Measured::Labelled { label, text });
        }
    }
    // systemd-boot before 251 measures UTF-16 with its closing zero and logs the last byte of it no more.
    let cut = data.len() % 2 == 1 && is_digest_of(&[data, &[0]]);
    cut.then_some(Measured::Labelled { label: &[], text: data.get(..data.len().checked_sub(1)?)? })
        .or_else(|| section_name(data, is_digest_of))
}

/// systemd-stub measures the name of a section in ASCII with a closing zero, and logs it in UTF-16.
fn section_name<'a>(data: &'a [u8], is_digest_of: impl Fn(&[&[u8]]) -> bool) -> Option<Measured<'a>> {
    let (units, []) = data.as_chunks::<2>() else { return None };
    let ascii: Option<Vec<u8>> = units.iter().map(|[low, high]| (*high == 0).then_some(*low)).collect();
    is_digest_of(&[&ascii?]).then_some(Measured::Labelled { label: &[], text: data })
}
