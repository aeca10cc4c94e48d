//! The fields of a certificate (RFC 5280 §4.1).

use super::{
    assert_accepted, assert_refused,
    builder::{Chain, Draft, basic_constraints, common_name, extension, id_ce, key, sequence, signs, tlv},
};
use crate::{Code, x509::der::tag};

fn accept(change: impl FnOnce(&mut Draft)) {
    assert_accepted(&Chain::with(0, change).signed());
}

fn refuse(code: Code, change: impl FnOnce(&mut Draft)) {
    assert_refused(&Chain::with(0, change).signed(), code, 0);
}

#[test]
fn a_chain_as_rfc_5280_wants_it_is_accepted() {
    accept(|_| {});
}

#[test]
fn only_version_3_is_read() {
    for version in [&[][..], b"\xa0\x03\x02\x01\x00", b"\xa0\x03\x02\x01\x01", b"\xa0\x03\x02\x01\x03"] {
        refuse(Code::CHAIN_VERSION, |draft| draft.version = version.to_vec());
    }
}

#[test]
fn a_serial_number_is_positive_and_has_at_most_20_octets() {
    let serial = |content: &[u8]| tlv(tag::INTEGER, content);
    accept(|draft| draft.serial = serial(&[0x7f; 20]));
    accept(|draft| draft.serial = serial(&[0x00, 0x80]));
    refuse(Code::CHAIN_SERIAL, |draft| draft.serial = serial(&[0x7f; 21]));
    refuse(Code::CHAIN_SERIAL, |draft| draft.serial = serial(&[[0].as_slice(), &[0x80; 20]].concat()));
    refuse(Code::CHAIN_SERIAL, |draft| draft.serial = serial(&[0]));
    refuse(Code::CHAIN_SERIAL, |draft| draft.serial = serial(&[0x80]));
}

