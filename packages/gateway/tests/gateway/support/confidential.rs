//! A confidential machine of Azure in software: its processor, AMD's certificates of that, and the firmware that holds the
//! attestation key (PROTOCOL.md §18).

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PSS_SHA384};
use serde_json::json;

use super::client::base64url;
use der_writer::{common_name, extension, sequence, tlv};

#[allow(dead_code, reason = "the tests of the verifier use the rest")]
#[path = "../../../../verifier-wasm/src/x509/tests/der_writer.rs"]
mod der_writer;

/// AlgorithmIdentifier of RSASSA-PSS with SHA-384, as AMD writes it.
const RSAPSS: &[u8] = b"\x30\x46\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x39\
    \xa0\x0f\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\
    \xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\
    \xa2\x03\x02\x01\x30\xa3\x03\x02\x01\x01";

const CHIP_ID: [u8; 64] = [0xc4; 64];
const MEASUREMENT: [u8; 48] = [0x4e; 48];
/// Numbers of bootloader, TEE, SNP and microcode below 1.3.6.1.4.1.3704.1.3, and their versions.
const TCB: [(u8, u8); 4] = [(1, 3), (2, 0), (3, 8), (8, 115)];

pub struct Machine {
    /// What its firmware leaves in NVRAM.
    pub report: Vec<u8>,
    /// VCEK, ASK, ARK.
    pub certificates: [Vec<u8>; 3],
}

impl Machine {
    /// One whose firmware holds the RSA key with this modulus.
    pub fn holding(modulus: &[u8]) -> Self {
        let [ark, ask] =
            [RsaKeyPair::generate(KeySize::Rsa2048).unwrap(), RsaKeyPair::generate(KeySize::Rsa2048).unwrap()];
        let vcek = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
        let authority = |bits| {
            [extension(&[0x55, 0x1d, 19], true, &sequence(&[&[1, 1, 0xff]])), extension(&[0x55, 0x1d, 15], true, bits)]
        };
        let versions = TCB.map(|(number, version)| {
            extension(&[0x2b, 6, 1, 4, 1, 0x9c, 0x78, 1, 3, number], false, &tlv(2, [version]))
        });
        let chip = extension(&[0x2b, 6, 1, 4, 1, 0x9c, 0x78, 1, 4], false, &CHIP_ID);
        Self {
            report: nvram(modulus, &vcek),
            certificates: [
                certificate(0, "VCEK", &key_info(vcek.public_key()), &[&versions[..], &[chip]].concat(), "ASK", &ask),
                certificate(2, "ASK", &key_info(ask.public_key()), &authority(&[3, 2, 1, 0x04]), "ARK", &ark),
                certificate(1, "ARK", &key_info(ark.public_key()), &authority(&[3, 2, 1, 0x06]), "ARK", &ark),
            ],
        }
    }

    /// What a policy demands that trusts it.
    pub fn demand(&self) -> serde_json::Value {
        json!({
            "kind": "azure-snp",
            "processors": [{
                "arkSha256": hex(digest(&SHA256, &self.certificates[2]).as_ref()),
                "minTcb": { "bootloader": 3, "tee": 0, "snp": 8, "microcode": 115 },
            }],
            "measurements": [hex(&MEASUREMENT)],
        })
    }
}

/// §18.2, in an index that is larger.
fn nvram(modulus: &[u8], vcek: &EcdsaKeyPair) -> Vec<u8> {
    let keys = [json!({ "kid": "HCLAkPub", "kty": "RSA", "e": "AQAB", "n": base64url(modulus) })];
    let runtime_data = json!({ "keys": keys }).to_string().into_bytes();
    let size = runtime_data.len() as u32;
    let fields = [size + 20, 1, 2, 1, size].map(u32::to_le_bytes).concat();
    let header = [&b"HCLA"[..], &[2, 0, 0, 0], &[0; 24]].concat();
    [header, attestation_report(&runtime_data, vcek), fields, runtime_data, vec![0; 64]].concat()
}

/// ATTESTATION_REPORT (AMD 56860, table 23).
fn attestation_report(runtime_data: &[u8], vcek: &EcdsaKeyPair) -> Vec<u8> {
    let mut report = vec![0; 0x2a0];
    let mut put = |at: usize, bytes: &[u8]| report[at..at + bytes.len()].copy_from_slice(bytes);
    put(0x00, &[2]);
    put(0x08, &[0x1f, 0, 3]);
    put(0x34, &[1]);
    put(0x50, digest(&SHA256, runtime_data).as_ref());
    put(0x90, &MEASUREMENT);
    // CURRENT_TCB, REPORTED_TCB, COMMITTED_TCB, LAUNCH_TCB.
    [0x38, 0x180, 0x1e0, 0x1f0].into_iter().for_each(|at| put(at, &[3, 0, 0, 0, 0, 0, 8, 115]));
    put(0x1a0, &CHIP_ID);
    let signature = vcek.sign(&SystemRandom::new(), &report).unwrap();
    for scalar in signature.as_ref().chunks(48) {
        report.extend(scalar.iter().rev());
        report.extend([0; 24]);
    }
    report.resize(1184, 0);
    report
}

fn certificate(
    serial: u8,
    subject: &str,
    key_info: &[u8],
    extensions: &[Vec<u8>],
    issuer: &str,
    signer: &RsaKeyPair,
) -> Vec<u8> {
    let tbs = sequence(&[
        &tlv(0xa0, tlv(2, [2])),
        &tlv(2, [serial]),
        RSAPSS,
        &common_name(issuer),
        &sequence(&[&tlv(0x17, b"200101000000Z"), &tlv(0x17, b"450101000000Z")]),
        &common_name(subject),
        key_info,
        &tlv(0xa3, sequence(&[&extensions.concat()])),
    ]);
    let mut signature = vec![0; 256];
    signer.sign(&RSA_PSS_SHA384, &SystemRandom::new(), &tbs, &mut signature).unwrap();
    sequence(&[&tbs, RSAPSS, &tlv(3, [&[0], &signature[..]].concat())])
}

/// SubjectPublicKeyInfo.
fn key_info(key: &impl AsDer<PublicKeyX509Der<'static>>) -> Vec<u8> {
    key.as_der().unwrap().as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
