//! A scenario on a confidential machine, and a policy that demands one.

use blindllama_verifier::evidence::cbor::Value;
use serde_json::json;

use crate::{
    cvm::{Machine, demanded, report},
    keys::Keys,
    scenario::Scenario,
};

/// Makes the machine of the scenario one that proves itself, after `change`, and a policy that demands it.
pub(crate) fn confidential(s: &mut Scenario<'_>, keys: &Keys, change: impl FnOnce(&mut Machine)) {
    s.static_members.insert(4, Value::Array(vec![report(s.key, keys, change)]));
    demand(s, keys);
}

pub(crate) fn demand(s: &mut Scenario<'_>, keys: &Keys) {
    s.policy["anchors"][0]["assurance"] = "cloud-vtpm".into();
    s.policy["acceptAssurance"] = json!(["cvm-bound"]);
    s.policy["platform"] = demanded(keys);
}
