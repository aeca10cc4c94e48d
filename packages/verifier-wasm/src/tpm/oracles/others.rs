//! Other implementations of TPM 2.0 Part 2, asked whether bytes are the one encoding of a structure.

use std::{vec, vec::Vec};

use tpm2_protocol::{
    TpmMarshal, TpmUnmarshal, TpmWriter,
    data::{TpmsAttest, TpmtPublic, TpmtSignature},
};
use tss_esapi::{
    structures::{Attest, Public, Signature},
    traits::{Marshall, UnMarshall},
};

use super::Structure;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Other {
    /// `tss-esapi` over the C library `libtss2-mu`.
    TssEsapi,
    /// `tpm2-protocol`, in Rust alone.
    Tpm2Protocol,
}

impl Other {
    pub(super) const ALL: [Self; 2] = [Self::TssEsapi, Self::Tpm2Protocol];

    /// Whether it reads `bytes` and writes the same ones: what it ignores, as `libtss2-mu` does with a tail, is not accepted.
    pub(super) fn accepts(self, structure: Structure, bytes: &[u8]) -> bool {
        let written = match (self, structure) {
            (Self::TssEsapi, Structure::Attest) => again::<Attest>(bytes),
            (Self::TssEsapi, Structure::Public) => again::<Public>(bytes),
            (Self::TssEsapi, Structure::Signature) => again::<Signature>(bytes),
            (Self::Tpm2Protocol, Structure::Attest) => once_more::<TpmsAttest>(bytes),
            (Self::Tpm2Protocol, Structure::Public) => once_more::<TpmtPublic>(bytes),
            (Self::Tpm2Protocol, Structure::Signature) => once_more::<TpmtSignature>(bytes),
        };
        written.is_some_and(|written| written == bytes)
    }
}

fn again<T: Marshall + UnMarshall>(bytes: &[u8]) -> Option<Vec<u8>> {
    T::unmarshall(bytes).ok()?.marshall().ok()
}

fn once_more<T: TpmMarshal + TpmUnmarshal>(bytes: &[u8]) -> Option<Vec<u8>> {
    let (value, rest) = T::unmarshal(bytes).ok()?;
    let mut buffer = vec![0; 4096];
    let mut writer = TpmWriter::new(&mut buffer);
    value.marshal(&mut writer).ok()?;
    rest.is_empty().then(|| writer.as_bytes().to_vec())
}
