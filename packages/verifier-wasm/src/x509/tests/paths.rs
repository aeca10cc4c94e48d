//! Path validation (RFC 5280 §6.1).

use super::{
    NOW_MS, assert_accepted, assert_refused,
    builder::{Chain, basic_constraints, common_name, key, key_usage, signs, signs_certificates, tlv},
    outcome, outcome_at,
};
use crate::{
    Code,
    hash::sha256,
    x509::{
        der::tag,
        form::Form,
        path::{Conditions, validate},
    },
};

#[test]
fn a_chain_has_2_to_8_certificates() {
    assert_accepted(&Chain::new(0).signed());
    assert_accepted(&Chain::new(6).signed());
    let refused = |chain: &[Vec<u8>]| outcome(chain).expect_err("refused").code;
    assert_eq!(refused(&Chain::new(7).signed()), Code::CHAIN_LENGTH);
    assert_eq!(refused(&Chain::new(0).signed()[1..]), Code::CHAIN_LENGTH);
    let none = validate(&[], &Conditions { root_sha256: &[0; 32], at_ms: NOW_MS, purpose: None, form: Form::Rfc5280 });
    assert_eq!(none.expect_err("refused").code, Code::CHAIN_LENGTH);
}

#[test]
fn the_root_is_the_pinned_one() {
    let chain = Chain::new(1).signed();
    let slices: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
    for pinned in [[0; 32], sha256(&[slices[1]])] {
        let outcome =
            validate(&slices, &Conditions { root_sha256: &pinned, at_ms: NOW_MS, purpose: None, form: Form::Rfc5280 });
        assert_eq!(outcome.expect_err("refused").code, Code::CHAIN_ROOT);
    }
}

#[test]
fn the_pinned_root_signed_itself() {
    let mut chain = Chain::new(1);
    assert_refused(&chain.signed()[..2], Code::CHAIN_ISSUER, 1);
    let root = chain.0.pop().unwrap();
    let resigned = [&chain.signed()[..1], &[chain.0[1].signed_by(&key(3)), root.signed_by(&key(9))]].concat();
    assert_refused(&resigned, Code::CHAIN_SIGNATURE, 2);
}

#[test]
fn certificates_stand_in_order() {
    let chain = Chain::new(2).signed();
    let order = |indices: [usize; 4]| indices.map(|index| chain[index].clone());
    assert_accepted(&order([0, 1, 2, 3]));
    assert_refused(&order([0, 2, 1, 3]), Code::CHAIN_ISSUER, 2);
    assert_refused(&order([1, 0, 2, 3]), Code::CHAIN_ISSUER, 1);
    assert_refused(&[chain[0].clone(), chain[2].clone(), chain[3].clone()], Code::CHAIN_ISSUER, 0);
}

#[test]
fn issuer_and_subject_are_the_same_bytes() {
    // The same text as another type of string, which RFC 5280 §7.1 would call equal.
    let printable = |mut name: Vec<u8>| {
        let string = name.iter().position(|byte| *byte == tag::UTF8_STRING).unwrap();
        name[string] = 0x13;
        name
    };
    assert_refused(
        &Chain::with(0, |leaf| leaf.issuer = printable(common_name("CA 1"))).signed(),
        Code::CHAIN_ISSUER,
        0,
    );
    assert_refused(&Chain::with(0, |leaf| leaf.issuer = common_name("CA 2")).signed(), Code::CHAIN_ISSUER, 0);
}

#[test]
fn each_certificate_is_signed_by_the_next() {
    for index in 0..3 {
        let drafts = Chain::new(1);
        let mut chain = drafts.signed();
        chain[index] = drafts.0[index].signed_by(&key(9));
        assert_refused(&chain, Code::CHAIN_SIGNATURE, index);
    }
}

#[test]
fn validity_includes_both_ends_to_the_second() {
    for index in 0..3 {
        let chain = Chain::with(index, |draft| {
            draft.not_before = tlv(tag::UTC_TIME, "260101000000Z");
            draft.not_after = tlv(tag::UTC_TIME, "260101000002Z");
        });
        let chain = chain.signed();
        let code_at = |at_ms| outcome_at(&chain, at_ms).map_or_else(|rejection| rejection.code, |_| Code::OK);
        assert_eq!(code_at(NOW_MS - 1), Code::CHAIN_NOT_YET_VALID);
        assert_eq!(code_at(NOW_MS), Code::OK);
        assert_eq!(code_at(NOW_MS + 2999), Code::OK);
        assert_eq!(code_at(NOW_MS + 3000), Code::CHAIN_EXPIRED);
        assert_eq!(code_at(u64::MAX), Code::CHAIN_EXPIRED);
        assert_eq!(code_at(0), Code::CHAIN_NOT_YET_VALID);
    }
}

