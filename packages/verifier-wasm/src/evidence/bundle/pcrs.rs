//! PCR banks and the values that travel.

use alloc::vec::Vec;

use crate::{
    evidence::cbor::{Decoder, Value},
    hash::HashAlgorithm,
};

/// A PCR bank that version 1 knows, by its hash (TCG Algorithm Registry).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bank {
    /// TPM_ALG_SHA256
    Sha256,
    /// TPM_ALG_SHA384
    Sha384,
}

impl Bank {
    /// TPM_ALG_ID (TPM 2.0 Part 2 §6.3).
    #[must_use]
    pub const fn algorithm_id(self) -> u16 {
        match self {
            Self::Sha256 => 0x000b,
            Self::Sha384 => 0x000c,
        }
    }

    /// The hash that it is made with.
    pub(crate) const fn hash(self) -> HashAlgorithm {
        match self {
            Self::Sha256 => HashAlgorithm::Sha256,
            Self::Sha384 => HashAlgorithm::Sha384,
        }
    }

    /// Length of a value of this bank, in bytes.
    #[must_use]
    pub const fn digest_length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }

    /// The name in policies, verdicts and configurations.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
        }
    }

    fn read(decoder: &mut Decoder<'_>) -> Self {
        let id = decoder.uint();
        let bank = if id == u64::from(Self::Sha384.algorithm_id()) { Self::Sha384 } else { Self::Sha256 };
        decoder.ensure(id == u64::from(bank.algorithm_id()));
        bank
    }
}

/// Values of PCRs, unsigned: only `pcrDigest` of the quote makes those of the selection true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pcrs<'a> {
    /// The bank that the values come from.
    pub bank: Bank,
    /// Index (0 to 23, ascending) and value (of the bank's digest length).
    pub values: Vec<(u8, &'a [u8])>,
}

impl<'a> Pcrs<'a> {
    pub(super) fn read(decoder: &mut Decoder<'a>) -> Self {
        decoder.map(|map| {
            let bank = Bank::read(map.required(0, "bank"));
            let mut values = Vec::new();
            map.required(1, "values").map(|map| {
                for index in 0..24 {
                    if let Some(decoder) = map.optional(index, "values") {
                        let value = decoder.bytes();
                        decoder.ensure(value.len() == bank.digest_length());
                        values.push((index, value));
                    }
                }
            });
            Self { bank, values }
        })
    }

    pub(super) fn value(&self) -> Value {
        let values = self.values.iter().map(|&(index, value)| (index.into(), value.into()));
        Value::map([(0, u64::from(self.bank.algorithm_id()).into()), (1, Value::map(values))])
    }
}
