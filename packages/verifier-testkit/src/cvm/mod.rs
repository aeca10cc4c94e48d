//! A confidential machine in software: its processor, the certificates of that, and the firmware that holds the attestation key.

pub mod certificate;

use blindllama_verifier::evidence::cbor::Value;
use certificate::{Certificate, chain};
use serde_json::{Value as Json, json};

use crate::{
    keys::{Key, Keys},
    text::{base64url, hex},
    tpm::{SHA256, SHA384, hash},
};

/// Bytes of ATTESTATION_REPORT before its signature.
const SIGNED: usize = 0x2a0;

/// CHIP_ID: the processor.
pub const CHIP_ID: [u8; 64] = [0xc4; 64];
/// MEASUREMENT: the firmware.
pub const MEASUREMENT: [u8; 48] = [0x4e; 48];
/// ID_KEY_DIGEST: the signer of the firmware.
pub const ID_KEY_DIGEST: [u8; 48] = [0x1d; 48];
/// Bootloader, TEE, SNP, microcode.
pub const TCB: [u8; 4] = [3, 0, 8, 115];
/// GUEST_SVN, FAMILY_ID and IMAGE_ID: the signer's numbers for the firmware.
pub const GUEST_SVN: u8 = 2;
/// FAMILY_ID of the firmware.
pub const FAMILY_ID: [u8; 16] = [0xfa; 16];
/// IMAGE_ID of the firmware.
pub const IMAGE_ID: [u8; 16] = [0x1a; 16];
/// Where table 23 has the TCBs, and in a TCB its versions.
const TCBS_AT: [usize; 4] = [0x38, 0x180, 0x1e0, 0x1f0];
const VERSIONS_AT: [usize; 4] = [0, 1, 6, 7];

type Patch = fn(&mut Vec<u8>);

/// What a case starts from and changes. Members are used in the order in which they stand here.
pub struct Machine {
    /// Of the attestation key that the firmware names.
    modulus: Vec<u8>,
    /// JSON that the firmware wrote, with its keys.
    pub runtime_data: Vec<u8>,
    /// In place of the hash of the runtime data.
    pub report_data: Option<Vec<u8>>,
    /// CURRENT_TCB, REPORTED_TCB, COMMITTED_TCB, LAUNCH_TCB.
    pub tcbs: [[u8; 4]; 4],
    /// Before it is signed.
    pub patch_report: Option<Patch>,
    /// After it was signed.
    pub patch_signed: Option<Patch>,
    /// What the firmware writes around it.
    pub patch_hcl: Option<Patch>,
    /// VCEK, ASK and ARK, unless a case changes them.
    pub certificates: Vec<Certificate>,
    /// After they were signed.
    pub patch_chain: Option<fn(&mut Vec<Vec<u8>>)>,
    /// Number of the kind of platform report (PROTOCOL.md §18.1).
    pub kind: u64,
}

impl Machine {
    /// A machine whose firmware holds the RSA key with this modulus, big endian.
    pub fn new(modulus: Vec<u8>) -> Self {
        let data = json!({
            "keys": [
                { "kid": "HCLAkPub", "key_ops": ["sign"], "kty": "RSA", "e": "AQAB", "n": base64url(&modulus) },
                { "kid": "HCLEkPub", "key_ops": ["encrypt"], "kty": "RSA", "e": "AQAB", "n": base64url(&[0xe5; 256]) },
            ],
            "vm-configuration": { "secure-boot": true, "current-time": 1_678_652_405, "vmUniqueId": "" },
            "user-data": "00".repeat(64),
        });
        Self {
            modulus,
            runtime_data: data.to_string().into_bytes(),
            report_data: None,
            tcbs: [TCB; 4],
            patch_report: None,
            patch_signed: None,
            patch_hcl: None,
            certificates: chain(),
            patch_chain: None,
            kind: 1,
        }
    }

    /// The keys of the runtime data, each a JSON Web Key.
    pub fn name_keys(&mut self, keys: &Json) {
        self.runtime_data = json!({ "keys": keys }).to_string().into_bytes();
    }

