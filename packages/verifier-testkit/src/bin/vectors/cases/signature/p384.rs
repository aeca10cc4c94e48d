//! ECDSA on P-384: its own order and its own lengths.

use crate::{
    keys::{Key, ecdsa_signature},
    scenario::Cases,
    tpm::{SHA256, sized},
};

/// The order of P-384.
const ORDER: &[u8; 48] =
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
    \xc7\x63\x4d\x81\xf4\x37\x2d\xdf\x58\x1a\x0d\xb2\x48\xb0\xa7\x7a\xec\xec\x19\x6a\xcc\xc5\x29\x73";

pub(super) fn cases(cases: &mut Cases<'_>) {
    let keys = cases.keys;
    let mut p384 = |code: &str, name: &str, why: &str, sign: fn(&Key, &[u8]) -> Vec<u8>| {
        cases.reject_of(&keys.p384, code, name, why, |s| s.signature = Some(Box::new(sign)));
    };
    p384("signature.invalid", "p384-of-other-message", "a signature of the same key over something else", |key, _| {
        key.sign(SHA256, b"something else")
    });
    p384("signature.value", "p384-r-zero", "r = 0", |_, _| ecdsa_signature(SHA256, &[0; 48], &[1; 48]));
    p384("signature.value", "p384-s-zero", "s = 0", |_, _| ecdsa_signature(SHA256, &[1; 48], &[0; 48]));
    p384("signature.value", "p384-r-order", "r = n", |_, _| ecdsa_signature(SHA256, ORDER, &[1; 48]));
    p384("signature.value", "p384-s-order", "s = n", |_, _| ecdsa_signature(SHA256, &[1; 48], ORDER));
    p384("signature.value", "p384-r-49", "r with a leading zero too many", |key, attest| {
        let signature = key.sign(SHA256, attest);
        ecdsa_signature(SHA256, &[&[0], &signature[6..54]].concat(), &signature[56..])
    });
    p384("signature.value", "p384-r-32", "r and s of the lengths of P-256", |_, _| {
        ecdsa_signature(SHA256, &[1; 32], &[1; 32])
    });
    cases.reject_of(&keys.p384, "ak.point", "p384-off-curve", "a point beside the curve", |s| {
        *s.area.unique.last_mut().unwrap() ^= 1;
    });
    cases.reject_of(&keys.p384, "ak.syntax", "p384-coordinate-short", "coordinates of the length of P-256", |s| {
        s.area.unique = [sized(&[1; 32]), sized(&[1; 32])].concat();
    });
    cases.reject_of(&keys.p384, "ak.syntax", "p384-as-p256", "a point of P-384 under the name of P-256", |s| {
        s.area.parameters[..2].copy_from_slice(&3_u16.to_be_bytes());
    });
}
