//! Certificates of a processor as AMD makes them (AMD 57230), and as it never would.

use crate::{
    cvm::{CHIP_ID, TCB},
    der_writer::{common_name, extension, sequence, tlv},
    keys::{Key, Keys},
    tpm::SHA384,
};

/// AlgorithmIdentifier of RSASSA-PSS with SHA-384, as AMD writes it.
const RSAPSS: &[u8] = b"\x30\x46\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x39\
    \xa0\x0f\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\
    \xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\
    \xa2\x03\x02\x01\x30\xa3\x03\x02\x01\x01";
/// AlgorithmIdentifier of RSASSA-PKCS1-v1_5 with SHA-384.
pub const RSASSA: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c\x05\x00";

/// Which key it is of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Signs the reports of one processor.
    Vcek,
    /// Signs the keys of processors.
    Ask,
    /// AMD's root.
    Ark,
    /// Of nobody in the chain, on P-256.
    Other,
}

impl Owner {
    fn key(self, keys: &Keys) -> &Key {
        match self {
            Self::Vcek => &keys.vcek,
            Self::Ask => &keys.rsa_3072,
            Self::Ark => &keys.rsa_4096,
            Self::Other => &keys.ecc,
        }
    }
}

/// A certificate to be signed.
pub struct Certificate {
    /// Content of its INTEGER.
    pub serial: Vec<u8>,
    /// AlgorithmIdentifier in DER.
    pub algorithm: &'static [u8],
    /// Common name.
    pub issuer: &'static str,
    /// Whose key signs it.
    pub signer: Owner,
    /// UTCTime.
    pub not_after: &'static str,
    /// Common name.
    pub subject: &'static str,
    /// Whose key it names.
    pub owner: Owner,
    /// Each a whole Extension.
    pub extensions: Vec<Vec<u8>>,
    /// Of the salt of its signature, in bytes.
    pub salt: usize,
}

/// VCEK, ASK and ARK.
pub fn chain() -> Vec<Certificate> {
    let certificate = |subject, owner, issuer, signer, serial: &[u8], extensions| Certificate {
        serial: serial.to_vec(),
        algorithm: RSAPSS,
        issuer,
        signer,
        not_after: "450101000000Z",
        subject,
        owner,
        extensions,
        salt: 48,
    };
    let versions = [1, 2, 3, 8].into_iter().zip(TCB).map(|(component, version)| tcb_version(component, version));
    let vcek = versions.chain([hw_id(&CHIP_ID)]).collect();
    // As AMD writes it: a zero bit too many.
    let ask = vec![authority(Some(0)), key_usage(&[1, 0x04])];
    let ark = vec![authority(None), key_usage(&[1, 0x06])];
    vec![
        certificate("SEV-VCEK", Owner::Vcek, "SEV-Test", Owner::Ask, &[0], vcek),
        certificate("SEV-Test", Owner::Ask, "ARK-Test", Owner::Ark, &[2], ask),
        certificate("ARK-Test", Owner::Ark, "ARK-Test", Owner::Ark, &[1], ark),
    ]
}

/// The certificates in DER, in their order.
pub fn signed(chain: &[Certificate], keys: &Keys) -> Vec<Vec<u8>> {
    chain.iter().map(|certificate| certificate.sign(keys)).collect()
}

impl Certificate {
    fn sign(&self, keys: &Keys) -> Vec<u8> {
        let tbs = sequence(&[
            &tlv(0xa0, tlv(2, [2])),
            &tlv(2, &self.serial),
            self.algorithm,
            &common_name(self.issuer),
            &sequence(&[&tlv(0x17, b"200101000000Z"), &tlv(0x17, self.not_after.as_bytes())]),
            &common_name(self.subject),
            &key_info(self.owner.key(keys)),
            &tlv(0xa3, sequence(&[&self.extensions.concat()])),
        ]);
        let signer = self.signer.key(keys);
        let signature =
            if self.algorithm == RSASSA { signer.sign(SHA384, &tbs) } else { signer.sign_pss(SHA384, &tbs, self.salt) };
        // After scheme, hash and size of TPMT_SIGNATURE.
        sequence(&[&tbs, self.algorithm, &bits(&signature[6..])])
    }
}

/// Under 1.3.6.1.4.1.3704.1.3.
pub fn tcb_version(component: u8, version: u8) -> Vec<u8> {
    let digits: &[u8] = if version < 0x80 { &[version] } else { &[0, version] };
    extension(&[0x2b, 6, 1, 4, 1, 0x9c, 0x78, 1, 3, component], false, &tlv(2, digits))
}

/// 1.3.6.1.4.1.3704.1.4
pub fn hw_id(chip_id: &[u8]) -> Vec<u8> {
    extension(&[0x2b, 6, 1, 4, 1, 0x9c, 0x78, 1, 4], false, chip_id)
}

/// basicConstraints of an authority.
pub fn authority(path_length: Option<u8>) -> Vec<u8> {
    let path_length = path_length.map(|length| tlv(2, [length])).unwrap_or_default();
    extension(&[0x55, 0x1d, 19], true, &sequence(&[&[1, 1, 0xff], &path_length]))
}

/// keyUsage with this content of its BIT STRING.
pub fn key_usage(bits: &[u8]) -> Vec<u8> {
    extension(&[0x55, 0x1d, 15], true, &tlv(3, bits))
}

/// SubjectPublicKeyInfo.
pub fn key_info(key: &Key) -> Vec<u8> {
    let ec_public_key = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01";
    match key {
        Key::Ecc(key) => {
            let point = key.verifying_key().to_sec1_point(false);
            let curve = b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
            sequence(&[&sequence(&[ec_public_key, curve]), &bits(point.as_bytes())])
        }
        Key::P384(key) => {
            let point = key.verifying_key().to_sec1_point(false);
            let curve = b"\x06\x05\x2b\x81\x04\x00\x22";
            sequence(&[&sequence(&[ec_public_key, curve]), &bits(point.as_bytes())])
        }
        Key::Rsa(_) => {
            let modulus = tlv(2, [&[0], &key.modulus()[..]].concat());
            let algorithm = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
            sequence(&[algorithm, &bits(&sequence(&[&modulus, &tlv(2, [1, 0, 1])]))])
        }
    }
}

fn bits(octets: &[u8]) -> Vec<u8> {
    tlv(3, [&[0], octets].concat())
}
