//! What the leaves of each issuer must be, beyond RFC 5280.

use super::{
    NOW_MS,
    builder::{
        Chain, Draft, basic_constraints, common_name, extension, id_ce, integer, key, key_usage, purposes, sequence,
        signs, tlv,
    },
};
use crate::{
    Code,
    hash::{HashAlgorithm, sha256},
    signature::{PublicKey, ecdsa},
    tpm::{AttestationKey, Scheme},
    x509::{
        der::tag,
        profiles::{ChainAnchor, InstancePins, Profile, VmKind},
    },
};

const EK: &[u8] = b"\x67\x81\x05\x08\x01";
const AIK: &[u8] = b"\x67\x81\x05\x08\x03";
const SERVER_AUTH: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x01";
const ANY: &[u8] = b"\x55\x1d\x25\x00";

/// What `profile` says of a generated chain whose root it pins.
fn code(profile: &Profile, chain: &Chain) -> Code {
    let chain = chain.signed();
    let slices: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
    let anchor = ChainAnchor { root_sha256: &sha256(&[slices[slices.len() - 1]]), profile: profile.clone() };
    anchor.validate(&slices, NOW_MS, &|_| false).map_or_else(|rejection| rejection.code, |_| Code::OK)
}

fn leaf(extensions: Vec<Vec<u8>>) -> Chain {
    Chain::with(0, |leaf| leaf.extensions = extensions)
}

fn attestation() -> Chain {
    leaf(vec![signs(), purposes(&[AIK])])
}

#[test]
fn an_attestation_key_signs_and_does_nothing_else() {
    let usage = |usage: Option<Vec<u8>>| leaf([Some(purposes(&[AIK])), usage].into_iter().flatten().collect());
    let code = |usage| code(&Profile::CustomCa, &usage);
    assert_eq!(code(usage(Some(signs()))), Code::OK);
    // with contentCommitment
    assert_eq!(code(usage(Some(key_usage(6, 0xc0)))), Code::OK);
    assert_eq!(code(usage(None)), Code::CHAIN_LEAF_KEY_USAGE);
    // keyEncipherment as on an RSA endorsement key, keyAgreement as on an ECC one, alone and beside digitalSignature
    for (unused, bits) in [(5, 0x20), (5, 0xa0), (3, 0x08), (3, 0x88), (4, 0x90), (2, 0x84), (6, 0x40)] {
        assert_eq!(code(usage(Some(key_usage(unused, bits)))), Code::CHAIN_LEAF_KEY_USAGE, "{bits:02x}");
    }
    let decipher_only = extension(&id_ce(15), true, b"\x03\x03\x07\x80\x80");
    assert_eq!(code(usage(Some(decipher_only))), Code::CHAIN_LEAF_KEY_USAGE);
}

#[test]
fn azure_and_custom_leaves_name_the_purpose_of_an_attestation_key() {
    for profile in [Profile::Azure(None), Profile::CustomCa] {
        assert_eq!(code(&profile, &attestation()), Code::OK);
        assert_eq!(code(&profile, &leaf(vec![signs(), purposes(&[SERVER_AUTH, AIK])])), Code::OK);
        for refused in [&[EK][..], &[AIK, EK], &[SERVER_AUTH], &[ANY]] {
            assert_eq!(code(&profile, &leaf(vec![signs(), purposes(refused)])), Code::CHAIN_LEAF_PURPOSE);
        }
        assert_eq!(code(&profile, &leaf(vec![signs()])), Code::CHAIN_LEAF_PURPOSE);
    }
}

#[test]
fn an_authority_for_other_purposes_certifies_no_attestation_key() {
    for index in [1, 2] {
        let limited = |allowed: &[&[u8]]| {
            let mut chain = attestation();
            chain.0[index].extensions.push(purposes(allowed));
            chain
        };
        for profile in [Profile::Azure(None), Profile::CustomCa] {
            assert_eq!(code(&profile, &limited(&[EK, AIK])), Code::OK);
            assert_eq!(code(&profile, &limited(&[ANY])), Code::OK);
            assert_eq!(code(&profile, &limited(&[SERVER_AUTH])), Code::CHAIN_CA_PURPOSE);
            assert_eq!(code(&profile, &limited(&[EK])), Code::CHAIN_CA_PURPOSE);
        }
    }
}

fn azure(name: &str, policy: &[u8]) -> Chain {
    let policies = sequence(&[&sequence(&[&tlv(tag::OBJECT_IDENTIFIER, policy)])]);
    Chain::with(0, |leaf| {
        leaf.subject = common_name(name);
        leaf.extensions = vec![signs(), purposes(&[AIK]), extension(&id_ce(32), false, &policies)];
    })
}

