//! The decoders one by one, as fuzz targets need them: whether they accept. What else must hold is asserted here, where the types are
//! visible.

use alloc::vec::Vec;

use crate::{
    event_log::{self, Explanation},
    evidence::{
        bundle::{Bundle, Static},
        claims::Claims,
    },
    json::documents::Documents,
    policy::Policy,
    release::{self, Manifest},
    tpm::{Attest, Public, Signature},
    x509::{Certificate, Form},
};

/// TPM_ALG_ID of the banks that are replayed (TCG Algorithm Registry).
const BANKS: [u16; 3] = [0x000b, 0x000c, 0x000d];

/// A bundle, and the static part in it. What is accepted without extensions is written again as the same bytes.
#[must_use]
pub fn bundle(bytes: &[u8]) -> bool {
    let Ok(bundle) = Bundle::decode(bytes) else { return false };
    let again = bundle.encode();
    assert!(again.len() <= bytes.len(), "longer than what was read");
    assert_eq!(Bundle::decode(&again).as_ref(), Ok(&bundle));
    bundle.static_part.is_none_or(|part| Static::decode(part).is_ok())
}

/// Claims. What is accepted without extensions is written again as the same bytes.
#[must_use]
pub fn claims(bytes: &[u8]) -> bool {
    let Ok(claims) = Claims::decode(bytes) else { return false };
    if let Some(again) = claims.encode() {
        assert!(again.len() <= bytes.len(), "longer than what was read");
        assert_eq!(Claims::decode(&again).as_ref(), Ok(&claims));
    }
    true
}

/// TPMS_ATTEST.
#[must_use]
pub fn attest(bytes: &[u8]) -> bool {
    Attest::decode(bytes).is_ok()
}

/// TPMT_SIGNATURE.
#[must_use]
pub fn signature(bytes: &[u8]) -> bool {
    Signature::decode(bytes).is_ok()
}

/// TPMT_PUBLIC.
#[must_use]
pub fn public(bytes: &[u8]) -> bool {
    Public::decode(bytes).is_ok_and(|public| matches!(public.name().len(), 34 | 50 | 66))
}

/// An event log, replayed and explained in every bank that it has.
#[must_use]
pub fn event_log(bytes: &[u8]) -> bool {
    let Ok(log) = event_log::parse(bytes) else { return false };
    for bank in BANKS {
        let explained = Explanation::new(log.clone(), bank, None).map(|explanation| explanation.to_json());
        // Every digest is shown, and at most the data that it covers.
        explained.iter().for_each(|text| {
            assert!(
                text.len() <= bytes.len().saturating_mul(64).saturating_add(4096),
                "explained at too great a length"
            )
        });
    }
    true
}

/// A certificate, under both sets of rules; what one of them accepts is as long as it says.
#[must_use]
pub fn certificate(bytes: &[u8]) -> bool {
    let forms = [Form::Rfc5280, Form::Amd].map(|form| Certificate::decode(bytes, form));
    let accepted: Vec<_> = forms.iter().flatten().collect();
    accepted.iter().for_each(|certificate| assert_eq!(certificate.der, bytes));
    !accepted.is_empty()
}

/// The text of a policy.
#[must_use]
pub fn policy(bytes: &[u8]) -> bool {
    Policy::decode(bytes, &Documents::default()).is_ok()
}

/// The text of a manifest.
#[must_use]
pub fn manifest(bytes: &[u8]) -> bool {
    Manifest::decode(&release::Authentic::unsigned_manifest(bytes), &Documents::default()).is_ok()
}

/// A proof of inclusion with its checkpoint and cosignatures (C2SP tlog-proof).
#[must_use]
pub fn log_proof(bytes: &[u8]) -> bool {
    release::is_proof(bytes)
}
