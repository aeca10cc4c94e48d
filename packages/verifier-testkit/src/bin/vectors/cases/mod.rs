//! The cases, by the layer that must speak.

mod accepted;
mod ak;
mod all_of;
mod attest;
mod binding;
mod bundle;
mod certified;
mod chain;
mod claims;
mod coverage;
mod derived;
mod enrolment;
mod event_log;
mod instance;
mod large;
mod order;
mod order_within;
mod pcr;
mod platform;
mod policy;
mod receipt;
mod receipt_status;
mod release;
mod release_log;
mod release_status;
mod signature;
mod state;
mod text;

use crate::scenario::Cases;

pub(crate) fn all(cases: &mut Cases<'_>) {
    accepted::cases(cases);
    policy::cases(cases);
    bundle::cases(cases);
    ak::cases(cases);
    attest::cases(cases);
    signature::cases(cases);
    binding::cases(cases);
    claims::cases(cases);
    instance::cases(cases);
    pcr::cases(cases);
    coverage::cases(cases);
    derived::cases(cases);
    chain::cases(cases);
    certified::cases(cases);
    all_of::cases(cases);
    enrolment::cases(cases);
    event_log::cases(cases);
    large::cases(cases);
    platform::cases(cases);
    state::cases(cases);
    release::cases(cases);
    release_status::cases(cases);
    release_log::cases(cases);
    receipt::cases(cases);
    receipt_status::cases(cases);
    text::cases(cases);
    order::cases(cases);
    order_within::cases(cases);
}
