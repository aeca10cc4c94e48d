//! The syntax of a log: one event after the other to the last byte, or a code that says what is wrong.

use alloc::vec::Vec;

use super::{
    digest::{self, SHA1},
    event_type::EV_NO_ACTION,
    finding::Finding,
};
use crate::{Code, little_endian::Reader};

/// Largest log, in bytes.
pub const MAX_LOG: usize = 1 << 20;
/// Most events in a log; a log of the largest size could hold four times as many.
pub const MAX_EVENTS: usize = 8192;
/// Most banks; a TPM has as many hashes as the registry has.
const MAX_ALGORITHMS: usize = 8;

const SPEC_ID: &[u8] = b"Spec ID Event";
const SPEC_ID_CRYPTO_AGILE: &[u8] = b"Spec ID Event03\0";

/// One measurement, or with EV_NO_ACTION a remark that extends nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// PCR index, as written.
    pub pcr: u32,
    /// Event type (PFP §10.4.1): no digest covers it.
    pub kind: u32,
    /// Event data. What the digest covers is another question.
    pub data: &'a [u8],
    /// Of all banks as on the wire: see [`Log::digest`].
    digests: &'a [u8],
}

impl Event<'_> {
    /// Whether a PCR was extended with it (PFP §10.4.1: EV_NO_ACTION never).
    #[must_use]
    pub fn extends(&self) -> bool {
        self.kind != EV_NO_ACTION
    }

    pub(super) fn is_remark(&self, signature: &[u8]) -> bool {
        !self.extends() && self.data.starts_with(signature)
    }
}

/// A log whose syntax holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log<'a> {
    /// The banks, by TPM_ALG_ID, in the order of the Spec ID event; SHA-1 alone in the old format.
    pub algorithms: Vec<u16>,
    /// In the order of the log, the Spec ID event included.
    pub events: Vec<Event<'a>>,
    is_crypto_agile: bool,
}

impl<'a> Log<'a> {
    /// Of one bank. The Spec ID event has none, and no event has to have one of every bank.
    #[must_use]
    pub fn digest<'b>(&self, event: &Event<'b>, algorithm: u16) -> Option<&'b [u8]> {
        if !self.is_crypto_agile {
            return (algorithm == SHA1).then_some(event.digests);
        }
        let mut reader = Reader::new(event.digests);
        while !reader.rest().is_empty() {
            let id = reader.u16();
            let digest = reader.bytes(digest::length(id)?);
            if id == algorithm {
                return reader.read(digest);
            }
        }
        None
    }

    pub(super) fn has_spec_id(&self) -> bool {
        self.is_crypto_agile
    }
}

/// Reads a crypto-agile log (PFP §10.2.2, TCG_PCR_EVENT2 after a Spec ID event) or one of the old format (§10.2.1, SHA-1 alone).
///
/// # Errors
///
/// `eventlog.empty`, `size`, `truncated`, `event_size`, `padding`, `spec_id`, `spec_id_position`, `spec_id_duplicate`,
/// `algorithm`, `digest_count`, `digest_algorithm`, with the position of the event.
pub fn parse(bytes: &[u8]) -> Result<Log<'_>, Finding> {
    if bytes.is_empty() {
        return Err(Code::EVENTLOG_EMPTY.into());
    }
    if bytes.len() > MAX_LOG {
        return Err(Code::EVENTLOG_SIZE.into());
    }
    // Zeros would read as events of PCR 0 in the old format; nothing that was measured begins inside of such a tail.
    let padding = padding_length(bytes);
    let mut log = Log { algorithms: Vec::from([SHA1]), events: Vec::new(), is_crypto_agile: false };
    let mut reader = Reader::new(bytes);
    while !reader.rest().is_empty() {
        let is_padding = reader.rest().len() <= padding;
        let event = if is_padding { Err(Code::EVENTLOG_PADDING) } else { log.read(&mut reader) };
        match event {
            Ok(event) => log.events.push(event),
            Err(code) => return Err(Finding::at_event(code, log.events.len())),
        }
    }
    Ok(log)
}

/// Bytes at the end that are all 00 or all ff.
fn padding_length(bytes: &[u8]) -> usize {
    let Some((last @ (0x00 | 0xff), before)) = bytes.split_last() else { return 0 };
    let content = before.iter().rposition(|byte| byte != last).map_or(0, |end| end.saturating_add(1));
    bytes.len().saturating_sub(content)
}

