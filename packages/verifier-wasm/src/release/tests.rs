//! What another implementation computed, and the paths that no vector reaches. Everything else is in the vectors.

use super::{
    Status,
    document::{Authentic, MANIFEST, STATUS},
    key_set::KeySet,
};
use crate::{
    Code,
    hash::sha256,
    json::documents::{Documents, Kind},
};

const POLICY: Kind = Kind { name: "", syntax: Code::POLICY_SYNTAX, invalid: Code::POLICY_INVALID };

fn hex(bytes: &[u8]) -> alloc::string::String {
    bytes.iter().map(|byte| alloc::format!("{byte:02x}")).collect()
}

/// PROTOCOL.md §19.2; the value was computed by another implementation (Python's hashlib).
#[test]
fn worked_example_of_the_specification() {
    let set = br#"{ "keys": [
        { "key": "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "role": "developer" },
        { "key": "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "role": "auditor" }],
        "threshold": { "developer": 1, "auditor": 1 } }"#;
    let documents = Documents::default();
    let ending = alloc::string::String::from_utf8_lossy(set).replacen('{', "{\"notAfter\":1820000000000,", 1);
    let set = POLICY.read(set, &documents, KeySet::read).unwrap();
    assert_eq!(hex(&set.id()), "6c59548a2cb9182e4ca7185c6faa1894ac9b4edea47f06895831f6afe1f49699");
    let ending = POLICY.read(ending.as_bytes(), &documents, KeySet::read).unwrap();
    assert_eq!(hex(&ending.id()), "11097760ef8a4a45b90b492cfc70c7bf4ed91560c13fee40185cc96adf6888a5");
    assert_eq!(MANIFEST.message(b"{}"), b"DSSEv1 42 application/vnd.blindllama.release.v1+json 2 {}");
}

#[test]
fn a_certificate_is_revoked_by_its_hash_or_by_issuer_and_number() {
    let (der, issuer) = (b"certificate".as_slice(), b"issuer".as_slice());
    let documents = Documents::default();
    let status = |list: alloc::string::String| {
        let text = alloc::format!("{{\"date\":1,{list}}}");
        Status::decode(&Authentic::new(&STATUS, text.as_bytes()), &documents).unwrap()
    };
    let by_hash = status(alloc::format!("\"revokedCertificates\":[\"{}\"]", hex(&sha256(&[der]))));
    assert!(by_hash.revokes_certificate(der, issuer, &[1]));
    assert!(!by_hash.revokes_certificate(b"another", issuer, &[1]));

    let issued = hex(&sha256(&[issuer]));
    let by_number = status(alloc::format!("\"revokedSerials\":[{{\"issuer\":\"{issued}\",\"serial\":\"0100\"}}]"));
    assert!(by_number.revokes_certificate(der, issuer, &[1, 0]));
    assert!(!by_number.revokes_certificate(der, issuer, &[1]));
    assert!(!by_number.revokes_certificate(der, b"another", &[1, 0]));
}