    /// The attestation key as a JSON Web Key (RFC 7517).
    pub fn named_key(&self) -> Json {
        json!({ "kid": "HCLAkPub", "kty": "RSA", "e": "AQAB", "n": base64url(&self.modulus) })
    }

    /// ATTESTATION_REPORT (AMD 56860, table 23).
    fn report(&self, keys: &Keys) -> Vec<u8> {
        let mut report = vec![0; SIGNED];
        let mut put = |at: usize, bytes: &[u8]| report[at..at + bytes.len()].copy_from_slice(bytes);
        for (at, tcb) in TCBS_AT.iter().zip(&self.tcbs) {
            VERSIONS_AT.iter().zip(tcb).for_each(|(within, version)| put(at + within, &[*version]));
        }
        let bound = || [hash(SHA256, &[&self.runtime_data]), vec![0; 32]].concat();
        put(0x00, &[2]);
        put(0x04, &[GUEST_SVN]);
        put(0x08, &[0x1f, 0, 3]);
        put(0x10, &FAMILY_ID);
        put(0x20, &IMAGE_ID);
        put(0x34, &[1]);
        put(0x50, &self.report_data.clone().unwrap_or_else(bound));
        put(0x90, &MEASUREMENT);
        put(0xe0, &ID_KEY_DIGEST);
        put(0x1a0, &CHIP_ID);
        // CURRENT_ and COMMITTED_ of build, minor and major.
        put(0x1e8, &[4, 52, 1]);
        put(0x1ec, &[4, 52, 1]);
        patch(&mut report, self.patch_report);
        let signature = keys.vcek.sign(SHA384, &report);
        for scalar in [&signature[6..54], &signature[56..104]] {
            report.extend(scalar.iter().rev());
            report.extend([0; 24]);
        }
        report.resize(1184, 0);
        patch(&mut report, self.patch_signed);
        report
    }

    /// What the firmware leaves in NVRAM, in an index that is larger.
    pub fn hcl(&self, keys: &Keys) -> Vec<u8> {
        let size = self.runtime_data.len() as u32;
        let fields = [size + 20, 1, 2, 1, size].map(u32::to_le_bytes).concat();
        let header = [&b"HCLA"[..], &[2, 0, 0, 0], &(size + 1236).to_le_bytes(), &[2, 0, 0, 0], &[0; 16]].concat();
        let mut hcl = [header, self.report(keys), fields, self.runtime_data.clone(), vec![0; 64]].concat();
        patch(&mut hcl, self.patch_hcl);
        hcl
    }

    fn evidence(&self, keys: &Keys) -> Value {
        let mut certificates = certificate::signed(&self.certificates, keys);
        if let Some(patch) = self.patch_chain {
            patch(&mut certificates);
        }
        let mut members = vec![(0, self.kind.into()), (1, Value::Bytes(self.hcl(keys)))];
        if !certificates.is_empty() {
            members.push((2, Value::Array(certificates.into_iter().map(Value::Bytes).collect())));
        }
        Value::map(members)
    }
}

fn patch(bytes: &mut Vec<u8>, patch: Option<Patch>) {
    if let Some(patch) = patch {
        patch(bytes);
    }
}

/// The report of a machine that holds `key`, as evidence carries it (PROTOCOL.md §18.1).
pub fn report(key: &Key, keys: &Keys, change: impl FnOnce(&mut Machine)) -> Value {
    let mut machine = Machine::new(key.modulus());
    change(&mut machine);
    machine.evidence(keys)
}

/// Member `platform` of a policy that trusts this machine and its firmware alone (PROTOCOL.md §7).
pub fn demanded(keys: &Keys) -> Json {
    let root = certificate::signed(&chain(), keys).remove(2);
    let [bootloader, tee, snp, microcode] = TCB;
    json!({
        "kind": "azure-snp",
        "processors": [{
            "arkSha256": hex(&hash(SHA256, &[&root])),
            "minTcb": { "bootloader": bootloader, "tee": tee, "snp": snp, "microcode": microcode },
        }],
        "idKeyDigests": [hex(&ID_KEY_DIGEST)],
        "minGuestSvn": GUEST_SVN,
    })
}