#[test]
fn azure_machines_are_of_the_kind_that_is_demanded() {
    let vtpm = b"\x2b\x06\x01\x04\x01\x82\x37\x6c";
    let below = |arcs: &[u8]| [vtpm, arcs].concat();
    let (confidential, trusted) = ("a.ConfidentialVM.Azure.windows.net", "a.TrustedVM.Azure.windows.net");
    let is = |kind, name, policy: &[u8]| code(&Profile::Azure(Some(kind)), &azure(name, policy));
    for number in [1, 2] {
        assert_eq!(is(VmKind::Confidential, confidential, &below(&[0x81, 0x48, number])), Code::OK);
    }
    assert_eq!(is(VmKind::Trusted, trusted, vtpm), Code::OK);
    assert_eq!(is(VmKind::Confidential, trusted, vtpm), Code::CHAIN_VM_KIND);
    assert_eq!(is(VmKind::Trusted, confidential, &below(&[0x81, 0x48, 1])), Code::CHAIN_VM_KIND);
    // Name and policy disagree, or are of a kind that is not known.
    assert_eq!(is(VmKind::Confidential, confidential, vtpm), Code::CHAIN_VM_KIND);
    assert_eq!(is(VmKind::Confidential, confidential, &below(&[0x81, 0x48, 3])), Code::CHAIN_VM_KIND);
    assert_eq!(is(VmKind::Trusted, trusted, &below(&[0x81, 0x48, 1])), Code::CHAIN_VM_KIND);
    assert_eq!(is(VmKind::Trusted, "a.OtherVM.Azure.windows.net", vtpm), Code::CHAIN_VM_KIND);
    assert_eq!(code(&Profile::Azure(None), &azure("a.OtherVM.Azure.windows.net", vtpm)), Code::OK);
    // Two common names, of which one would do.
    let mut both = azure(trusted, vtpm);
    both.0[0].subject = tlv(tag::SEQUENCE, [&common_name("a")[2..], &common_name(trusted)[2..]].concat());
    assert_eq!(code(&Profile::Azure(Some(VmKind::Trusted)), &both), Code::CHAIN_VM_KIND);
}

/// The members of an instance, as Google writes them.
fn instance_members() -> Vec<Vec<u8>> {
    let text = |text: &str| tlv(tag::UTF8_STRING, text);
    let properties = sequence(&[
        &tlv(tag::explicit(0), integer(&[0])),
        &tlv(tag::explicit(1), [1, 1, 0xff]),
        &tlv(tag::explicit(2), [1, 1, 0xff]),
        &tlv(tag::explicit(3), integer(&[0])),
    ]);
    vec![
        text("europe-west4-a"),
        integer(&1234_u16.to_be_bytes()),
        text("some-project"),
        integer(&u64::MAX.to_be_bytes()),
        text("some-machine"),
        tlv(tag::explicit(0), properties),
    ]
}

fn instance(members: &[Vec<u8>]) -> Vec<u8> {
    extension(b"\x2b\x06\x01\x04\x01\xd6\x79\x02\x01\x15", false, &tlv(tag::SEQUENCE, members.concat()))
}

fn gcp(members: &[Vec<u8>]) -> Chain {
    leaf(vec![signs(), basic_constraints(false, None), instance(members)])
}

fn gcp_code(chain: &Chain) -> Code {
    code(&Profile::Gcp(InstancePins::default()), chain)
}

#[test]
fn gcp_leaves_have_no_purpose_and_name_an_instance() {
    assert_eq!(gcp_code(&gcp(&instance_members())), Code::OK);
    assert_eq!(gcp_code(&leaf(vec![signs()])), Code::CHAIN_INSTANCE);
    for purpose in [EK, AIK, SERVER_AUTH] {
        let chain = leaf(vec![signs(), instance(&instance_members()), purposes(&[purpose])]);
        assert_eq!(gcp_code(&chain), Code::CHAIN_LEAF_PURPOSE);
    }
}

#[test]
fn an_instance_is_complete_and_for_production() {
    let replaced = |index: usize, with: Vec<u8>| {
        let mut members = instance_members();
        members[index] = with;
        gcp_code(&gcp(&members))
    };
    for index in 0..6 {
        assert_eq!(replaced(index, vec![]), Code::CHAIN_INSTANCE);
        assert_eq!(replaced(index, vec![5, 0]), Code::CHAIN_INSTANCE);
    }
    for index in [1, 3] {
        assert_eq!(replaced(index, tlv(tag::INTEGER, [0xff])), Code::CHAIN_INSTANCE);
    }
    let properties = |members: &[&[u8]]| replaced(5, tlv(tag::explicit(0), sequence(members)));
    let version = tlv(tag::explicit(0), integer(&[0]));
    assert_eq!(properties(&[&version, b"\xa1\x03\x01\x01\xff"]), Code::OK);
    assert_eq!(properties(&[&version, b"\xa1\x03\x01\x01\x00"]), Code::CHAIN_INSTANCE);
    assert_eq!(properties(&[&version]), Code::CHAIN_INSTANCE);
    assert_eq!(properties(&[b"\xa1\x03\x01\x01\xff"]), Code::CHAIN_INSTANCE);
    let more = [instance_members(), vec![vec![5, 0]]].concat();
    assert_eq!(gcp_code(&gcp(&more)), Code::CHAIN_INSTANCE);
}

