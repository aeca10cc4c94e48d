//! What a certificate of a key says of its public area: nothing. The quote, or the policy, has to.

use serde_json::{Value as Json, json};

use super::chain::{authority, certified, google, project, trusted};
use crate::{
    certificates::Chain,
    scenario::{Cases, Scenario},
    tpm::{self, SHA256},
};

type Change = fn(&mut Chain);

/// TPMA_OBJECT noDA: another public area of the same key, as good as the first.
const NO_DA: u32 = 1 << 10;

pub(crate) fn cases(cases: &mut Cases<'_>) {
    for (name, anchor, draft) in [
        ("azure", json!({ "kind": "azure" }), trusted as Change),
        ("gcp", project(), google),
        ("authority", authority(), |_| {}),
    ] {
        let mut refused = |fault: &str, why: &str, change: &dyn Fn(&mut Scenario<'_>)| {
            cases.reject("ak.qualified_name", &format!("certified-{name}-{fault}"), why, |s| {
                certified(anchor.clone(), draft)(s);
                change(s);
            });
        };
        refused("owner", "a certified key of the owner's hierarchy", &|s| s.qualified_signer = Some(owned(s)));
        refused("renamed", "a public area that somebody wrote beside a certified key", &renamed);
    }
    let claimed = || json!({ "kind": "custom-ca" });
    let mut accept = |name: &str, why: &str, anchor: Json, change: &dyn Fn(&mut Scenario<'_>)| {
        cases.accept_with_warning(&format!("warn-certified-{name}"), why, "ak.attributes", |s| {
            certified(anchor, |_| {})(s);
            change(s);
        });
    };
    accept("claimed", "a certified key of which nothing proves the public area", claimed(), &|_| {});
    accept("owner", "of whatever hierarchy", claimed(), &|s| s.qualified_signer = Some(owned(s)));
    accept("renamed", "a public area that somebody wrote beside a certified key", claimed(), &renamed);
    cases.reject("ak.attributes", "certified-unrestricted", "what the evidence itself says of the key", |s| {
        certified(claimed(), |_| {})(s);
        s.area.attributes = 0x0004_0072;
    });
    for (name, anchor, draft) in [("azure", json!({ "kind": "azure" }), trusted as Change), ("gcp", project(), google)]
    {
        cases.accept(
            &format!("ok-certified-{name}-firmware"),
            "the hierarchy of a cloud's key is always checked",
            |s| {
                certified(anchor, draft)(s);
                s.policy["anchors"][0]["minFirmwareVersion"] = "2023000100020003".into();
            },
        );
    }
}

fn owned(s: &Scenario<'_>) -> Vec<u8> {
    tpm::name(SHA256, &[&[0x40, 0, 0, 0x01], &tpm::name(SHA256, &[&s.public()])])
}

/// The quote is the TPM's own, made with the key as it is.
fn renamed(s: &mut Scenario<'_>) {
    let name = tpm::name(SHA256, &[&s.public()]);
    s.qualified_signer = Some(tpm::name(SHA256, &[&[0x40, 0, 0, 0x0b], &name]));
    s.area.attributes ^= NO_DA;
}
