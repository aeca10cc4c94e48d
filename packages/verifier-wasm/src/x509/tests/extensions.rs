//! Extensions (RFC 5280 §4.2).

use super::{
    assert_accepted, assert_refused,
    builder::{Chain, common_name, extension, id_ce, sequence, tlv},
};
use crate::{Code, x509::der::tag};

fn accept(extension: Vec<u8>) {
    assert_accepted(&Chain::with(0, |draft| draft.extensions.push(extension)).signed());
}

fn refuse(code: Code, extension: Vec<u8>) {
    assert_refused(&Chain::with(0, |draft| draft.extensions.push(extension)).signed(), code, 0);
}

/// The leaf with this one extension.
fn only(extension: Vec<u8>) -> Vec<Vec<u8>> {
    Chain::with(0, |draft| draft.extensions = vec![extension]).signed()
}

const NULL: &[u8] = &[5, 0];

#[test]
fn an_unknown_extension_is_passed_over_unless_it_is_critical() {
    accept(extension(b"\x2a\x03", false, NULL));
    refuse(Code::CHAIN_CRITICAL_EXTENSION, extension(b"\x2a\x03", true, NULL));
    // cRLDistributionPoints, authorityInfoAccess: known, but nothing here acts on them
    refuse(Code::CHAIN_CRITICAL_EXTENSION, extension(&id_ce(31), true, &sequence(&[])));
    refuse(Code::CHAIN_CRITICAL_EXTENSION, extension(b"\x2b\x06\x01\x05\x05\x07\x01\x01", true, &sequence(&[])));
}

#[test]
fn a_critical_of_false_is_left_out() {
    let written = sequence(&[&tlv(tag::OBJECT_IDENTIFIER, b"\x2a\x03"), &[1, 1, 0], &tlv(tag::OCTET_STRING, NULL)]);
    refuse(Code::CHAIN_SYNTAX, written);
}

#[test]
fn an_extension_holds_one_element() {
    for value in [&[][..], b"\x05\x00\x05\x00", b"\x05\x00\x00"] {
        refuse(Code::CHAIN_EXTENSION, extension(b"\x2a\x03", false, value));
    }
    refuse(Code::CHAIN_SYNTAX, sequence(&[&tlv(tag::OBJECT_IDENTIFIER, b"\x2a\x03"), NULL]));
    refuse(
        Code::CHAIN_SYNTAX,
        sequence(&[&tlv(tag::OBJECT_IDENTIFIER, b"\x2a\x03"), &tlv(tag::OCTET_STRING, NULL), NULL]),
    );
}

#[test]
fn basic_constraints_are_canonical_and_limit_only_authorities() {
    let constraints = |value: &[u8]| only(extension(&id_ce(19), true, value));
    assert_accepted(&constraints(b"\x30\x00"));
    // FALSE written out; a limit without authority; negative; something after; another type
    for value in [
        &b"\x30\x03\x01\x01\x00"[..],
        b"\x30\x03\x02\x01\x00",
        b"\x30\x06\x01\x01\xff\x02\x01\xff",
        b"\x30\x02\x05\x00",
        NULL,
    ] {
        assert_refused(&constraints(value), Code::CHAIN_EXTENSION, 0);
    }
}

#[test]
fn key_usage_is_a_minimal_named_bit_list() {
    let usage = |value: &[u8]| only(extension(&id_ce(15), true, value));
    assert_accepted(&usage(b"\x03\x02\x07\x80"));
    assert_accepted(&usage(b"\x03\x03\x07\x80\x80"));
    // trailing zero bits, none set, a tenth bit, a third octet, another type
    for value in [
        &b"\x03\x02\x06\x80"[..],
        b"\x03\x02\x00\x00",
        b"\x03\x01\x00",
        b"\x03\x03\x06\x80\x40",
        b"\x03\x03\x07\x80\x00",
        b"\x03\x04\x07\x80\x00\x80",
        NULL,
    ] {
        assert_refused(&usage(value), Code::CHAIN_EXTENSION, 0);
    }
}

