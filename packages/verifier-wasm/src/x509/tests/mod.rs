//! Every rule has a generated chain that breaks it and one beside it that keeps it.
#![allow(clippy::expect_used)]

mod certificates;
mod endorsement;
mod extensions;
mod keys;
mod mutations;
mod paths;
mod pkits;
mod profiles;
mod times;

use blindllama_testkit::certificates as builder;

use super::{
    certificate::Certificate,
    form::Form,
    path::{Conditions, validate},
};
use crate::{Code, hash::sha256, rejection::Rejection};

/// 2026-01-01T00:00:00Z
const NOW_MS: u64 = 1_767_225_600_000;

/// What a chain (leaf to root, the root pinned) ends in at [`NOW_MS`], the rules of every profile aside.
fn outcome(chain: &[Vec<u8>]) -> Result<Certificate<'_>, Rejection> {
    outcome_at(chain, NOW_MS)
}

fn outcome_at(chain: &[Vec<u8>], at_ms: u64) -> Result<Certificate<'_>, Rejection> {
    let slices: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
    let root_sha256 = &sha256(&[chain.last().unwrap()]);
    let path = validate(&slices, &Conditions { root_sha256, at_ms, purpose: None, form: Form::Rfc5280 });
    path.map(|mut path| path.pop().expect("a leaf"))
}

#[track_caller]
fn assert_accepted(chain: &[Vec<u8>]) {
    outcome(chain).expect("accepted");
}

/// Refused with `code`, at the certificate of this index.
#[track_caller]
fn assert_refused(chain: &[Vec<u8>], code: Code, index: usize) {
    let rejection = outcome(chain).expect_err("refused");
    assert_eq!((rejection.code, rejection.place.as_str()), (code, &*format!("certificate {index}")));
}
