//! Certificates of endorsement keys and the keys that are enrolled by them (PROTOCOL.md §22.2).

use serde_json::Value;

use super::{
    NOW_MS,
    builder::{
        Chain, Draft, basic_constraints, common_name, extension, id_ce, key, key_usage, purposes, sequence, signs,
        signs_certificates, tlv,
    },
};
use crate::{enrolment::report, hash::sha256, x509::der::tag};

const EK: &[u8] = b"\x67\x81\x05\x08\x01";
const AIK: &[u8] = b"\x67\x81\x05\x08\x03";

/// The attributes of a TPM by the last octet of their identifiers.
fn alt_name(attributes: &[(u8, &str)]) -> Vec<u8> {
    let attribute = |(number, text): &(u8, &str)| {
        let identifier = tlv(tag::OBJECT_IDENTIFIER, [b"\x67\x81\x05\x02".as_slice(), &[*number]].concat());
        tlv(tag::SET, sequence(&[&identifier, &tlv(tag::UTF8_STRING, text)]))
    };
    let name = sequence(&[&attributes.iter().flat_map(attribute).collect::<Vec<u8>>()]);
    extension(&id_ce(17), true, &sequence(&[&tlv(tag::explicit(4), name)]))
}

const TPM: [(u8, &str); 3] = [(1, "id:00001014"), (2, "swtpm"), (3, "id:20191023")];

fn agrees() -> Vec<u8> {
    key_usage(3, 0x08)
}

/// A chain whose leaf is of an endorsement key on P-256.
fn endorsement(change: impl FnOnce(&mut Draft)) -> Chain {
    Chain::with(0, |leaf| {
        leaf.subject = common_name("");
        leaf.extensions = vec![basic_constraints(false, None), agrees(), purposes(&[EK]), alt_name(&TPM)];
        change(leaf);
    })
}

fn with(extensions: [Vec<u8>; 3]) -> Chain {
    endorsement(|leaf| leaf.extensions = extensions.to_vec())
}

/// TPMT_PUBLIC of an attestation key (TPM 2.0 Part 2 §12.2.4) with these objectAttributes.
fn attestation_key(attributes: u32) -> Vec<u8> {
    let point = key(9).verifying_key().to_sec1_point(false);
    let coordinates = point.as_bytes()[1..].chunks(32).map(|number| [&[0, 32], number].concat());
    let head = [b"\x00\x23\x00\x0b".as_slice(), &attributes.to_be_bytes(), b"\0\0\0\x10\0\x18\0\x0b\0\x03\0\x10"];
    [head.concat(), coordinates.flatten().collect()].concat()
}

fn report_of(ak: &[u8], template: &str, chain: &[Vec<u8>], root: Option<&[u8; 32]>, now_ms: u64) -> Value {
    let slices: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
    serde_json::from_str(&report(ak, template, &slices, root, now_ms)).unwrap()
}