#[test]
fn both_signature_algorithms_are_the_same() {
    refuse(Code::CHAIN_ALGORITHM_MISMATCH, |draft| {
        draft.outer_algorithm = Some(b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03".to_vec());
    });
}

#[test]
fn sha_1_and_foreign_parameters_are_no_accepted_signature_algorithm() {
    let refused: [&[u8]; 4] = [
        // ecdsa-with-SHA1, sha1WithRSAEncryption
        b"\x30\x09\x06\x07\x2a\x86\x48\xce\x3d\x04\x01",
        b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00",
        // ecdsa-with-SHA256 with NULL, sha256WithRSAEncryption without
        b"\x30\x0c\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02\x05\x00",
        b"\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b",
    ];
    for algorithm in refused {
        refuse(Code::CHAIN_SIGNATURE_ALGORITHM, |draft| draft.algorithm = algorithm.to_vec());
    }
}

#[test]
fn an_issuer_has_a_name() {
    refuse(Code::CHAIN_NAME, |draft| draft.issuer = common_name(""));
}

#[test]
fn a_subject_is_named_or_has_a_critical_directory_name() {
    let alternative =
        |critical| extension(&id_ce(17), critical, &sequence(&[&tlv(tag::explicit(4), common_name("TPM"))]));
    refuse(Code::CHAIN_NAME, |draft| draft.subject = common_name(""));
    refuse(Code::CHAIN_NAME, |draft| {
        draft.subject = common_name("");
        draft.extensions.push(alternative(false));
    });
    accept(|draft| {
        draft.subject = common_name("");
        draft.extensions.push(alternative(true));
    });
}

#[test]
fn a_name_is_a_sequence_of_sets_of_attributes() {
    let attribute = |kind: u8| sequence(&[&tlv(tag::OBJECT_IDENTIFIER, [0x55, 4, kind]), &tlv(tag::UTF8_STRING, "x")]);
    let named = |sets: &[Vec<u8>]| tlv(tag::SEQUENCE, sets.concat());
    accept(|draft| draft.subject = named(&[tlv(tag::SET, [attribute(3), attribute(10)].concat())]));
    let malformed = [
        named(&[tlv(tag::SET, [])]),
        named(&[attribute(3)]),
        named(&[tlv(tag::SET, tlv(tag::UTF8_STRING, "x"))]),
        named(&[tlv(tag::SET, sequence(&[&tlv(tag::OBJECT_IDENTIFIER, [0x55, 4, 3])]))]),
        named(&[tlv(tag::SET, sequence(&[&attribute(3)[2..], &tlv(tag::UTF8_STRING, "y")]))]),
        named(&[tlv(tag::SET, sequence(&[&tlv(tag::UTF8_STRING, "x"), &tlv(tag::UTF8_STRING, "y")]))]),
        tlv(tag::SET, []),
    ];
    for name in malformed {
        refuse(Code::CHAIN_SYNTAX, |draft| draft.subject = name);
    }
}

#[test]
fn unique_identifiers_are_refused() {
    for number in [1, 2] {
        refuse(Code::CHAIN_SYNTAX, |draft| draft.unique_ids = tlv(tag::implicit(number), [0, 1]));
    }
}

#[test]
fn a_certificate_without_extensions_is_refused() {
    refuse(Code::CHAIN_SYNTAX, |draft| draft.extensions = vec![]);
}

#[test]
fn nothing_follows_the_last_field() {
    let mut chain = Chain::new(1).signed();
    let members = &chain[0][4..].to_vec();
    chain[0] = sequence(&[members, b"\x05\x00"]);
    assert_refused(&chain, Code::CHAIN_SYNTAX, 0);
}

#[test]
fn a_signature_is_of_whole_octets() {
    let mut chain = Chain::new(1);
    let draft = chain.0.remove(0);
    let bits = |unused: u8| sequence(&[&draft.to_be_signed(), &draft.algorithm, &tlv(tag::BIT_STRING, [unused, 0x80])]);
    let authorities = { Chain::new(1).signed()[1..].to_vec() };
    assert_refused(&[vec![bits(1)], authorities.clone()].concat(), Code::CHAIN_SYNTAX, 0);
    assert_refused(&[vec![bits(0)], authorities].concat(), Code::CHAIN_SIGNATURE, 0);
}

#[test]
fn an_extension_stands_once() {
    refuse(Code::CHAIN_DUPLICATE_EXTENSION, |draft| draft.extensions.push(signs()));
    refuse(Code::CHAIN_DUPLICATE_EXTENSION, |draft| {
        let unknown = extension(b"\x2a\x03", false, &[5, 0]);
        draft.extensions = vec![unknown.clone(), basic_constraints(false, None), unknown];
    });
}

#[test]
fn der_is_the_only_encoding() {
    let encodings: [&[u8]; 9] = [
        // BOOLEAN other than ff, INTEGER with a zero too many, BIT STRING with unused bits set, NULL with content
        b"\x01\x01\x01",
        b"\x02\x02\x00\x01",
        b"\x03\x02\x01\x01",
        b"\x05\x01\x00",
        // OBJECT IDENTIFIER unfinished and with a leading zero, UTF8String that is none
        b"\x06\x01\x80",
        b"\x06\x02\x80\x01",
        b"\x0c\x01\xff",
        // SET OF out of order, end-of-contents
        b"\x31\x06\x02\x01\x02\x02\x01\x01",
        b"\x00\x00",
    ];
    for encoding in encodings {
        refuse(Code::CHAIN_ENCODING, |draft| draft.unique_ids = encoding.to_vec());
        refuse(Code::CHAIN_EXTENSION, |draft| draft.extensions.push(extension(b"\x2a\x03", false, encoding)));
    }
}

#[test]
fn lengths_are_definite_minimal_and_within_what_holds_them() {
    let lengths: [&[u8]; 7] = [
        b"\x04\x80\x00\x00",
        b"\x04\x81\x01\x00",
        b"\x04\x82\x00\x01\x00",
        b"\x04\x83\x00\x00\x01\x00",
        b"\x04\x05\x00",
        b"\x1f\x01\x00",
        b"\x04",
    ];
    for encoding in lengths {
        refuse(Code::CHAIN_EXTENSION, |draft| draft.extensions.push(extension(b"\x2a\x03", false, encoding)));
    }
}

#[test]
fn nesting_has_an_end() {
    let nested = |depth: usize| (0..depth).fold(vec![5, 0], |inner, _| tlv(tag::SEQUENCE, inner));
    accept(|draft| draft.extensions.push(extension(b"\x2a\x03", false, &nested(16))));
    refuse(Code::CHAIN_EXTENSION, |draft| draft.extensions.push(extension(b"\x2a\x03", false, &nested(17))));
    refuse(Code::CHAIN_EXTENSION, |draft| draft.extensions.push(extension(b"\x2a\x03", false, &nested(2000))));
}

#[test]
fn a_key_of_another_kind_is_refused() {
    let ed25519 =
        sequence(&[b"\x30\x05\x06\x03\x2b\x65\x70", &tlv(tag::BIT_STRING, [[0].as_slice(), &[1; 32]].concat())]);
    refuse(Code::CHAIN_KEY, |draft| draft.key_info = ed25519);
    let info = super::builder::key_info(&key(1));
    refuse(Code::CHAIN_KEY, |draft| {
        // The y of a point that is not on the curve.
        let last = draft.key_info.len() - 1;
        draft.key_info[last] ^= 1;
    });
    refuse(Code::CHAIN_KEY, |draft| {
        let (x, algorithm) = (&info[27..59], &info[2..23]);
        draft.key_info = sequence(&[algorithm, &tlv(tag::BIT_STRING, [&[0, 2], x].concat())]);
    });
}