#[test]
fn only_an_authority_issues() {
    for index in [1, 2] {
        let without = Chain::with(index, |draft| draft.extensions = vec![signs_certificates()]);
        assert_refused(&without.signed(), Code::CHAIN_NOT_CA, index);
        let denied = Chain::with(index, |draft| draft.extensions[0] = basic_constraints(false, None));
        assert_refused(&denied.signed(), Code::CHAIN_NOT_CA, index);
    }
}

#[test]
fn an_authority_may_sign_certificates() {
    for index in [1, 2] {
        let without = Chain::with(index, |draft| drop(draft.extensions.pop()));
        assert_refused(&without.signed(), Code::CHAIN_KEY_CERT_SIGN, index);
        // cRLSign alone
        let denied = Chain::with(index, |draft| draft.extensions[1] = key_usage(1, 0x02));
        assert_refused(&denied.signed(), Code::CHAIN_KEY_CERT_SIGN, index);
    }
}

#[test]
fn a_leaf_is_no_authority() {
    let chain = Chain::with(0, |leaf| leaf.extensions = vec![basic_constraints(true, None), signs()]);
    assert_refused(&chain.signed(), Code::CHAIN_LEAF_CA, 0);
    assert_accepted(&Chain::with(0, |leaf| leaf.extensions = vec![signs()]).signed());
}

/// `limits` from the leaf's issuer to the root.
fn limited(limits: [Option<u8>; 3]) -> Chain {
    let mut chain = Chain::new(2);
    for (draft, limit) in chain.0.iter_mut().skip(1).zip(limits) {
        draft.extensions[0] = basic_constraints(true, limit);
    }
    chain
}

#[test]
fn no_more_intermediates_follow_than_an_authority_allows() {
    for allowed in
        [[Some(0), Some(1), Some(2)], [None, None, Some(2)], [Some(5), Some(1), None], [Some(0), None, Some(200)]]
    {
        assert_accepted(&limited(allowed).signed());
    }
    assert_refused(&limited([None, Some(0), None]).signed(), Code::CHAIN_PATH_LENGTH, 1);
    assert_refused(&limited([None, None, Some(1)]).signed(), Code::CHAIN_PATH_LENGTH, 1);
    assert_refused(&limited([None, None, Some(0)]).signed(), Code::CHAIN_PATH_LENGTH, 2);
    // What stands below cannot widen what stands above.
    assert_refused(&limited([None, Some(9), Some(1)]).signed(), Code::CHAIN_PATH_LENGTH, 1);
}

#[test]
fn a_limit_beyond_255_limits_no_chain() {
    let constraints = b"\x30\x0f\x06\x03\x55\x1d\x13\x04\x08\x30\x06\x01\x01\xff\x02\x01\x00";
    let mut wide = constraints.to_vec();
    wide.splice(15..17, [2, 1, 0]);
    (wide[1], wide[8], wide[10]) = (0x10, 9, 7);
    assert_accepted(&Chain::with(2, |root| root.extensions[0] = wide).signed());
    assert_refused(
        &Chain::with(2, |root| root.extensions[0] = constraints.to_vec()).signed(),
        Code::CHAIN_PATH_LENGTH,
        1,
    );
}

#[test]
fn a_self_issued_authority_does_not_count_as_an_intermediate() {
    let mut chain = limited([None, Some(0), None]);
    chain.0[1].subject = common_name("CA 2");
    chain.0[0].issuer = common_name("CA 2");
    assert_accepted(&chain.signed());
}

#[test]
fn zeros_may_follow_the_leaf_and_nothing_else() {
    let padded = |index: usize, tail: &[u8]| {
        let mut chain = Chain::new(1).signed();
        chain[index].extend(tail);
        chain
    };
    assert_accepted(&padded(0, &[0]));
    assert_accepted(&padded(0, &[0; 3000]));
    assert_refused(&padded(0, &[0, 0, 1]), Code::CHAIN_TRAILING, 0);
    assert_refused(&padded(0, &[0xff]), Code::CHAIN_TRAILING, 0);
    assert_refused(&padded(1, &[0]), Code::CHAIN_ENCODING, 1);
    assert_refused(&padded(2, &[0]), Code::CHAIN_ENCODING, 2);
}