#[test]
fn each_pinned_member_of_an_instance_is_compared() {
    let own = InstancePins {
        zone: Some("europe-west4-a"),
        project_number: Some(1234),
        project_id: Some("some-project"),
        instance_id: Some(u64::MAX),
        instance_name: Some("some-machine"),
    };
    let chain = gcp(&instance_members());
    let with = |pins| code(&Profile::Gcp(pins), &chain);
    assert_eq!(with(own.clone()), Code::OK);
    for other in [
        InstancePins { zone: Some("europe-west4-b"), ..own.clone() },
        InstancePins { project_number: Some(1235), ..own.clone() },
        InstancePins { project_number: Some(0), ..own.clone() },
        InstancePins { project_number: Some(1234 << 8), ..own.clone() },
        InstancePins { project_id: Some("some-project-2"), ..own.clone() },
        InstancePins { instance_id: Some(u64::MAX - 1), ..own.clone() },
        InstancePins { instance_name: Some(""), ..own.clone() },
    ] {
        assert_eq!(with(other), Code::CHAIN_INSTANCE_MISMATCH);
    }
    let mut zero = instance_members();
    zero[1] = integer(&[0]);
    let pins = InstancePins { project_number: Some(0), ..InstancePins::default() };
    assert_eq!(code(&Profile::Gcp(pins.clone()), &gcp(&zero)), Code::OK);
    zero[1] = integer(&[&[1][..], &[0; 8]].concat());
    assert_eq!(code(&Profile::Gcp(pins), &gcp(&zero)), Code::CHAIN_INSTANCE_MISMATCH);
}

fn legacy(change: impl FnOnce(&mut Draft)) -> Code {
    let manufacturer = tlv(tag::OBJECT_IDENTIFIER, b"\x67\x81\x05\x02\x01");
    let attribute = sequence(&[&manufacturer, &tlv(tag::UTF8_STRING, "id:474F4F47")]);
    let chain = Chain::with(0, |leaf| {
        leaf.subject = common_name("");
        leaf.extensions = vec![
            signs(),
            purposes(&[EK]),
            instance(&instance_members()),
            alt_name(true, &sequence(&[&tlv(tag::SET, attribute)])),
        ];
        change(leaf);
    });
    code(&Profile::GcpLegacy(InstancePins::default()), &chain)
}

fn alt_name(critical: bool, name: &[u8]) -> Vec<u8> {
    extension(&id_ce(17), critical, &sequence(&[&tlv(tag::explicit(4), name)]))
}

#[test]
fn legacy_gcp_leaves_are_described_by_their_critical_alternative_name() {
    assert_eq!(legacy(|_| {}), Code::OK);
    assert_eq!(legacy(|leaf| leaf.subject = common_name("named")), Code::CHAIN_LEAF_NAME);
    assert_eq!(legacy(|leaf| leaf.extensions[3] = alt_name(true, &common_name("TPM"))), Code::CHAIN_LEAF_NAME);
    assert_eq!(legacy(|leaf| leaf.extensions[1] = purposes(&[AIK])), Code::CHAIN_LEAF_PURPOSE);
    assert_eq!(legacy(|leaf| drop(leaf.extensions.remove(1))), Code::CHAIN_LEAF_PURPOSE);
    assert_eq!(legacy(|leaf| leaf.extensions[0] = key_usage(5, 0x20)), Code::CHAIN_LEAF_KEY_USAGE);
    assert_eq!(legacy(|leaf| drop(leaf.extensions.remove(2))), Code::CHAIN_INSTANCE);
}

#[test]
fn a_chain_vouches_for_the_key_of_its_leaf_and_for_no_other() {
    let chain = attestation().signed();
    let slices: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
    let anchor = ChainAnchor { root_sha256: &sha256(&[slices[2]]), profile: Profile::CustomCa };
    let ak = |seed| {
        let point = key(seed).verifying_key().to_sec1_point(false);
        let point = ecdsa::PublicKey::new(point.x().unwrap(), point.y().unwrap()).unwrap();
        AttestationKey { key: PublicKey::EcP256(point), scheme: Scheme::Ecdsa, hash: HashAlgorithm::Sha256 }
    };
    anchor.vouches_for(&ak(1), &slices, NOW_MS, &|_| false).unwrap();
    assert_eq!(anchor.vouches_for(&ak(2), &slices, NOW_MS, &|_| false).unwrap_err().code, Code::CHAIN_KEY_MISMATCH);
    assert_eq!(anchor.vouches_for(&ak(1), &[], NOW_MS, &|_| false).unwrap_err().code, Code::CHAIN_LENGTH);
}

#[test]
fn a_root_of_no_known_cloud_has_the_rules_of_a_custom_ca() {
    assert!(matches!(Profile::of_root(&[0; 32]), Profile::CustomCa));
}
