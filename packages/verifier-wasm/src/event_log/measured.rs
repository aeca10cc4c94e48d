//! Which bytes a digest covers. Only these may be shown as verified.

use alloc::vec::Vec;

use super::{
    digest::digest,
    event_type::{EV_EFI_VARIABLE_AUTHORITY, EV_EFI_VARIABLE_BOOT, EV_IPL},
    parse::Event,
    variable::Variable,
};

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

/// A digest of one bank, to be compared with that of candidates.
#[derive(Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) algorithm: u16,
    pub(super) digest: &'a [u8],
}

impl Expected<'_> {
    #[inline(never)]
    pub(super) fn is_of(self, parts: &[&[u8]]) -> bool {
        digest(self.algorithm, parts).is_some_and(|digest| digest == self.digest)
    }

    /// None where the digest is of something else, such as a file of which the data are but the name.
    pub(super) fn covers<'a>(self, event: &Event<'a>) -> Option<Measured<'a>> {
        let data = event.data;
        if self.is_of(&[data]) {
            return Some(Measured::Structure(data));
        }
        match event.kind {
            EV_EFI_VARIABLE_BOOT => {
                let content = Variable::read(data)?.content;
                self.is_of(&[content]).then_some(Measured::VariableContent(content))
            }
            // Old shims put stray bytes after the structure, and log one of them that they do not measure.
            EV_EFI_VARIABLE_AUTHORITY => {
                let (_stray, covered) = data.split_last()?;
                let structure = Variable::read(covered)?.structure;
                self.is_of(&[covered]).then_some(Measured::Structure(structure))
            }
            EV_IPL => self.covers_text(data),
            _ => None,
        }
    }

    fn covers_text<'a>(self, data: &'a [u8]) -> Option<Measured<'a>> {
        // GRUB logs "grub_cmd: set x=1\0" and measures "set x=1", in some builds with the zero.
        let label_length = data.iter().take_while(|byte| **byte != b' ').count().wrapping_add(1);
        let (label, text) = data.split_at_checked(label_length).unwrap_or((&[], data));
        let without_zero = text.strip_suffix(&[0]).unwrap_or(text);
        for text in [without_zero, text] {
            if self.is_of(&[text]) {
                return Some(Measured::Labelled { label, text });
            }
        }
        let as_text = |text| Some(Measured::Labelled { label: &[], text });
        // systemd-boot before 251 measures UTF-16 with its closing zero and logs the last byte of it no more.
        let (units, odd) = data.as_chunks::<2>();
        if odd == [0] && self.is_of(&[data, &[0]]) {
            return as_text(data.strip_suffix(&[0])?);
        }
        // systemd-stub measures the name of a section in ASCII with its closing zero, and logs it in UTF-16.
        let mut ascii = Vec::new();
        for [low, high] in units {
            if *high != 0 {
                return None;
            }
            ascii.push(*low);
        }
        if odd.is_empty() && self.is_of(&[&ascii]) { as_text(data) } else { None }
    }
}