/// What is said of a chain whose root is pinned.
fn chain_code(chain: &Chain) -> String {
    let chain = chain.signed();
    let root = sha256(&[chain.last().unwrap()]);
    report_of(&attestation_key(0x0005_0472), "ecc-p256", &chain, Some(&root), NOW_MS)["code"].as_str().unwrap().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_report_has_what_a_credential_and_a_record_need() {
    let mut chain = endorsement(|_| ()).signed();
    let root = sha256(&[chain.last().unwrap()]);
    let ak = attestation_key(0x0005_0472);
    let leaf = sha256(&[&chain[0]]);
    // As it stands in NVRAM.
    chain[0].extend([0; 7]);
    let point = key(1).verifying_key().to_sec1_point(false);
    let expected = serde_json::json!({
        "code": "ok",
        "akName": format!("000b{}", hex(&sha256(&[&ak]))),
        "akPublicSha256": hex(&sha256(&[&ak])),
        "ekCertificateSha256": hex(&leaf),
        "manufacturer": "id:00001014",
        "model": "swtpm",
        "firmware": "id:20191023",
        "key": [hex(&point.as_bytes()[1..33]), hex(&point.as_bytes()[33..])],
    });
    assert_eq!(report_of(&ak, "ecc-p256", &chain, Some(&root), NOW_MS), expected);
    assert_eq!(report_of(&ak, "ecc-p256", &chain[..1], None, NOW_MS), expected, "the same, and nothing vouches for it");
    assert_eq!(report_of(&ak, "ecc-p256", &chain, None, NOW_MS)["code"], "chain.length");
}

#[test]
fn the_leaf_is_an_endorsement_key_and_nothing_else() {
    assert_eq!(chain_code(&endorsement(|_| ())), "ok");
    // Beside keyAgreement, contentCommitment says nothing; digitalSignature is an attestation key.
    assert_eq!(chain_code(&with([key_usage(3, 0x88), purposes(&[EK]), alt_name(&TPM)])), "chain.leaf_key_usage");
    assert_eq!(chain_code(&with([key_usage(5, 0x20), purposes(&[EK]), alt_name(&TPM)])), "chain.leaf_key_usage");
    assert_eq!(chain_code(&with([signs(), purposes(&[EK]), alt_name(&TPM)])), "chain.leaf_key_usage");
    assert_eq!(chain_code(&with([agrees(), purposes(&[AIK]), alt_name(&TPM)])), "chain.leaf_purpose");
    assert_eq!(chain_code(&with([agrees(), vec![], alt_name(&TPM)])), "chain.leaf_purpose");
    for (missing, attribute) in TPM.iter().enumerate() {
        let two: Vec<_> = TPM.into_iter().filter(|other| other != attribute).collect();
        assert_eq!(chain_code(&with([agrees(), purposes(&[EK]), alt_name(&two)])), "chain.leaf_name", "{missing}");
        let four = [&TPM[..], &[*attribute]].concat();
        assert_eq!(
            chain_code(&with([agrees(), purposes(&[EK]), alt_name(&four)])),
            "chain.leaf_name",
            "{missing} twice"
        );
    }
    let authority = [basic_constraints(true, None), agrees(), [purposes(&[EK]), alt_name(&TPM)].concat()];
    assert_eq!(chain_code(&with(authority)), "chain.leaf_ca");
}

#[test]
fn the_path_holds_up_to_the_root_that_is_pinned() {
    let chain = endorsement(|_| ()).signed();
    let ak = attestation_key(0x0005_0472);
    let root = sha256(&[chain.last().unwrap()]);
    let code = |chain: &[Vec<u8>], root, now| report_of(&ak, "ecc-p256", chain, Some(root), now)["code"].clone();
    assert_eq!(code(&chain, &root, NOW_MS), "ok");
    assert_eq!(code(&chain, &[0; 32], NOW_MS), "chain.root");
    assert_eq!(code(&chain, &root, NOW_MS * 2), "chain.expired");
    assert_eq!(code(&[chain[0].clone(), chain[2].clone()], &root, NOW_MS), "chain.issuer");
    let mut forged = chain.clone();
    *forged[0].last_mut().unwrap() ^= 1;
    assert_eq!(code(&forged, &root, NOW_MS), "chain.signature");
    // An authority that may certify attestation keys alone.
    let mut limited = endorsement(|_| ());
    limited.0[1].extensions = vec![basic_constraints(true, None), signs_certificates(), purposes(&[AIK])];
    assert_eq!(chain_code(&limited), "chain.ca_purpose");
    limited.0[1].extensions[2] = purposes(&[AIK, EK]);
    assert_eq!(chain_code(&limited), "ok");
}

#[test]
fn the_key_is_of_the_template_and_the_attestation_key_of_section_6() {
    let chain = endorsement(|_| ()).signed();
    let root = sha256(&[chain.last().unwrap()]);
    let code = |ak: &[u8], template| report_of(ak, template, &chain, Some(&root), NOW_MS)["code"].clone();
    let good = attestation_key(0x0005_0472);
    assert_eq!(code(&good, "ecc-p256"), "ok");
    for template in ["ecc-p384", "rsa-2048", ""] {
        assert_eq!(code(&good, template), "chain.key", "{template}");
    }
    // Not restricted, not fixedTPM, and able to decrypt.
    for attributes in [0x0004_0472, 0x0005_0470, 0x0007_0472] {
        assert_eq!(code(&attestation_key(attributes), "ecc-p256"), "ak.attributes", "{attributes:x}");
    }
    assert_eq!(code(&good[..good.len() - 1], "ecc-p256"), "ak.syntax");
}
