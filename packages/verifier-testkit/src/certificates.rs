//! A writer of certificates that writes what it is told: each part is DER, or not, as the test gives it.

pub use crate::der_writer::{common_name, extension, sequence, tag, tlv};
use p256::ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner};
use sha2::{Digest, Sha256};

/// AlgorithmIdentifier of ecdsa-with-SHA256 (RFC 5758 §3.2).
pub const ECDSA_SHA256: &[u8] = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";

/// id-ce and what stands below it.
pub const fn id_ce(number: u8) -> [u8; 3] {
    [0x55, 0x1d, number]
}

/// The extension basicConstraints (RFC 5280 §4.2.1.9).
pub fn basic_constraints(ca: bool, path_length: Option<u8>) -> Vec<u8> {
    let ca: &[u8] = if ca { &[tag::BOOLEAN, 1, 0xff] } else { &[] };
    let path_length = path_length.map(|length| integer(&[length])).unwrap_or_default();
    extension(&id_ce(19), true, &sequence(&[ca, &path_length]))
}

/// `unused` bits of the last octet are none.
pub fn key_usage(unused: u8, bits: u8) -> Vec<u8> {
    extension(&id_ce(15), true, &tlv(tag::BIT_STRING, [unused, bits]))
}

/// keyUsage with digitalSignature alone.
pub fn signs() -> Vec<u8> {
    key_usage(7, 0x80)
}

/// keyUsage with keyCertSign alone.
pub fn signs_certificates() -> Vec<u8> {
    key_usage(2, 0x04)
}

/// extKeyUsage with these object identifiers, each as the content of its DER.
pub fn purposes(purposes: &[&[u8]]) -> Vec<u8> {
    let identifiers: Vec<u8> = purposes.iter().flat_map(|id| tlv(tag::OBJECT_IDENTIFIER, id)).collect();
    extension(&id_ce(37), false, &sequence(&[&identifiers]))
}

/// A key that anyone can derive.
pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).unwrap()
}

/// Ecdsa-Sig-Value over the SHA-256 of the message (RFC 3279 §2.2.3).
pub fn sign(key: &SigningKey, message: &[u8]) -> Vec<u8> {
    let signature: Signature = key.sign_prehash(&Sha256::digest(message)).unwrap();
    let (r, s) = signature.split_bytes();
    sequence(&[&integer(&r), &integer(&s)])
}

/// An INTEGER that is not negative.
pub fn integer(digits: &[u8]) -> Vec<u8> {
    let start = digits.iter().position(|digit| *digit != 0).unwrap_or(digits.len() - 1);
    let digits = &digits[start..];
    let zero: &[u8] = if digits[0] & 0x80 == 0 { &[] } else { &[0] };
    tlv(tag::INTEGER, [zero, digits].concat())
}

/// SubjectPublicKeyInfo of a P-256 key (RFC 5480 §2).
pub fn key_info(key: &SigningKey) -> Vec<u8> {
    let algorithm = b"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
    let point = key.verifying_key().to_sec1_point(false);
    sequence(&[algorithm, &tlv(tag::BIT_STRING, [&[0], point.as_bytes()].concat())])
}

/// A certificate in parts, each written as it stands.
#[derive(Clone)]
pub struct Draft {
    /// `[0]` with the number of the version.
    pub version: Vec<u8>,
    /// CertificateSerialNumber.
    pub serial: Vec<u8>,
    /// AlgorithmIdentifier inside of what is signed.
    pub algorithm: Vec<u8>,
    /// AlgorithmIdentifier beside the signature; `None`: the same as inside.
    pub outer_algorithm: Option<Vec<u8>>,
    /// Name of the issuer.
    pub issuer: Vec<u8>,
    /// Time.
    pub not_before: Vec<u8>,
    /// Time.
    pub not_after: Vec<u8>,
    /// Name of the subject.
    pub subject: Vec<u8>,
    /// SubjectPublicKeyInfo.
    pub key_info: Vec<u8>,
    /// Between key and extensions: the unique identifiers.
    pub unique_ids: Vec<u8>,
    /// Each a whole Extension; without any the field is absent.
    pub extensions: Vec<Vec<u8>>,
}

impl Draft {
    /// A certificate of version 3 with serial number 1, valid in 2025 and 2026.
    pub fn new(issuer: &str, subject: &str, key: &SigningKey, extensions: Vec<Vec<u8>>) -> Self {
        Self {
            version: tlv(tag::explicit(0), tlv(tag::INTEGER, [2])),
            serial: tlv(tag::INTEGER, [1]),
            algorithm: ECDSA_SHA256.to_vec(),
            outer_algorithm: None,
            issuer: common_name(issuer),
            not_before: tlv(tag::UTC_TIME, "250101000000Z"),
            not_after: tlv(tag::UTC_TIME, "270101000000Z"),
            subject: common_name(subject),
            key_info: key_info(key),
            unique_ids: vec![],
            extensions,
        }
    }

    /// TBSCertificate.
    pub fn to_be_signed(&self) -> Vec<u8> {
        let validity = sequence(&[&self.not_before, &self.not_after]);
        let extensions = tlv(tag::explicit(3), sequence(&[&self.extensions.concat()]));
        sequence(&[
            &self.version,
            &self.serial,
            &self.algorithm,
            &self.issuer,
            &validity,
            &self.subject,
            &self.key_info,
            &self.unique_ids,
            if self.extensions.is_empty() { &[] } else { &extensions },
        ])
    }

    /// The certificate with this signature, whatever it is.
    pub fn sealed(&self, signature: &[u8]) -> Vec<u8> {
        let outer = self.outer_algorithm.as_ref().unwrap_or(&self.algorithm);
        sequence(&[&self.to_be_signed(), outer, &tlv(tag::BIT_STRING, [&[0], signature].concat())])
    }

    /// The certificate, signed with ECDSA and SHA-256.
    pub fn signed_by(&self, issuer: &SigningKey) -> Vec<u8> {
        self.sealed(&sign(issuer, &self.to_be_signed()))
    }
}

/// Drafts of a chain, leaf to root, with the keys 1, 2, …; each is signed by the next one's key, the root by its own.
#[derive(Clone)]
pub struct Chain(pub Vec<Draft>);

impl Chain {
    /// A leaf, `intermediates` authorities without limits, and a root.
    pub fn new(intermediates: u8) -> Self {
        let authority = |issuer: &str, subject: &str, seed| {
            Draft::new(issuer, subject, &key(seed), vec![basic_constraints(true, None), signs_certificates()])
        };
        let root = intermediates + 1;
        let name = |index: u8| if index == root { "root".to_owned() } else { format!("CA {index}") };
        let leaf = Draft::new(&name(1), "attestation key", &key(1), vec![basic_constraints(false, None), signs()]);
        let authorities = (1..=root).map(|index| authority(&name(root.min(index + 1)), &name(index), index + 1));
        Self([leaf].into_iter().chain(authorities).collect())
    }

    /// The chain of a leaf, one intermediate and a root, with one of them changed.
    pub fn with(index: usize, change: impl FnOnce(&mut Draft)) -> Self {
        let mut chain = Self::new(1);
        change(&mut chain.0[index]);
        chain
    }

    /// The chain in DER, leaf to root.
    pub fn signed(&self) -> Vec<Vec<u8>> {
        let last = self.0.len() - 1;
        let issuer = |index: usize| key(u8::try_from(last.min(index + 1)).unwrap() + 1);
        self.0.iter().enumerate().map(|(index, draft)| draft.signed_by(&issuer(index))).collect()
    }
}