impl<'a> Log<'a> {
    /// The next event; the first one may announce the format of the others.
    fn read(&mut self, reader: &mut Reader<'a>) -> Result<Event<'a>, Code> {
        if self.events.len() == MAX_EVENTS {
            return Err(Code::EVENTLOG_SIZE);
        }
        let event = self.read_event(reader)?;
        match self.events.first() {
            Some(first) if event.is_remark(SPEC_ID) => Err(if first.is_remark(SPEC_ID) {
                Code::EVENTLOG_SPEC_ID_DUPLICATE
            } else {
                Code::EVENTLOG_SPEC_ID_POSITION
            }),
            None if event.is_remark(SPEC_ID_CRYPTO_AGILE) => {
                self.algorithms = read_spec_id(&event)?;
                self.is_crypto_agile = true;
                Ok(Event { digests: &[], ..event })
            }
            _ => Ok(event),
        }
    }

    /// TCG_PCR_EVENT2, or TCG_PCR_EVENT for the first event and all events of the old format.
    fn read_event(&self, reader: &mut Reader<'a>) -> Result<Event<'a>, Code> {
        let (pcr, kind) = (reader.u32(), reader.u32());
        let before = reader.rest();
        if self.is_crypto_agile {
            self.read_digests(reader)?;
        } else {
            reader.bytes(20);
        }
        let length = before.len().saturating_sub(reader.rest().len());
        // The count of digests comes before them.
        let digests = before.get(if self.is_crypto_agile { 4 } else { 0 }..length).unwrap_or_default();
        let size = reader.size(4);
        if reader.is_short() {
            return Err(Code::EVENTLOG_TRUNCATED);
        }
        let data = reader.bytes(size);
        reader.read(Event { pcr, kind, data, digests }).ok_or(Code::EVENTLOG_EVENT_SIZE)
    }

    /// TPML_DIGEST_VALUES: algorithms of the Spec ID event, each at most once. Operating systems extend fewer banks than firmware
    /// does, or list them in another order.
    fn read_digests(&self, reader: &mut Reader<'a>) -> Result<(), Code> {
        let mut expected = self.algorithms.clone();
        let count = reader.size(4);
        for _ in 0..count {
            let algorithm = reader.u16();
            let code = match expected.iter().position(|known| *known == algorithm) {
                _ if reader.is_short() => Code::EVENTLOG_TRUNCATED,
                Some(at) => {
                    expected.swap_remove(at);
                    reader.bytes(digest::length(algorithm).unwrap_or(usize::MAX));
                    continue;
                }
                None if self.algorithms.contains(&algorithm) => Code::EVENTLOG_DIGEST_COUNT,
                None => Code::EVENTLOG_DIGEST_ALGORITHM,
            };
            return Err(code);
        }
        Ok(())
    }
}

/// TCG_EfiSpecIDEvent (PFP §10.4.5.1). Its PCR is looked at elsewhere: logs of runtime measurement registers write 1.
fn read_spec_id(event: &Event<'_>) -> Result<Vec<u16>, Code> {
    if event.digests.iter().any(|byte| *byte != 0) {
        return Err(Code::EVENTLOG_SPEC_ID);
    }
    let mut reader = Reader::new(event.data);
    let _signature = reader.bytes(SPEC_ID_CRYPTO_AGILE.len());
    // `platformClass`, `specVersionMinor`, `specVersionMajor`, `specErrata`, `uintnSize`.
    let [_, _, _, _, _, 2, _, 1 | 2] = reader.bytes(8) else { return Err(Code::EVENTLOG_SPEC_ID) };
    let count = reader.size(4);
    if !reader.is_short() && (count == 0 || count > MAX_ALGORITHMS) {
        return Err(Code::EVENTLOG_ALGORITHM);
    }
    let mut algorithms = Vec::new();
    for _ in 0..count {
        let (id, length) = (reader.u16(), reader.u16());
        if reader.is_short() {
            break;
        }
        if digest::length(id) != Some(length.into()) || algorithms.contains(&id) {
            return Err(Code::EVENTLOG_ALGORITHM);
        }
        algorithms.push(id);
    }
    let vendor_info = reader.size(1);
    reader.bytes(vendor_info);
    reader.end(algorithms).ok_or(Code::EVENTLOG_SPEC_ID)
}