#[test]
fn ext_key_usage_lists_identifiers() {
    accept(extension(&id_ce(37), true, &sequence(&[b"\x06\x01\x2a"])));
    for value in [sequence(&[]), sequence(&[NULL]), sequence(&[b"\x06\x01\x2a", NULL]), NULL.to_vec()] {
        refuse(Code::CHAIN_EXTENSION, extension(&id_ce(37), false, &value));
    }
}

#[test]
fn policies_are_listed_once_each() {
    let policy = |id: u8, rest: &[u8]| sequence(&[&tlv(tag::OBJECT_IDENTIFIER, [id]), rest]);
    let qualifiers = sequence(&[&sequence(&[b"\x06\x01\x2a", b"\x16\x01a"])]);
    accept(extension(&id_ce(32), true, &sequence(&[&policy(1, &[]), &policy(2, &qualifiers)])));
    for value in [
        sequence(&[]),
        sequence(&[&policy(1, &[]), &policy(1, &[])]),
        sequence(&[&policy(1, NULL)]),
        sequence(&[&policy(1, &sequence(&[]))]),
        sequence(&[&policy(1, &[qualifiers.clone(), qualifiers].concat())]),
        sequence(&[NULL]),
    ] {
        refuse(Code::CHAIN_EXTENSION, extension(&id_ce(32), false, &value));
    }
}

#[test]
fn a_critical_alternative_name_holds_only_directory_names() {
    let directory = tlv(tag::explicit(4), common_name("TPM"));
    let names = |critical, names: &[&[u8]]| extension(&id_ce(17), critical, &sequence(names));
    let host: &[u8] = b"\x82\x01a";
    accept(names(true, &[&directory, &directory]));
    accept(names(false, &[&directory, host]));
    refuse(Code::CHAIN_CRITICAL_EXTENSION, names(true, &[&directory, host]));
    refuse(Code::CHAIN_CRITICAL_EXTENSION, names(true, &[host]));
    for malformed in
        [&[][..], &[NULL], &[b"\xa4\x00"], &[b"\x89\x00"], &[b"\xa4\x04\x30\x00\x05\x00"], &[b"\xa4\x02\x05\x00"]]
    {
        refuse(Code::CHAIN_EXTENSION, names(true, malformed));
        refuse(Code::CHAIN_EXTENSION, names(false, malformed));
    }
}

#[test]
fn key_identifiers_are_well_formed() {
    let issuer = tlv(tag::explicit(1), tlv(tag::explicit(4), common_name("CA")));
    let authority = |members: &[&[u8]]| extension(&id_ce(35), false, &sequence(members));
    accept(extension(&id_ce(14), false, b"\x04\x01\x01"));
    refuse(Code::CHAIN_EXTENSION, extension(&id_ce(14), false, NULL));
    accept(authority(&[b"\x80\x01\x01"]));
    accept(authority(&[b"\x80\x01\x01", &issuer, b"\x82\x01\x01"]));
    for members in [
        &[&issuer[..]][..],
        &[b"\x82\x01\x01"],
        &[b"\x82\x01\x01", b"\x80\x01\x01"],
        &[NULL],
        &[b"\xa1\x00", b"\x82\x01\x01"],
    ] {
        refuse(Code::CHAIN_EXTENSION, authority(members));
    }
}

#[test]
fn constraints_on_names_and_policies_are_refused_on_every_certificate() {
    let constraints = [
        (30, Code::CHAIN_NAME_CONSTRAINTS),
        (33, Code::CHAIN_POLICY_CONSTRAINTS),
        (36, Code::CHAIN_POLICY_CONSTRAINTS),
        (54, Code::CHAIN_POLICY_CONSTRAINTS),
    ];
    for (number, code) in constraints {
        for index in 0..3 {
            for critical in [true, false] {
                let constrained = extension(&id_ce(number), critical, &sequence(&[]));
                let chain = Chain::with(index, |draft| draft.extensions.push(constrained));
                assert_refused(&chain.signed(), code, index);
            }
        }
    }
}
